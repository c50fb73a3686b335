"""Passages of untrusted text that may be orders: a model is asked about them, once for each task and passage.

The policy switches it on (`input.model`). What the rules take for an order stays one, whatever a model says.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from toolguild.canonical import digest_of_bytes
from toolguild.errors import PermanentError
from toolguild.messages import Brief

PROMPT, ROLE = "orders", "judge"
AT_ONCE = 10  # passages of one question
MOST = 40  # passages of one request; where there are more, somebody wants them to be too many
_LONGEST = 600  # characters of one passage that the model sees


class Opinion(BaseModel):
    """Which passages a model takes for orders, by their numbers from 1 on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: str = Field(default="", max_length=2000)
    orders: tuple[int, ...]


Ask = Callable[[str, str], Awaitable[Opinion]]  # numbered passages, key of the question


@dataclass
class Doubts:
    """What is known of passages in doubt, and which ones nobody was asked about yet."""

    known: Mapping[str, bool] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)

    def __call__(self, passage: str) -> bool:
        """Whether a passage is an order, as far as is known: one that is open is none yet."""
        if passage not in self.known:
            self.open[passage] = None
        return self.known.get(passage, False)


async def settled(doubts: Doubts, brief: Brief, ask: Ask) -> Doubts:
    """Return the doubts with every open passage judged.

    Passages past MOST, and those about which no model gives a usable answer, are taken for orders. Raises
    what asking raises otherwise.
    """
    asked = list(doubts.open)
    known = dict.fromkeys(asked, True)
    for at in range(0, min(len(asked), MOST), AT_ONCE):
        known |= await _judged(asked[at : min(at + AT_ONCE, MOST)], brief, ask)
    return Doubts({**doubts.known, **known})


async def _judged(passages: Sequence[str], brief: Brief, ask: Ask) -> dict[str, bool]:
    lines = [
        f"{number}. {' '.join(one.split())[:_LONGEST]}" for number, one in enumerate(passages, 1)
    ]
    text = "\n".join(lines)
    key = f"orders:{brief.task}:{digest_of_bytes(text.encode())}"
    try:
        said = await ask(text, key)
    except PermanentError as error:
        if type(error) is not PermanentError:
            raise  # out of budget, or the operator has to change something
        return {}
    return {one: number in said.orders for number, one in enumerate(passages, 1)}
