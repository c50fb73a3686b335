"""Rules about dotted names, modules and calls: which are allowed, asked about or denied."""

from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

Action = Literal["allow", "ask", "deny"]

_STRICTEST_FIRST: tuple[Action, ...] = ("deny", "ask", "allow")


class Decision(NamedTuple):
    """What the policy says about a name, and the entry that says it."""

    action: Action
    entry: str


class NameRules(BaseModel):
    """Lists of dotted names. The most specific entry wins; between equals, the strictest.

    `os` covers `os` and everything below it; `os.exec*` covers every name that starts so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    other: Action = "allow"  # what no entry covers

    @cached_property
    def _exact(self) -> dict[str, Decision]:
        table: dict[str, Decision] = {}
        for action in _STRICTEST_FIRST:
            for name in getattr(self, action):
                if not name.endswith("*"):
                    table.setdefault(name, Decision(action, f"{action}: {name}"))
        return table

    @cached_property
    def _prefixes(self) -> dict[str, Decision]:
        table: dict[str, Decision] = {}
        for action in _STRICTEST_FIRST:
            for name in getattr(self, action):
                if name.endswith("*"):
                    table.setdefault(name[:-1], Decision(action, f"{action}: {name}"))
        return table

    def decide(self, name: str) -> Decision:
        """Say what the rules make of a dotted name."""
        return self.find(name) or Decision(self.other, f"other: {self.other}")

    def find(self, name: str) -> Decision | None:
        """Say what the entry that covers a dotted name makes of it; None when no entry does."""
        exact, prefixes = self._exact, self._prefixes
        for end in range(len(name), 0, -1):
            head = name[:end]
            if head in exact and (end == len(name) or name[end] == "."):
                return exact[head]
            if head in prefixes:
                return prefixes[head]
        return prefixes.get("")


class RulesByLanguage(BaseModel):
    """One set of name rules for each language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: NameRules = NameRules()
    javascript: NameRules = NameRules()
