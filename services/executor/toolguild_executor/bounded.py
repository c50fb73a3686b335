"""The sandbox as one command may use it: held by a person's reins, within its brief and its task's budget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from toolguild.budget.spending import allowed
from toolguild.errors import OutOfBudget
from toolguild.guild import Guild
from toolguild.messages.commands import RunTool, TestDraft, TryTool
from toolguild.sandbox.interface import Call, Outcome, Ran, Reins, Sandbox, SandboxBroken
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
        self.name = inner.name
        self.isolation = inner.isolation
        self._inner, self._guild, self._command, self._purse = inner, guild, command, purse

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        """Run one call, see `Sandbox.run`, with what a person allows now and what is left of the CPU budget.

        Raises OutOfBudget when nothing is left of it, or the call used up the rest; SandboxBroken when the
        call was ended from outside, which is not the tool's doing.
        """
        key = self._command.key
        brief = self._guild.steering.narrowed(self._command.brief, key)
        limits = call.limits if brief.limits is None else call.limits.meet(brief.limits)
        hosts = tuple(one for one in call.hosts if brief.hosts is None or one in brief.hosts)
        budget = allowed(self._guild.policy, brief)
        async with self._purse.grant(limits.cpu_seconds, budget) as grant:
            capped = limits.model_copy(update={"cpu_seconds": grant.seconds})
            held = reins or self._guild.steering.reins(key)
            ran = await self._inner.run(replace(call, limits=capped, hosts=hosts), held)
            grant.used = ran.usage.cpu_seconds
        if ran.outcome == "killed":
            raise SandboxBroken("the call was ended from outside")
        if grant.seconds < limits.cpu_seconds and _by_processor(ran):
            raise OutOfBudget(
                f"a call used up the {grant.seconds:.1f} seconds of CPU that were left of the "
                f"task's {budget.cpu_seconds:g}"
            )
        return ran

    def narrowed(self, call: Call, ran: Ran) -> bool:
        """Whether a call failed within bounds that a person narrowed: then it is not the tool's fault."""
        brief = self._guild.steering.narrowed(self._command.brief, self._command.key)
        if ran.outcome == "ok":
            return False
        if brief.hosts is not None and not set(call.hosts) <= set(brief.hosts):
            return True
        if brief.limits is None:
            return False
        names = _LIMITS.get(ran.outcome, ())
        return any(getattr(brief.limits, name) < getattr(call.limits, name) for name in names)

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


def _by_processor(ran: Ran) -> bool:
    return ran.outcome == "timeout" and ran.fault is not None and ran.fault.type == "CpuTimeout"
