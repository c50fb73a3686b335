"""Makes tools: one process for each effort, one worker that writes code.

Reads ToolWanted, ToolDrafted, ExamSet, DraftReviewed, DraftTested, DraftRefused, RivalsFound, ToolPublished,
ApprovalGiven, DraftEdited, VerdictOverridden, WaiterSteered, PutBack, WorkFailed; sends DraftTool, SetExam,
ReviewDraft, TestDraft, JudgeTest, ApprovalAsked, ItemWithdrawn, IncidentSeen, Steered, ToolReady, ToolDenied,
TaskWaits.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Duty, Service
from toolguild.guild import Guild
from toolguild.messages import commands, events


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
    duties=(
        Duty("draft", (commands.DraftTool,)),
        Duty(
            "builder",
            (
                events.ToolWanted,
                events.ToolDrafted,
                events.ExamSet,
                events.DraftReviewed,
                events.DraftTested,
                events.DraftRefused,
                events.RivalsFound,
                events.ToolPublished,
                events.ApprovalGiven,
                events.DraftEdited,
                events.VerdictOverridden,
                events.WaiterSteered,
                events.PutBack,
                events.WorkFailed,
            ),
            bucket="builds",
        ),
    ),
    sends=(
        commands.DraftTool,
        commands.SetExam,
        commands.ReviewDraft,
        commands.TestDraft,
        commands.JudgeTest,
        events.ToolDrafted,
        events.ApprovalAsked,
        events.ItemWithdrawn,
        events.IncidentSeen,
        events.Steered,
        events.ToolReady,
        events.ToolDenied,
        events.TaskWaits,
    ),
)
