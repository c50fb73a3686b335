"""The usage policy: what the guild may be used for. Pure."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

UsageAction = Literal["refuse", "ask", "allow"]
KNOWN = (  # categories that the rules of `toolguild.screen.harm` know
    "malware",
    "intrusion",
    "escape",
    "after-intrusion",
    "credential-theft",
    "phishing",
    "denial-of-service",
    "surveillance",
    "fraud",
    "weapons",
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(_Part):
    """One kind of use, and what becomes of a goal that is meant so."""

    description: str = Field(min_length=1, max_length=500)
    action: UsageAction = "refuse"
    words: tuple[str, ...] = ()  # further phrases that stand for it; case does not matter


class Usage(_Part):
    """What the guild may be used for. A category that a file leaves out keeps the shipped action."""

    version: Literal[1] = 1
    doubtful: UsageAction = "ask"  # a goal that may or may not be meant so
    reference: str = "docs/safety/input.md#usage-policy"  # where people read about it
    categories: dict[str, Category] = {}

    @field_validator("categories")
    @classmethod
    def _known_or_in_words(cls, categories: dict[str, Category]) -> dict[str, Category]:
        for name, one in categories.items():
            if name not in KNOWN and not one.words:
                raise ValueError(
                    f"{name} is none of {', '.join(KNOWN)}; a category of your own needs `words`"
                )
        return categories

    def named(self, category: str) -> Category | None:
        """Return a category by its name, or None if there is none of that name."""
        return self.categories.get(category)

    def entry(self, category: str) -> str:
        """Name the entry of the file that decides about a category."""
        return f"usage.categories.{category}"

    @staticmethod
    def default() -> "Usage":
        """Return the usage policy that ships with Toolguild."""
        from toolguild.policy.usage_file import default_usage  # loading needs this module first

        return default_usage()
