"""Changes the status of tools in the registry, which has no other writer but the reviewer."""

from toolguild.guild import Registry
from toolguild.messages.commands import SetToolStatus
from toolguild.messages.events import ToolStatusSet


async def set_status(registry: Registry, command: SetToolStatus) -> ToolStatusSet:
    """Set the status and answer with the one that the tool has then. Idempotent.

    A quarantine never loosens anything: a tool that is revoked stays so, and that is the answer. Raises
    UsageError for an unknown tool, Refused when a revoked one should run again, TemporaryError when the
    registry cannot be reached.
    """
    await registry.learn(command.tool)
    known = registry.get(command.tool)
    if known is not None and known.status == "revoked" and command.status == "quarantined":
        entry = known
    else:
        entry = await registry.set_status(command.tool, command.status, command.reason)
    return ToolStatusSet(
        tool=command.tool,
        title=entry.tool.title,
        status=entry.status,
        reason=entry.reason,
        by=command.by,
    )
