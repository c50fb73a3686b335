"""What a tool has to pass. Written by somebody who has not seen its code."""

from typing import Literal

from pydantic import Field, JsonValue

from toolguild.canonical import Digest
from toolguild.tool.value import Value

Origin = Literal["spec", "examiner", "regression"]


class Case(Value):
    """One call with the answer expected of it; `origin` says who holds the answer to be right.

    With `only_runs` the right answer is unknown (a failure on real data): the call must end well, and its
    answer must meet the output schema.
    """

    arguments: dict[str, JsonValue] = {}
    expected: JsonValue = None
    files: dict[str, str] = {}
    expected_files: dict[str, str] = {}
    origin: Origin = "examiner"
    only_runs: bool = False

    @property
    def is_law(self) -> bool:
        """Whether no agreement of drafts can overrule this case: it comes from a person or from real data."""
        return self.origin != "examiner"


PropertyKind = Literal[
    "deterministic",  # the same call gives the same answer
    "idempotent",  # calling with its own answer as `argument` changes nothing
    "order_free",  # permuting the list in `argument` changes nothing
    "same_length",  # the answer has as many items as the list or text in `argument`
    "sorted",  # the answer is in ascending order
    "no_duplicates",  # no two items of the answer are equal
    "subset",  # every item of the answer is an item of the list in `argument`
]


class Property(Value):
    """Something that holds for every valid call."""

    kind: PropertyKind
    argument: str | None = None
    origin: Origin = "examiner"


class Ruling(Value):
    """What became of a written case or property that drafts disputed, and why. Kept with the tool."""

    subject: Digest  # of the Case or Property as it was first written
    decision: Literal["kept", "corrected", "set_aside"]
    why: str


class Exam(Value):
    """Cases, properties, and how many inputs are generated from the input schema under which seed."""

    spec: Digest
    cases: tuple[Case, ...]
    properties: tuple[Property, ...] = ()
    generated: int = Field(default=20, ge=0, le=1000)
    seed: int = 0
    rulings: tuple[Ruling, ...] = ()
