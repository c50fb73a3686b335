"""What a call was seen to do, and whether that is more than its tool declares."""

from collections.abc import Iterable
from dataclasses import replace

from toolguild.host import Host
from toolguild.sandbox.interface import Fault, Ran, Request, Seen
from toolguild.tool.use import beyond
from toolguild_executor.program import Program

# Ways to end that are the code's own choice; any other way it was stopped, and that is told.
_OWN = ("ok", "error")


def observed(ran: Ran) -> Ran:
    """Return a call with all that was seen of it: what the sandbox saw, its files, the hosts it asked for."""
    left = tuple(sorted(file.name for file in ran.files))
    unseen = Seen(read=None, written=left or None, programs=None, processes=None)
    seen = ran.seen or unseen
    if seen.written is not None:  # more names than a message takes are cut off there, files are not
        seen = replace(seen, written=tuple(sorted({*seen.written, *left})))
    return replace(
        ran, seen=replace(seen, hosts=tuple(sorted({*seen.hosts, *_asked(ran.requests)})))
    )


def judged(ran: Ran, program: Program) -> Ran:
    """Return a call that did more than its tool declares as one that ended "beyond", whatever it answered."""
    extra = beyond(ran.seen, program.declared) if ran.seen is not None else ()
    if not extra or ran.outcome not in _OWN:
        return ran
    told = f"the call did more than its tool declares: {'; '.join(extra)}"
    if ran.fault is not None:
        told = f"{told}. It ended with {ran.fault.type}: {ran.fault.message[:300]}"
    return replace(
        ran, outcome="beyond", value=None, files=(), fault=Fault("beyond", "BeyondManifest", told)
    )


def _asked(requests: Iterable[Request]) -> set[str]:
    return {str(Host(one.host, one.port)) for one in requests if one.host}
