"""Code with all that a call of it needs: limits, libraries, programs, and the tools that it uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Limits
from toolguild.errors import Refused
from toolguild.guild import Guild, Registry
from toolguild.registry import verify_all
from toolguild.sandbox.egress import responses
from toolguild.sandbox.interface import Call, Code
from toolguild.tool import Draft, Published


@dataclass(frozen=True)
class Program:
    """What is called. `call` gives one call of it."""

    code: Code
    limits: Limits
    imports: tuple[str, ...]
    programs: tuple[str, ...]
    uses: Mapping[str, Code]
    hosts: tuple[str, ...] = ()

    def call(self, arguments: Mapping[str, JsonValue], files: Mapping[str, Path | bytes]) -> Call:
        """Return the call with these arguments and these files below /data."""
        return Call(
            code=self.code,
            arguments=arguments,
            inputs=files,
            limits=self.limits,
            imports=self.imports,
            programs=self.programs,
            uses=self.uses,
            hosts=self.hosts,
        )

    def rehearsal(self, arguments: Mapping[str, JsonValue], files: Mapping[str, str]) -> Call:
        """Return the call for an exam or a trial: it never reaches a host.

        The responses that the case declares in its file `guild.responses.json` stand for the hosts; the
        tool does not see that file. Raises UsageError when it holds none.
        """
        texts = dict(files)
        declared = responses.parse(texts.pop(responses.FILE, "[]")) if self.hosts else None
        inputs = {name: text.encode() for name, text in texts.items()}
        return replace(self.call(arguments, inputs), responses=declared)

    def mutated(self, source: str, limits: Limits) -> "Program":
        """Return the same program with other code. Its calls get no more than these limits."""
        code = replace(self.code, source=source)
        return replace(self, code=code, limits=self.limits.meet(limits))


def draft_program(draft: Draft, guild: Guild) -> Program:
    """Return a draft as a program, its declared capabilities narrowed by the policy.

    Raises Refused when a tool that it uses may not run.
    """
    used = _closure(guild.registry, tuple(draft.uses.values()))
    verify_all(used, guild.keyring, policy=guild.policy)
    needs = draft.declared
    for entry in used:
        needs = needs.join(entry.tool.capabilities)
    return _program(draft, used, needs, guild)


def published_program(entry: Published, guild: Guild) -> Program:
    """Return a published tool as a program. Raises Refused unless its whole chain of signatures holds."""
    used = _closure(guild.registry, (entry.tool.digest,))
    verify_all(used, guild.keyring, policy=guild.policy)
    return _program(entry.tool.draft, used, entry.tool.capabilities, guild)


def _program(draft: Draft, used: Sequence[Published], needs: Capabilities, guild: Guild) -> Program:
    granted = guild.policy.capabilities
    met = needs.meet(granted)
    return Program(
        code=Code(draft.language, draft.source, draft.entry),
        limits=needs.limits.meet(granted.limits),
        imports=needs.imports,  # whether they are allowed was decided in review
        programs=met.programs,
        hosts=met.hosts,
        uses=_aliases(draft, used),
    )


def _closure(registry: Registry, wanted: Sequence[Digest]) -> tuple[Published, ...]:
    """Return these tools and all that they use, used ones first. Raises Refused when one is missing."""
    found: dict[Digest, Published] = {}

    def collect(digest: Digest) -> None:
        if digest in found:
            return
        entry = registry.get(digest)
        if entry is None:
            raise Refused(f"no tool {digest} in the registry: it may not run")
        for inner in entry.tool.draft.uses.values():
            collect(inner)  # ends: a digest cannot contain itself
        found[digest] = entry

    for digest in wanted:
        collect(digest)
    return tuple(found.values())


def _aliases(draft: Draft, used: Sequence[Published]) -> dict[str, Code]:
    """Map every alias in the code, and in the code of the tools that it uses, to the tool's code."""
    known = {entry.tool.digest: entry.tool.draft for entry in used}
    meant: dict[str, Digest] = {}
    for one in (draft, *known.values()):
        for alias, digest in one.uses.items():
            if meant.setdefault(alias, digest) != digest:
                raise Refused(
                    f"{draft.name}: {alias!r} names two different tools in the code that runs together"
                )
    return {
        alias: Code(known[one].language, known[one].source, known[one].entry)
        for alias, one in meant.items()
    }
