"""Plans tasks and sees them through.

Reads GoalGiven, PlanMade, ToolTried, ToolReady, ToolDenied, ToolRan, CriteriaJudged, TaskWaits, Intervened,
WorkFailed; sends MakePlan, TryTool, ToolWanted, RunTool, JudgeCriteria, TaskEnded.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Gate, Service
from toolguild.guild import Guild


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_planner.task import task_process
    from toolguild_planner.workers import planners

    users = guild.policy.users
    gate = Gate(name="gate", at_once=lambda user: users.of(user).tasks_at_once)
    yield (gate, task_process(guild.policy.task), *planners(guild))


service = Service(
    name="planner",
    description="Plans tasks and sees them through to their result.",
    open=_open,
    needs=frozenset({"model", "registry"}),
)
