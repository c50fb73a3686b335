"""Keeps the record, looks at what leaves, and asks people.

Reads TaskEnded, WorkFailed; sends FilterResult, ResultReleased. The inbox reads ApprovalAsked, DecisionAsked,
DecisionGiven, ItemWithdrawn, TimeCame; sends DecisionTaken, DecisionRefused, Notify, and to those that wait
ApprovalGiven, DraftEdited, TaskDecided, IncidentSeen. Trust reads ToolServed, IncidentSeen, TrustRestored;
sends TrustChanged, RestoreRefused. The watch reads ToolRan; sends Alerted, DecisionAsked, IncidentSeen,
SetToolStatus. The scribe reads TOOLGUILD_LOG, into which the server writes every command
and event in one order, and the dead letters; it writes TOOLGUILD_AUDIT, the signed chain.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Duty, Service
from toolguild.guild import Guild
from toolguild.messages import commands, events


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_auditor.inbox import inbox_process
    from toolguild_auditor.ledger import ledger
    from toolguild_auditor.notify import notifier
    from toolguild_auditor.pruning import pruners
    from toolguild_auditor.release import releaser
    from toolguild_auditor.retention import retention_process
    from toolguild_auditor.scribe import scribes
    from toolguild_auditor.trust import trust_process
    from toolguild_auditor.watch import watch_process

    yield (
        ledger,
        releaser(guild),
        inbox_process(guild.policy, guild.keyring),
        trust_process(guild.policy, guild.keyring),
        watch_process(guild.policy),
        notifier(guild),
        retention_process(guild.policy.retention),
        *pruners(guild),
        *scribes(guild),
    )


service = Service(
    name="auditor",
    description="Sees every task to its release, filters what leaves, and asks people.",
    open=_open,
    needs=frozenset({"archive", "audit", "journal"}),
    duties=(
        Duty(
            "ledger",
            (events.TaskEnded, events.ResultReleased, events.WorkFailed),
            bucket="releases",
        ),
        Duty("releaser", (commands.FilterResult,)),
        Duty(
            "inbox",
            (
                events.ApprovalAsked,
                events.DecisionAsked,
                events.DecisionGiven,
                events.ItemWithdrawn,
                events.TimeCame,
                events.WorkFailed,
            ),
            bucket="inbox",
        ),
        Duty(
            "trust", (events.ToolServed, events.IncidentSeen, events.TrustRestored), bucket="trust"
        ),
        Duty("watch", (events.ToolRan,), bucket="baselines"),
        Duty("notifier", (commands.Notify,)),
        Duty(
            "retention",
            (
                events.ToolWanted,
                events.ResultReleased,
                events.TimeCame,
                events.PruneWanted,
                events.RoomChecked,
                events.TaskPruned,
                events.WorkFailed,
            ),
            bucket="retention",
        ),
        Duty("pruner", (commands.PruneTask,)),
        Duty("undoer", (commands.UndoTask,)),
        Duty("roomkeeper", (commands.KeepRoom,)),
    ),
    sends=(
        commands.FilterResult,
        commands.Notify,
        commands.PruneTask,
        commands.UndoTask,
        commands.KeepRoom,
        commands.SetToolStatus,
        events.Alerted,
        events.DecisionAsked,
        events.ResultReleased,
        events.DecisionTaken,
        events.DecisionRefused,
        events.ApprovalGiven,
        events.DraftEdited,
        events.TaskDecided,
        events.IncidentSeen,
        events.TrustChanged,
        events.RestoreRefused,
        events.Notified,
        events.TimeCame,
        events.PruneWanted,
        events.TaskPruned,
        events.TaskUndone,
        events.RoomChecked,
    ),
)
