"""Code with all that a call of it needs: what it may do, and the tools that it uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from pydantic import JsonValue

from toolguild import globs
from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Limits
from toolguild.errors import Refused
from toolguild.guild import Guild, Registry
from toolguild.messages import Brief
from toolguild.policy import Policy
from toolguild.registry import verify_all
from toolguild.sandbox.egress import responses
from toolguild.sandbox.interface import Call, Code, Ran
from toolguild.tool import Draft, Published


@dataclass(frozen=True)
class Program:
    """What is called. `call` gives one call of it, with what every side allows."""

    code: Code
    uses: Mapping[str, Code]
    declared: Capabilities  # by the tool and those that it uses, together
    sides: tuple[Capabilities, ...]  # each may forbid: the manifest, the operator, the task
    granted: Capabilities  # what all of them allow

    def call(self, arguments: Mapping[str, JsonValue], files: Mapping[str, Path | bytes]) -> Call:
        """Return the call with these arguments and, of these files, those below /data that it may read."""
        return Call(
            code=self.code,
            arguments=arguments,
            inputs={name: file for name, file in files.items() if self._may_read(name)},
            limits=self.granted.limits,
            imports=self.granted.imports,
            programs=self.granted.programs,
            uses=self.uses,
            hosts=self.granted.hosts,
            credentials=self.granted.credentials,
        )

    def rehearsal(self, arguments: Mapping[str, JsonValue], files: Mapping[str, str]) -> Call:
        """Return the call for an exam or a trial: it never reaches a host.

        The responses that the case declares in its file `guild.responses.json` stand for the hosts; the
        tool does not see that file. Raises UsageError when it holds none.
        """
        texts = dict(files)
        given = texts.pop(responses.FILE, "[]") if self.granted.hosts else None
        declared = None if given is None else responses.parse(given)
        inputs = {name: text.encode() for name, text in texts.items()}
        return replace(self.call(arguments, inputs), responses=declared)

    def mutated(self, source: str, limits: Limits) -> "Program":
        """Return the same program with other code. Its calls get no more than these limits."""
        code = replace(self.code, source=source)
        granted = self.granted.model_copy(update={"limits": self.granted.limits.meet(limits)})
        return replace(self, code=code, granted=granted)

    def unreadable(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of these files that some side keeps from it."""
        hidden = responses.FILE if self.granted.hosts else None
        return tuple(one for one in names if one != hidden and not self._may_read(one))

    def kept(self, ran: Ran) -> tuple[Ran, tuple[str, ...]]:
        """Return what ran with the files that it was let write, and the names of those left out.

        Left out are those that it declares, and that the operator or the task forbid: what it does not even
        declare is beyond it, and never comes back either.
        """
        kept = tuple(file for file in ran.files if self._may_write(file.name))
        lost = {file.name for file in ran.files} - {file.name for file in kept}
        told = sorted(one for one in lost if globs.matches(one, self.declared.write))
        return replace(ran, files=kept), tuple(told)

    def _may_read(self, name: str) -> bool:
        return all(globs.matches(name, side.read) for side in self.sides)

    def _may_write(self, name: str) -> bool:
        return all(globs.matches(name, side.write) for side in self.sides)


def draft_program(draft: Draft, guild: Guild) -> Program:
    """Return a draft as a program, its declared capabilities narrowed by the policy.

    Raises Refused when a tool that it uses may not run.
    """
    used = _closure(guild.registry, tuple(draft.uses.values()))
    verify_all(used, guild.keyring, policy=guild.policy)
    needs = draft.declared
    for entry in used:
        needs = needs.join(entry.tool.capabilities)
    return _program(draft, used, needs, guild.policy, None)


def published_program(entry: Published, guild: Guild, brief: Brief | None = None) -> Program:
    """Return a published tool as a program, narrowed by what the task of a brief asks for.

    Raises Refused unless its whole chain of signatures holds.
    """
    used = _closure(guild.registry, (entry.tool.digest,))
    verify_all(used, guild.keyring, policy=guild.policy)
    task = brief.capabilities if brief is not None else None
    return _program(entry.tool.draft, used, entry.tool.capabilities, guild.policy, task)


def _program(
    draft: Draft,
    used: Sequence[Published],
    needs: Capabilities,
    policy: Policy,
    task: Capabilities | None,
) -> Program:
    """Meet what every side allows. With the layer switched off, the operator's ceiling alone is left."""
    operator = policy.capabilities
    sides: tuple[Capabilities, ...] = (operator,)
    if policy.layers.capabilities:
        sides = (needs, operator) if task is None else (needs, operator, task)
    met = reduce(Capabilities.meet, sides)
    together = {draft.name, *(entry.tool.name for entry in used)}
    own = {
        # A tool's limits hold with the layer off, too: they say how large its sandbox is. Whether its
        # libraries are allowed was decided in review.
        "limits": met.limits.meet(needs.limits),
        "imports": needs.imports,
        "credentials": _credentials(policy, needs, met, together),
    }
    return Program(
        code=Code(draft.language, draft.source, draft.entry),
        uses=_aliases(draft, used),
        declared=needs,
        sides=sides,
        granted=met.model_copy(update=own),
    )


def _credentials(
    policy: Policy, needs: Capabilities, met: Capabilities, together: set[str]
) -> tuple[str, ...]:
    """Return the credentials of a call. Code that runs together shares them, so all of it has to be let.

    Raises Refused for one that is declared and that the policy does not let these tools use.
    """
    usable = {name for name, one in policy.credentials.items() if one.serves(together)}
    if policy.layers.capabilities and (barred := sorted(set(needs.credentials) - usable)):
        raise Refused(
            f"{', '.join(sorted(together))} may not use the credential {', '.join(barred)}: the policy "
            "(credentials) does not have it, or not for these tools"
        )
    return tuple(sorted(one for one in usable if {one, "*"} & set(met.credentials)))


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
