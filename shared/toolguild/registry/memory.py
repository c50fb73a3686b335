"""A registry of one process, for tests and tools without a guild. It passes the suite of the real one."""

from collections.abc import Callable
from datetime import UTC, datetime

from toolguild.canonical import Digest
from toolguild.errors import UsageError
from toolguild.registry.catalog import Catalog
from toolguild.registry.entry import encode, new_entry, with_status
from toolguild.tool import Published, Signature, Tool
from toolguild.tool.record import Status


class MemoryRegistry(Catalog):
    """A registry whose tools are gone with the process."""

    def __init__(self, *, now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._now = now or (lambda: datetime.now(UTC))

    async def learn(self, *tools: Digest) -> None:
        """See `guild.Registry.learn`: what is not known here is nowhere."""

    async def publish(self, tool: Tool, publication: Signature) -> Published:
        """See `guild.Registry.publish`."""
        wanted = new_entry(tool, publication, self._now())
        names = self.name_entry(tool.name).with_version(tool)
        if (there := self.get(tool.digest)) is None:
            self.put_tool(tool.digest, encode(wanted))
        self.put_name(tool.name, names)
        return there or wanted

    async def set_status(self, tool: Digest, status: Status, reason: str) -> Published:
        """See `guild.Registry.set_status`."""
        before = self.get(tool)
        if before is None:
            raise UsageError(f"there is no tool {tool} in the registry")
        after = with_status(before, status, reason)
        self.put_tool(tool, encode(after))
        return after

    async def pin(self, name: str, version: str | None) -> None:
        """See `guild.Registry.pin`."""
        self.check_pin(name, version)
        self.put_name(name, self.name_entry(name).with_pin(name, version))
