"""A brief within a person's bounds. Pure."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from toolguild.messages.base import Brief
from toolguild.messages.override import Bounds

N = TypeVar("N", int, float)


def narrowed(brief: Brief, bounds: Bounds) -> Brief:
    """Return the brief within the bounds: each is the narrower of the two, so nothing can be widened."""
    limits = brief.limits
    if bounds.limits is not None:
        limits = bounds.limits if limits is None else limits.meet(bounds.limits)
    hosts = brief.hosts
    if bounds.hosts is not None:
        hosts = tuple(one for one in bounds.hosts if hosts is None or one in hosts)
    return brief.model_copy(
        update={
            "limits": limits,
            "hosts": hosts,
            "max_usd": _least(brief.max_usd, bounds.usd),
            "max_tokens": _least(brief.max_tokens, bounds.tokens),
            "max_model_calls": _least(brief.max_model_calls, bounds.model_calls),
            "max_cpu_seconds": _least(brief.max_cpu_seconds, bounds.cpu_seconds),
            "deadline": _earliest(brief.deadline, bounds.deadline),
            "autonomy": min(brief.autonomy, bounds.autonomy or brief.autonomy),
        }
    )


def prolonged(brief: Brief, since: str, until: str) -> Brief:
    """Return the brief with its deadline moved by as long as its time stood still.

    What is no moment moves nothing.
    """
    if brief.deadline is None or not since or not until:
        return brief
    try:
        lasted = max(moment(until) - moment(since), timedelta())
        moved = (moment(brief.deadline) + lasted).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return brief
    return brief.model_copy(update={"deadline": moved})


def _least(mine: N | None, theirs: N | None) -> N | None:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    return min(mine, theirs)


def _earliest(mine: str | None, theirs: str | None) -> str | None:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    return min(mine, theirs, key=moment)


def moment(text: str) -> datetime:
    """Return the moment that ISO 8601 text names; without a zone, it is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
