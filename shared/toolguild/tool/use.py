"""What a tool was seen to do, beside what it declares. Pure."""

from collections.abc import Iterable, Iterator
from posixpath import basename

from toolguild import globs
from toolguild.capability import Capabilities
from toolguild.sandbox.interface import Seen

_TOLD = 5


def beyond(seen: Seen, declared: Capabilities) -> tuple[str, ...]:
    """Say what was done that is not declared, one sentence each; empty when all is.

    What a sandbox could not see is not judged. A host counts when it was asked for, whether it was reached or not.
    """
    return tuple(_beyond(seen, declared))


def _beyond(seen: Seen, declared: Capabilities) -> Iterator[str]:
    read = [one for one in seen.read or () if not globs.matches(one, declared.read)]
    written = [one for one in seen.written or () if not globs.matches(one, declared.write)]
    started = [one for one in seen.programs or () if not _may_start(one, declared)]
    asked = [one for one in seen.hosts if _host(one, declared).beyond(declared)]
    for what, names, granted in (
        ("read", read, declared.read),
        ("wrote", written, declared.write),
        ("started", started, declared.programs),
        ("asked for", asked, declared.hosts),
    ):
        if names:
            yield f"it {what} {_listed(names)}, and it declares {_listed(granted) or 'none'}"
    if seen.processes is not None and seen.processes > declared.limits.processes:
        most = declared.limits.processes
        yield f"it ran {seen.processes} processes at once, and it declares at most {most}"


def _may_start(program: str, declared: Capabilities) -> bool:
    return bool({program, basename(program), "*"} & set(declared.programs))


def _host(name: str, declared: Capabilities) -> Capabilities:
    return Capabilities(hosts=(name,), limits=declared.limits)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _TOLD} more" if len(every) > _TOLD else ""
    return ", ".join(one[:100] for one in every[:_TOLD]) + more
