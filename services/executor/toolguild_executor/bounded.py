"""The sandbox as one command may use it: held by a person's reins, within its brief and its task's budget."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from toolguild.budget.spending import allowed
from toolguild.capability import Capabilities
from toolguild.credentials import terms
from toolguild.errors import OutOfBudget
from toolguild.guild import Guild
from toolguild.messages.commands import RunTool, TestDraft, TryTool
from toolguild.sandbox.egress.terms import Terms
from toolguild.sandbox.interface import Call, Outcome, Ran, Reins, Sandbox, SandboxBroken
from toolguild.tool import Published
from toolguild_executor.halted import unless_halted
from toolguild_executor.observed import observed
from toolguild_executor.program import Program
from toolguild_executor.purse import Purse

# The limits that end a call in each of these ways.
_LIMITS: dict[Outcome, tuple[str, ...]] = {
    "timeout": ("wall_seconds", "cpu_seconds"),
    "memory": ("memory_mb",),
    "disk": ("disk_mb",),
    "printed": ("printed_kb",),
    "result": ("result_kb",),
}


class BoundedSandbox:
    """Implements `Sandbox` for the calls of one command."""

    def __init__(
        self, inner: Sandbox, guild: Guild, command: RunTool | TryTool | TestDraft, purse: Purse
    ) -> None:
        self._needs = needed(guild, command)
        self.name = inner.name
        self.isolation = inner.isolation
        self._inner, self._guild, self._command, self._purse = inner, guild, command, purse

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        """Run one call, see `Sandbox.run`, with what a person allows now and what is left of the CPU budget.

        Raises OutOfBudget when nothing is left of it, or the call used up the rest; Refused when a tool that it
        needs is halted, before or while it runs; SandboxBroken when the call was ended from outside otherwise.
        Neither is the tool's doing.
        """
        key = self._command.key
        brief = self._guild.steering.narrowed(self._command.brief, key)
        limits = call.limits if brief.limits is None else call.limits.meet(brief.limits)
        hosts = call.hosts
        if brief.hosts is not None:
            hosts = Capabilities(hosts=hosts).meet(Capabilities(hosts=brief.hosts)).hosts
        budget = allowed(self._guild.policy, brief)
        async with self._purse.grant(limits.cpu_seconds, budget) as grant:
            capped = limits.model_copy(update={"cpu_seconds": grant.seconds})
            held = reins or self._guild.steering.reins(key)
            terms = self._terms(call, hosts)
            ready = replace(call, limits=capped, hosts=hosts, terms=terms)
            running = partial(self._inner.run, ready, held)
            ran = await unless_halted(self._guild.halts, self._needs, running)
            grant.used = ran.usage.cpu_seconds
        if ran.outcome == "killed":
            raise SandboxBroken("the call was ended from outside")
        if grant.seconds < limits.cpu_seconds and _by_processor(ran):
            raise OutOfBudget(
                f"a call used up the {grant.seconds:.1f} seconds of CPU that were left of the "
                f"task's {budget.cpu_seconds:g}"
            )
        return observed(ran)

    def narrowed(self, program: Program, ran: Ran) -> bool:
        """Whether a call failed with less than its tool declares, by the task's or a person's bounds.

        Then it is not the tool's fault, unless it did more than it declares.
        """
        if ran.outcome in ("ok", "beyond"):
            return False
        brief = self._guild.steering.narrowed(self._command.brief, self._command.key)
        declared, granted = program.declared, program.granted
        if brief.hosts is not None:
            granted = granted.meet(granted.model_copy(update={"hosts": brief.hosts}))
        if brief.limits is not None:
            granted = granted.model_copy(update={"limits": granted.limits.meet(brief.limits)})
        bare = granted.model_copy(update={"limits": declared.limits, "imports": ("*",)})
        if declared.beyond(bare):
            return True
        names = _LIMITS.get(ran.outcome, ())
        return any(getattr(granted.limits, n) < getattr(declared.limits, n) for n in names)

    def _terms(self, call: Call, hosts: tuple[str, ...]) -> Terms:
        """Return the terms of its way out. In an exam no credential is read. Raises Misconfigured."""
        if not hosts:
            return Terms()
        environment = os.environ if call.responses is None else None
        return terms(self._guild.policy, call.credentials, hosts, environment)

    async def close(self) -> None:
        """Leave the sandbox as it is: others use it, too."""


@asynccontextmanager
async def bounded(
    guild: Guild, command: RunTool | TryTool | TestDraft, *, at_once: int = 1
) -> AsyncIterator[BoundedSandbox]:
    """Give the sandbox for the calls of a command, of which about so many run at once."""
    name = f"{command.kind}:{command.key}:{command.ref}"
    purse = Purse(guild.ledgers, command.brief.task, name, at_once)
    try:
        yield BoundedSandbox(await guild.sandbox(), guild, command, purse)
    finally:
        await purse.close()


def needed(guild: Guild, command: RunTool | TryTool | TestDraft) -> tuple[Published, ...]:
    """Return every published tool whose code runs in the calls of a command. Raises Refused as `closure` does."""
    tools = command.draft.uses.values() if isinstance(command, TestDraft) else (command.tool,)
    found = {used.tool.digest: used for tool in tools for used in guild.registry.closure(tool)}
    return tuple(found.values())


def _by_processor(ran: Ran) -> bool:
    return ran.outcome == "timeout" and ran.fault is not None and ran.fault.type == "CpuTimeout"
