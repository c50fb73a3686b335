"""Runs tools in the sandbox, in tests and in use, and signs what it measured.

Reads TestDraft, TryTool, RunTool; sends DraftTested, ToolTried, ToolRan, and HostAsked while a tool runs.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Duty, Service
from toolguild.guild import Guild
from toolguild.messages import commands, events


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_executor.workers import executors

    yield executors(guild)


service = Service(
    name="executor",
    description="Tests drafts and runs tools, each call in a sandbox of its own.",
    open=_open,
    needs=frozenset({"sandbox", "registry"}),
    duties=(
        Duty("test", (commands.TestDraft,)),
        Duty("try", (commands.TryTool,)),
        Duty("run", (commands.RunTool,)),
    ),
    sends=(events.DraftTested, events.ToolTried, events.ToolRan, events.RunHeld, events.HostAsked),
)
