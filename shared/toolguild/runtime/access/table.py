"""Who may do what, as a table for people: from the same rights that the server is given. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from toolguild.agent import Service
from toolguild.runtime.access.rights import API, Rights
from toolguild.runtime.access.roster import roster

_HEAD = (
    "user",
    "sends events",
    "sends commands",
    "writes buckets",
    "removes from",
    "takes work as",
)


def table(services: Sequence[Service]) -> str:
    """Return the table in Markdown, a row for each user."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    for user, granted in roster(services).items():
        rows.append((user, *(", ".join(cell) or "nothing" for cell in _row(granted))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(granted: Rights) -> tuple[Iterable[str], ...]:
    publish = granted.publish
    return (
        _every(_between(publish, "toolguild.fact.", ".*")),
        _every(_between(publish, "toolguild.do.", ".*")),
        _between(publish, "$KV.", ".>"),
        [
            *_between(publish, f"{API}.STREAM.PURGE.", ""),
            *_between(publish, f"{API}.STREAM.MSG.DELETE.", ""),
        ],
        [
            one.partition(".")[2]
            for one in _between(publish, f"{API}.CONSUMER.MSG.NEXT.", "")
            if not one.endswith("*")
        ],
    )


def _every(kinds: Sequence[str]) -> Sequence[str]:
    return ("any, as they were sent before",) if "*" in kinds else kinds


def _between(subjects: Iterable[str], start: str, end: str) -> list[str]:
    return [
        one.removeprefix(start).removesuffix(end)
        for one in subjects
        if one.startswith(start) and one.endswith(end)
    ]


def rights_of(services: Sequence[Service]) -> Mapping[str, dict[str, list[str]]]:
    """Return the subjects of every user, for programs."""
    return {
        user: {
            "publish": list(one.publish),
            "denied": list(one.denied),
            "subscribe": list(one.subscribe),
        }
        for user, one in roster(services).items()
    }
