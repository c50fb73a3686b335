"""The shared language: every message that services exchange, and nothing else."""

from toolguild.messages import commands, events
from toolguild.messages.base import (
    KINDS,
    Artifact,
    Brief,
    BuildId,
    Command,
    Event,
    Message,
    ModelUsage,
    TaskId,
    add_usage,
)
from toolguild.messages.envelope import Envelope
from toolguild.messages.result import CriterionResult, Result, StepResult, TaskStatus, ToolUse

__all__ = [
    "KINDS",
    "Artifact",
    "Brief",
    "BuildId",
    "Command",
    "CriterionResult",
    "Envelope",
    "Event",
    "Message",
    "ModelUsage",
    "Result",
    "StepResult",
    "TaskId",
    "TaskStatus",
    "ToolUse",
    "add_usage",
    "commands",
    "events",
]
