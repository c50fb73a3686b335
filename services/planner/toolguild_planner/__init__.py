"""Plans tasks and sees them through.

Reads GoalGiven, TaskForked, PlanMade, ToolTried, ToolReady, ToolDenied, ToolRan, RunHeld, CriteriaJudged,
TaskWaits, InputFlagged, Intervened, TaskDecided, PutBack, GuidanceTaken, TimeCame, WorkFailed; sends MakePlan,
TryTool, ToolWanted, RunTool, JudgeCriteria, TaskEnded, InterventionTaken, Steered, WaiterSteered,
VerdictOverridden, DecisionAsked, ItemWithdrawn, Escalated, ToolServed, IncidentSeen, InputFlagged, TimeCame.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from toolguild.agent import Agent, Duty, Gate, Service
from toolguild.guild import Guild
from toolguild.messages import commands, events


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_planner.signed import verify
    from toolguild_planner.task import task_process
    from toolguild_planner.workers import planners

    users = guild.policy.users
    gate = Gate(
        name="gate",
        at_once=lambda user: users.of(user).tasks_at_once,
        alert=(lambda user: users.of(user).alert_per_minute) if guild.policy.layers.input else None,
    )
    process = task_process(guild.policy, partial(verify, guild.keyring))
    yield (gate, process, *planners(guild))


service = Service(
    name="planner",
    description="Plans tasks and sees them through to their result.",
    open=_open,
    needs=frozenset({"model", "registry", "goals"}),
    duties=(
        Duty("plan", (commands.MakePlan,)),
        Duty("judge-criteria", (commands.JudgeCriteria,)),
        Duty(
            "planner",
            (
                events.GoalGiven,
                events.TaskForked,
                events.Intervened,
                events.TimeCame,
                events.TaskDecided,
                events.PutBack,
                events.RunHeld,
                events.TaskWaits,
                events.InputFlagged,
                events.GuidanceTaken,
                events.PlanMade,
                events.ToolTried,
                events.ToolReady,
                events.ToolDenied,
                events.ToolRan,
                events.CriteriaJudged,
                events.WorkFailed,
            ),
            bucket="tasks",
        ),
    ),
    sends=(
        commands.MakePlan,
        commands.TryTool,
        commands.RunTool,
        commands.JudgeCriteria,
        events.GoalGiven,
        events.PlanMade,
        events.CriteriaJudged,
        events.ToolWanted,
        events.TaskEnded,
        events.InterventionTaken,
        events.Steered,
        events.WaiterSteered,
        events.VerdictOverridden,
        events.DecisionAsked,
        events.ItemWithdrawn,
        events.Escalated,
        events.ToolServed,
        events.IncidentSeen,
        events.InputFlagged,
        events.TimeCame,
    ),
)
