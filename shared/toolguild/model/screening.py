"""Untrusted text on its way into a request: what reads like an order is withheld, noted, or ends the task.

The layer `input` of the policy and its `input.injection` say which. A request without such text is what it is
without the layer, byte by byte.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolguild.errors import Refused
from toolguild.messages import TaskId, events
from toolguild.model.doubt import Doubts
from toolguild.model.prompt import Screen, unscreened
from toolguild.policy import Policy
from toolguild.screen.flag import Flag
from toolguild.screen.provenance import label_of_block
from toolguild.screen.withhold import screened

TellFlagged = Callable[[events.InputFlagged], Awaitable[None]]

# What prompt files render outside of untrusted blocks though a model, a tool or a file may have had a say in it:
# descriptions of tools, and a spec, whose schema tells how an input file begins. By their names in the values.
_OUTSIDE = {
    "tools": "tool",
    "purpose": "plan",
    "parameters": "plan",
    "returned": "plan",
    "statement": "plan",
    "input_schema": "plan",
    "output_schema": "plan",
    "source": "code",
}
_CODE = frozenset({"code", "source"})  # of these only comments are looked at


async def unflagged(event: events.InputFlagged) -> None:
    """Tell nobody."""


@dataclass
class Screening:
    """Screens what one request shows, and remembers what it noticed."""

    action: Literal["withhold", "note", "refuse", "off"]
    values: Mapping[str, Any]  # that fill the prompt
    doubts: Doubts | None = None  # None: what may be an order is none
    noticed: dict[str, tuple[Flag, ...]] = field(default_factory=dict)  # by where it is from

    @staticmethod
    def of(policy: Policy, values: Mapping[str, Any], doubts: Doubts | None = None) -> "Screening":
        """Return the screening that a policy wants for these values."""
        return Screening(policy.input.injection if policy.layers.input else "off", values, doubts)

    @property
    def screen(self) -> Screen:
        """What sees the text of each untrusted block."""
        return unscreened if self.action == "off" else self._block

    def shown(self) -> dict[str, Any]:
        """Return the values as the prompt gets them: those outside of blocks are screened here."""
        if self.action == "off":
            return dict(self.values)
        return {
            name: self._leaves(value, _OUTSIDE[name], code=name in _CODE)
            if name in _OUTSIDE
            else value
            for name, value in self.values.items()
        }

    def hint(self, text: str) -> None:
        """Look at what a person advises: it is never withheld, and grants nothing."""
        if self.action != "off":
            self._note("hint", screened(text, where="hint").flags)

    async def settle(self, task: TaskId, tell: TellFlagged) -> None:
        """Tell what was noticed. Raises Refused when the policy ends the task for it."""
        for where, flags in self.noticed.items():
            await tell(
                events.InputFlagged(task=task, where=where, flags=flags, action=self._action(where))
            )
        if self.action == "refuse":
            for where, flags in self.noticed.items():
                if where != "hint":
                    raise Refused(refusal(where, flags))

    def _action(self, where: str) -> Literal["noted", "withheld", "refused"]:
        if where == "hint" or self.action == "note":
            return "noted"
        return "refused" if self.action == "refuse" else "withheld"

    def _block(self, text: str, name: str) -> str:
        where = label_of_block(name, self.values)
        return self._looked(text, where, code=name in _CODE)

    def _leaves(self, value: Any, where: str, *, code: bool = False) -> Any:
        match value:
            case str():
                return self._looked(value, where, code=code)
            case Mapping():
                name = value.get("name") or str(value.get("signature", "")).partition("(")[0]
                inner = f"tool:{name}" if where == "tool" and name else where
                return {key: self._leaves(one, inner, code=code) for key, one in value.items()}
            case list() | tuple():
                return [self._leaves(one, where, code=code) for one in value]
            case _:
                return value

    def _looked(self, text: str, where: str, *, code: bool) -> str:
        seen = screened(
            text,
            where=where,
            code=code,
            withhold=self.action == "withhold",
            doubt=self.doubts,
        )
        self._note(where, seen.flags)
        return seen.text

    def _note(self, where: str, flags: Sequence[Flag]) -> None:
        if flags:
            known = self.noticed.get(where, ())
            fresh = tuple(one for one in flags if one not in known)
            self.noticed[where] = (*known, *fresh)


def refusal(where: str, flags: Sequence[Flag]) -> str:
    """Say why a task ends for a text that gives orders."""
    worst = flags[0]
    return f"{worst.rule}: {worst.message} (policy: {worst.policy}: refuse; docs/safety/input.md)"
