"""The workers of the executor: one command in, one event out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from toolguild.agent import Worker
from toolguild.guild import Guild
from toolguild.messages.commands import RunTool, TestDraft, TryTool
from toolguild_executor.running import run_tool
from toolguild_executor.testing import test_draft
from toolguild_executor.trying import try_tool


def executors(guild: Guild) -> Sequence[Worker[Any]]:
    """Return the executor's workers over the guild's resources.

    Of runs no more are taken than there are sandboxes: one that waits in here could run in another executor.
    """
    return (
        Worker(name="test", reads=TestDraft, work=partial(test_draft, guild), at_once=2),
        Worker(name="try", reads=TryTool, work=partial(try_tool, guild)),
        Worker(
            name="run",
            reads=RunTool,
            work=partial(run_tool, guild),
            at_once=guild.calls_at_once,
        ),
    )
