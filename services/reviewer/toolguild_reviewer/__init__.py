"""Sets exams, reviews code before it runs, judges test reports, and publishes.

Reads SetExam, ReviewDraft, JudgeTest, SetToolStatus; sends ExamSet, DraftReviewed, ToolPublished, DraftRefused,
RivalsFound, ToolStatusSet.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Duty, Service
from toolguild.guild import Guild
from toolguild.messages import commands, events


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_reviewer.workers import reviewers

    yield reviewers(guild)


service = Service(
    name="reviewer",
    description="Sets exams, reviews code before it runs, judges its tests, and publishes it.",
    open=_open,
    needs=frozenset({"model", "registry", "publish"}),
    duties=(
        Duty("examine", (commands.SetExam,)),
        Duty("review", (commands.ReviewDraft,)),
        Duty("judge", (commands.JudgeTest,)),
        Duty("registrar", (commands.SetToolStatus,)),
    ),
    sends=(
        events.ExamSet,
        events.DraftReviewed,
        events.ToolPublished,
        events.DraftRefused,
        events.RivalsFound,
        events.ToolStatusSet,
    ),
)
