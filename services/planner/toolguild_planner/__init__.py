"""Plans tasks and sees them through.

Reads GoalGiven, TaskForked, PlanMade, ToolTried, ToolReady, ToolDenied, ToolRan, RunHeld, CriteriaJudged,
TaskWaits, Intervened, TaskDecided, PutBack, GuidanceTaken, TimeCame, WorkFailed; sends MakePlan, TryTool,
ToolWanted, RunTool, JudgeCriteria, TaskEnded, InterventionTaken, Steered, WaiterSteered, VerdictOverridden,
DecisionAsked, ItemWithdrawn, Escalated, ToolServed, IncidentSeen, TimeCame.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from toolguild.agent import Agent, Gate, Service
from toolguild.guild import Guild


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_planner.signed import verify
    from toolguild_planner.task import task_process
    from toolguild_planner.workers import planners

    users = guild.policy.users
    gate = Gate(name="gate", at_once=lambda user: users.of(user).tasks_at_once)
    process = task_process(guild.policy, partial(verify, guild.keyring))
    yield (gate, process, *planners(guild))


service = Service(
    name="planner",
    description="Plans tasks and sees them through to their result.",
    open=_open,
    needs=frozenset({"model", "registry"}),
)
