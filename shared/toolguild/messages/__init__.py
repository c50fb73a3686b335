"""The shared language: every message that services exchange, and nothing else."""

from toolguild.messages import commands, events
from toolguild.messages.base import (
    KINDS,
    Artifact,
    Brief,
    BuildId,
    Command,
    Event,
    Hint,
    ItemId,
    Message,
    ModelUsage,
    TaskId,
    add_usage,
)
from toolguild.messages.envelope import Envelope
from toolguild.messages.item import Item, Purpose, Risk
from toolguild.messages.override import Bounds, KeptStep, Override
from toolguild.messages.result import CriterionResult, Result, StepResult, TaskStatus, ToolUse

__all__ = [
    "KINDS",
    "Artifact",
    "Bounds",
    "Brief",
    "BuildId",
    "Command",
    "CriterionResult",
    "Envelope",
    "Event",
    "Hint",
    "Item",
    "ItemId",
    "KeptStep",
    "Message",
    "ModelUsage",
    "Override",
    "Purpose",
    "Result",
    "Risk",
    "StepResult",
    "TaskId",
    "TaskStatus",
    "ToolUse",
    "add_usage",
    "commands",
    "events",
]
