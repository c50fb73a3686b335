"""Seeing what was taken out of a result: by a person who may, with that person's key, and on record first."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.client import log
from toolguild.client.task import SOURCE
from toolguild.errors import PermanentError, Refused, UsageError
from toolguild.guild import Artifacts
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, Result, TaskId, events
from toolguild.policy import Policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now
from toolguild.sealing import SealKeys, unseal
from toolguild.settings import Settings


@dataclass(frozen=True)
class Revealed:
    """What was taken out of a result: each value with its place-holder, and the answer as it was before."""

    task: str
    taken: tuple[Mapping[str, str], ...]  # placeholder, kind, value, where
    answer: JsonValue
    withheld: bool  # nothing of the result had left


async def reveal(
    bus: Bus,
    artifacts: Artifacts,
    settings: Settings,
    policy: Policy,
    task: str,
    *,
    by: str,
    reason: str,
) -> Revealed:
    """Return what was taken out of a task's result, once the log has a signed word of who saw it, and why.

    Raises Refused for somebody who may not see it or whose key does not open it, UsageError when there is
    nothing to see.
    """
    signer = KeyDirectory(settings.keys).person(by)
    result = await _result(bus, task)
    named = policy.output.revealers
    if "*" not in named and by not in named:
        who = ", ".join(named) or "nobody"
        raise Refused(f"{by} may not see what was taken out (policy: output.revealers: {who})")
    if result.sealed is None:
        raise UsageError(f"{task}: {_why_nothing(result)}")
    try:
        sealed = (await artifacts.path(result.sealed)).read_bytes()
    except PermanentError as error:
        raise UsageError(f"{task}: what was taken out is not kept any more: {error}") from error
    content = json.loads(unseal(sealed, by, SealKeys(settings.keys).private(by), task))
    said = events.Revealed(
        task=TaskId(task), sealed=Digest(result.sealed.sha256), by=by, reason=reason, at=now()
    )
    said = said.model_copy(update={"signature": signer.sign("revelation", said.signed)})
    await bus.publish(Envelope(id=uuid4(), body=said, source=SOURCE, at=now()))
    return _opened(task, result, content)


@dataclass(frozen=True)
class Look:
    """Somebody opened what was taken out. `at` is ISO 8601, UTC."""

    at: str
    by: str
    reason: str


async def looks(bus: Bus, task: str) -> list[Look]:
    """Return who has opened what was taken out of a task's result, oldest first."""
    found = []
    subject = f"toolguild.fact.{events.Revealed.kind_name()}.{_checked(task)}"
    async for entry in log.entries(bus, [subject], live=False):
        noted = await log.envelope(bus, entry)
        if noted is not None and isinstance(noted.body, events.Revealed):
            found.append(Look(noted.body.at, noted.body.by, noted.body.reason))
    return found


def _opened(task: str, result: Result, content: Mapping[str, Any]) -> Revealed:
    taken = tuple(content["taken"])
    whole = content.get("withheld")
    if whole is not None:
        return Revealed(task, taken, whole["answer"], withheld=True)
    values = {one["placeholder"]: one["value"] for one in taken}
    return Revealed(task, taken, restored(result.answer, values), withheld=False)


def restored(value: JsonValue, values: Mapping[str, str]) -> JsonValue:
    """Return a JSON value with every place-holder replaced by what it stands for."""
    if not values:
        return value
    pattern = re.compile("|".join(re.escape(one) for one in sorted(values, key=len, reverse=True)))

    def back(one: JsonValue) -> JsonValue:
        match one:
            case str():
                return pattern.sub(lambda match: values[match[0]], one)
            case dict():
                return {str(back(name)): back(inner) for name, inner in one.items()}
            case list():
                return [back(inner) for inner in one]
            case _:
                return one

    return back(value)


def _checked(task: str) -> str:
    if not re.fullmatch(r"t-[0-9a-f]{1,64}", task):
        raise UsageError(f"{task}: is no task's id; `toolguild tasks list` shows them")
    return task


async def _result(bus: Bus, task: str) -> Result:
    released = events.ResultReleased.kind_name()
    entry = await log.newest(bus, f"toolguild.fact.{released}.{_checked(task)}")
    noted = await log.envelope(bus, entry) if entry is not None else None
    if noted is None or not isinstance(noted.body, events.ResultReleased):
        raise UsageError(
            f"{task}: has no released result; `toolguild tasks show {task}` shows how far it is"
        )
    return noted.body.result


def _why_nothing(result: Result) -> str:
    if result.redacted:
        return "nobody who may see what was taken out had a sealing key then: it is gone"
    return "nothing was taken out of its result"
