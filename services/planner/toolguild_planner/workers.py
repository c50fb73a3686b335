"""The workers of the planner: one command in, one event out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from toolguild.agent import Worker
from toolguild.guild import Guild
from toolguild.messages.commands import JudgeCriteria, MakePlan
from toolguild_planner.criteria import judge_criteria
from toolguild_planner.planning import make_plan


def planners(guild: Guild) -> Sequence[Worker[Any]]:
    """Return the planner's workers over the guild's resources."""
    return (
        Worker(name="plan", reads=MakePlan, work=partial(make_plan, guild)),
        Worker(name="judge-criteria", reads=JudgeCriteria, work=partial(judge_criteria, guild)),
    )
