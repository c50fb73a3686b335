from pydantic import Field, JsonValue, model_validator

from toolguild.canonical import Digest
from toolguild.tool.spec import ToolSpec
from toolguild.tool.value import Value


class Step(Value):
    """One call, or one call for each item of a list.

    Exactly one of `tool` (a published tool) and `request` (a spec of one to find or make) is given.
    `arguments` are JSON in which three objects stand for data: `{"$file": NAME}` is an input file of the
    task, `{"$from": "/STEP/value/..."}` or `{"$from": "/STEP/files/NAME"}` points into an earlier result
    (a JSON Pointer whose first token is a step's id), `{"$item": "/..."}` points into the item of `foreach`.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    purpose: str = ""
    tool: Digest | None = None
    title: str = ""  # name@version of `tool`, for people
    request: ToolSpec | None = None
    candidates: tuple[Digest, ...] = ()  # published tools to try for `request` before one is made
    arguments: dict[str, JsonValue] = {}
    foreach: JsonValue = None  # a list, or a reference to one

    @model_validator(mode="after")
    def _tool_or_request(self) -> "Step":
        if (self.tool is None) == (self.request is None):
            raise ValueError(f"step {self.id} needs a tool or a request, and not both")
        return self


class Plan(Value):
    """A directed acyclic graph of steps. Its edges are the references; steps without one run in parallel."""

    steps: tuple[Step, ...] = Field(min_length=1)
    answer: JsonValue = None  # JSON with references: what the task answers
