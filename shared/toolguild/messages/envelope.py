"""A message on its way: identity, cause and time around the body."""

from typing import Any, Self
from uuid import UUID, uuid5

from pydantic import SerializeAsAny, field_validator

from toolguild.messages.base import KINDS, Command, Message
from toolguild.tool.value import Value

ASKING = frozenset({"approval-asked", "decision-asked"})


class Envelope(Value):
    """One message with what the bus needs to know about it. `schema_version` counts changes of this class."""

    schema_version: int = 1
    id: UUID
    body: SerializeAsAny[Message]
    cause: UUID | None = None  # id of the message that this one is a consequence of
    source: str = ""  # service that sent it
    at: str = ""  # ISO 8601, UTC: when it was decided

    @field_validator("body", mode="before")
    @classmethod
    def _known_kind(cls, body: Any) -> Any:
        if isinstance(body, Message):
            return body
        kind = body.get("kind") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"unknown kind of message: {kind!r}")
        return KINDS[kind].model_validate(body)

    @field_validator("schema_version")
    @classmethod
    def _known_version(cls, version: int) -> int:
        if version != 1:
            raise ValueError(f"schema version {version} is newer than this service knows")
        return version

    @property
    def key(self) -> str:
        """The id of the task or build that the body is about."""
        return self.body.key

    @property
    def subject(self) -> str:
        """Where it is published: toolguild.do.<kind>.<key> or toolguild.fact.<kind>.<key>."""
        verb = "do" if isinstance(self.body, Command) else "fact"
        return f"toolguild.{verb}.{self.body.kind}.{self.key}"

    def consequence(self, n: int, body: Message, *, source: str = "", at: str = "") -> Self:
        """Wrap the n-th message that this one gave rise to. Redo the work: the id is the same.

        A question to a person learns here when it is asked: its process has no clock.
        """
        if getattr(body, "asked_at", None) == "" and body.kind in ASKING:
            body = body.model_copy(update={"asked_at": at})
        return type(self)(
            id=uuid5(self.id, f"{source}:{n}"), body=body, cause=self.id, source=source, at=at
        )
