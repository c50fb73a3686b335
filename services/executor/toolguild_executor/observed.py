"""What a call was seen to do, and whether that is more than its tool declares."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from toolguild.capability import Capabilities
from toolguild.host import Host, parse
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


def own(seen: Seen, arguments: Mapping[str, object], declared: Capabilities) -> Seen:
    """Return what was seen without the hosts that the arguments name and the tool does not declare.

    To ask for those was the caller's wish. They are refused like any other, and the tool is not blamed.
    """
    if not seen.hosts:
        return seen
    said = json.dumps(dict(arguments), ensure_ascii=False).lower()
    hosts = tuple(
        one
        for one in seen.hosts
        if parse(one).name not in said or not beyond(Seen(hosts=(one,)), declared)
    )
    return replace(seen, hosts=hosts)


def judged(ran: Ran, program: Program, arguments: Mapping[str, object]) -> Ran:
    """Return a call that did more than its tool declares as one that ended "beyond", whatever it answered."""
    extra: tuple[str, ...] = ()
    if ran.seen is not None:
        extra = beyond(own(ran.seen, arguments, program.declared), program.declared)
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
