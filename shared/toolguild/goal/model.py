"""What a person wants, and how they will know that they have it."""

import unicodedata
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from toolguild.capability import Capabilities
from toolguild.errors import UsageError
from toolguild.goal.check import Check
from toolguild.policy.document import Document, parse_document, read_document, validate
from toolguild.tool.spec import Example
from toolguild.tool.value import Value

MAX_TEXT_BYTES = 32 * 1024
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _clean(text: str) -> str:
    """Return the text without blanks around it; raise ValueError where it hides something."""
    for character in text:
        hidden = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t"
        if hidden or character in _REORDERING:
            raise ValueError(f"has the control character U+{ord(character):04X}; remove it")
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise ValueError(
            f"is longer than {MAX_TEXT_BYTES // 1024} KB; put data into an input file instead"
        )
    if not text.strip():
        raise ValueError("is empty; say what you want")
    return text.strip()


Text = Annotated[str, BeforeValidator(lambda text: _clean(text) if isinstance(text, str) else text)]


class Criterion(Value):
    """One thing that must hold in the end: in words, and where possible as a check by program."""

    text: Text
    check: Check | None = None


def _criterion(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Goal(Value):
    """What a person asks the guild for."""

    primary: Text
    success_criteria: tuple[Annotated[Criterion, BeforeValidator(_criterion)], ...] = Field(
        default=(), max_length=50
    )
    constraints: tuple[Text, ...] = Field(default=(), max_length=50)  # must hold on the way
    preferences: tuple[Text, ...] = Field(default=(), max_length=50)  # nice to have
    examples: tuple[Example, ...] = Field(default=(), max_length=50)
    capabilities: Capabilities | None = None  # what the task asks for; the policy is the ceiling

    @staticmethod
    def of_text(text: str) -> "Goal":
        """Return the goal that is one sentence or more; raise UsageError when it cannot be used."""
        try:
            return Goal(primary=text)
        except ValidationError as error:
            what = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise UsageError(f"the goal {what}") from None


def load_goal(path: Path) -> Goal:
    """Read `goal.yaml`; raise UsageError naming file, line, field and what is allowed."""
    return _goal(read_document(path))


def parse_goal(text: str, name: str = "goal.yaml") -> Goal:
    """Read the text of a goal file; raises as `load_goal` does."""
    return _goal(parse_document(text, name))


def _goal(document: Document) -> Goal:
    return validate(Goal, document)
