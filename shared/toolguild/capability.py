"""What a tool may do: declared by its manifest, granted by the task, bounded by the operator's policy.

Pure. Default deny: an empty set grants nothing, and `meet` can only narrow.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from toolguild import globs, host

Language = Literal["python", "javascript"]


class Limits(BaseModel):
    """The most that one call may use. All are hard: past one the call is killed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_seconds: float = Field(default=30.0, gt=0, le=3600)
    cpu_seconds: float = Field(default=30.0, gt=0, le=3600)
    memory_mb: int = Field(default=512, ge=16, le=65536)
    disk_mb: int = Field(default=64, ge=1, le=16384)  # scratch and /output together
    processes: int = Field(default=1, ge=1, le=256)  # 1: may start none; threads are free
    printed_kb: int = Field(default=64, ge=1, le=16384)  # standard output and error together
    result_kb: int = Field(default=1024, ge=1, le=65536)  # the returned JSON value

    def meet(self, other: "Limits") -> "Limits":
        """Return the narrower of the two, limit by limit."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Limits(**{name: min(mine[name], theirs[name]) for name in mine})


class Capabilities(BaseModel):
    """What code may use, as its manifest declares it or a grant allows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    imports: tuple[
        str, ...
    ] = ()  # libraries by their top-level import name, besides the safe standard ones
    read: tuple[str, ...] = ()  # globs below /data
    write: tuple[str, ...] = ()  # globs below /output
    hosts: tuple[str, ...] = ()  # "name:port"
    programs: tuple[str, ...] = ()  # programs that may be started, by name
    # Names of the policy's credentials that the proxy adds to its requests. Left out of digests where there
    # are none: those of tools made before still hold.
    credentials: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    limits: Limits = Limits()

    def meet(self, other: "Capabilities") -> "Capabilities":
        """Return what both allow.

        Names meet when they are equal or the other side says "*"; globs in the names that both match; hosts in
        those that both cover, so that a "*", which is every public host, never meets a private one.
        """
        return Capabilities(
            imports=_meet(self.imports, other.imports),
            read=globs.common(self.read, other.read),
            write=globs.common(self.write, other.write),
            hosts=_meet_hosts(self.hosts, other.hosts),
            programs=_meet(self.programs, other.programs),
            credentials=_meet(self.credentials, other.credentials),
            limits=self.limits.meet(other.limits),
        )

    def join(self, other: "Capabilities") -> "Capabilities":
        """Return what either needs: the capabilities of a tool that calls another."""
        mine, theirs = self.limits.model_dump(), other.limits.model_dump()
        return Capabilities(
            imports=_join(self.imports, other.imports),
            read=_join(self.read, other.read),
            write=_join(self.write, other.write),
            hosts=_join(self.hosts, other.hosts),
            programs=_join(self.programs, other.programs),
            credentials=_join(self.credentials, other.credentials),
            limits=Limits(**{name: max(mine[name], theirs[name]) for name in mine}),
        )

    def beyond(self, grant: "Capabilities") -> tuple[str, ...]:
        """Name what this asks for and `grant` does not give, one sentence each; empty when all is granted."""
        extra = [
            f"{name}: {item} is not granted"
            for name, covered in _COVERED.items()
            for item in getattr(self, name)
            if not covered(item, getattr(grant, name))
        ]
        mine, theirs = self.limits.model_dump(), grant.limits.model_dump()
        extra += [
            f"limits.{name}: {mine[name]} is over the granted {theirs[name]}"
            for name in mine
            if mine[name] > theirs[name]
        ]
        return tuple(extra)


def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in left:
        return right
    if "*" in right:
        return left
    return tuple(sorted(set(left) & set(right)))


def _meet_hosts(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    kept = [one for one in left if _covers_host(one, right)]
    listed = [one for one in kept if one != host.ANY]
    kept += [one for one in right if _covers_host(one, left) and not _covers_host(one, listed)]
    return tuple(sorted(set(kept)))


def _covers_host(entry: str, granted: Iterable[str]) -> bool:
    """Say whether a grant covers this entry: by the same host and port, or by "*" when it is public."""
    listed = tuple(granted)
    if entry == host.ANY:
        return host.ANY in listed
    try:
        wanted = host.parse(entry)
    except ValueError:
        return False  # it is no host, whatever the grant
    if wanted in {host.parse(one) for one in listed if _is_host(one)}:
        return True
    return host.ANY in listed and wanted.may_be_public


def _is_host(entry: str) -> bool:
    try:
        host.parse(entry)
    except ValueError:
        return False
    return True


def _named(item: str, granted: Iterable[str]) -> bool:
    return bool({item, "*"} & set(granted))


_COVERED: dict[str, Callable[[str, Iterable[str]], bool]] = {
    "imports": _named,
    "read": globs.within,
    "write": globs.within,
    "hosts": _covers_host,
    "programs": _named,
    "credentials": _named,
}


def _join(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(left) | set(right)))
