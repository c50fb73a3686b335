"""The workers of the reviewer: one command in, one event out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from toolguild.agent import Worker
from toolguild.guild import Guild
from toolguild.messages.commands import JudgeTest, ReviewDraft, SetExam, SetToolStatus
from toolguild_reviewer.examining import set_exam
from toolguild_reviewer.judging import judge_test
from toolguild_reviewer.registrar import set_status
from toolguild_reviewer.reviewing import review_draft


def reviewers(guild: Guild) -> Sequence[Worker[Any]]:
    """Return the reviewer's workers over the guild's resources."""
    return (
        Worker(name="examine", reads=SetExam, work=partial(set_exam, guild)),
        Worker(name="review", reads=ReviewDraft, work=partial(review_draft, guild)),
        Worker(
            name="registrar",
            reads=SetToolStatus,
            work=partial(set_status, guild.registry),
            through_halts=True,
        ),
        Worker(name="judge", reads=JudgeTest, work=partial(judge_test, guild)),
    )
