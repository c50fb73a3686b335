"""What the registry keeps besides the tools themselves, and how an entry may change. Pure."""

from datetime import datetime

from toolguild.canonical import Digest
from toolguild.errors import Conflict, Refused, UsageError
from toolguild.registry.version import parse_version
from toolguild.tool import Published, Signature, Tool, Value
from toolguild.tool.record import Status

MAX_RECORD_BYTES = 900_000  # a message of the bus holds a little more


class NameEntry(Value):
    """Which digest each version of a name is, and the version that people have pinned."""

    versions: dict[str, Digest] = {}
    pin: str | None = None

    @property
    def ordered(self) -> tuple[str, ...]:
        """The versions, oldest first."""
        return tuple(sorted(self.versions, key=parse_version))

    def with_version(self, tool: Tool) -> "NameEntry":
        """Return this entry with one more version. Raises Conflict when it is another tool's."""
        parse_version(tool.version)
        if self.versions.get(tool.version, tool.digest) != tool.digest:
            raise Conflict(tool.title)
        return self.model_copy(update={"versions": self.versions | {tool.version: tool.digest}})

    def with_pin(self, name: str, version: str | None) -> "NameEntry":
        """Return this entry pinned to a version, or to none. Raises UsageError for an unknown one."""
        if not self.versions:
            raise UsageError(f"there is no tool named {name!r} in the registry")
        if version is not None and version not in self.versions:
            known = ", ".join(self.ordered) or "none"
            raise UsageError(f"{name} has no version {version}; it has: {known}")
        return self.model_copy(update={"pin": version})


def new_entry(tool: Tool, publication: Signature, now: datetime) -> Published:
    """Return the entry of a tool published now. Raises Refused when the signature is for something else."""
    if publication.purpose != "publication" or publication.over != tool.digest:
        raise Refused(f"the publication of {tool.title} is not signed over its digest")
    return Published(
        tool=tool, publication=publication, published_at=now.isoformat(timespec="seconds")
    )


def with_status(entry: Published, status: Status, reason: str) -> Published:
    """Return the entry with another status. Raises Refused when it is revoked: that is for ever."""
    if entry.status == status:
        return entry
    if entry.status == "revoked":
        raise Refused(
            f"{entry.tool.title} is revoked and stays so ({entry.reason}); publish a new version instead"
        )
    if status != "published" and not reason.strip():
        raise UsageError(f"say why {entry.tool.title} becomes {status}")
    return entry.model_copy(update={"status": status, "reason": reason})


def encode(value: Value) -> bytes:
    """Return the bytes kept for a value. Raises Refused when they are more than the bus carries."""
    body = value.model_dump_json().encode()
    if len(body) > MAX_RECORD_BYTES:
        raise Refused(
            f"the record has {len(body):,} bytes, over the limit of {MAX_RECORD_BYTES:,}: "
            "shorten its source or the files of its exam"
        )
    return body
