"""Makes tools: one process for each effort, one worker that writes code.

Reads ToolWanted, ToolDrafted, ExamSet, DraftReviewed, DraftTested, DraftRefused, RivalsFound, ToolPublished,
ApprovalGiven, DraftEdited, VerdictOverridden, WaiterSteered, PutBack, WorkFailed; sends DraftTool, SetExam,
ReviewDraft, TestDraft, JudgeTest, ApprovalAsked, ItemWithdrawn, IncidentSeen, Steered, ToolReady, ToolDenied,
TaskWaits.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Service
from toolguild.guild import Guild


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_synthesizer.build import build_process
    from toolguild_synthesizer.workers import drafters

    ceiling = guild.policy.autonomy.of_agent("synthesizer", "D")
    yield (build_process(guild.policy.build, ceiling), *drafters(guild))


service = Service(
    name="synthesizer",
    description="Writes tools that nobody has yet, and mends those that fail.",
    open=_open,
    needs=frozenset({"model", "registry"}),
)
