"""What is sent to a model and what comes back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from toolguild.canonical import Digest
from toolguild.guild import Role
from toolguild.tool.draft import ModelSource
from toolguild.tool.value import Value


class ChatMessage(Value):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Request(Value):
    """All that decides an answer except the model. Its digest finds a recorded answer again."""

    role: Role
    prompt: str  # the name of the prompt file
    prompt_digest: Digest
    messages: tuple[ChatMessage, ...]
    answer_schema: dict[str, Any] | None = None  # None asks for plain text
    sample: int = Field(default=0, ge=0)

    @property
    def repeated(self) -> bool:
        """Whether an answer to this prompt was refused before."""
        return any(message.role == "assistant" for message in self.messages)

    @property
    def size(self) -> int:
        """An estimate of its input tokens, on the high side: a token is at least three bytes of prose or code."""
        text = sum(len(message.content.encode()) for message in self.messages)
        schema = len(str(self.answer_schema)) if self.answer_schema else 0
        return (text + schema) // 3 + 16 * len(self.messages)


@dataclass(frozen=True)
class Call:
    """A request with how to make it; none of this changes what an answer means."""

    request: Request
    values: Mapping[str, Any] = field(default_factory=dict)  # what filled the prompt
    temperature: float = 0.1
    max_output_tokens: int = 4096
    timeout: float = 300.0


class Completion(Value):
    """What a model answered, and at what price."""

    text: str
    model: str
    source: ModelSource
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    usd: float = Field(default=0.0, ge=0)
    cut: bool = False  # the answer reached the limit of output tokens
