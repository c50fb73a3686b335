"""The inbox as a person sees it: what was asked, what was decided, and a decision of one's own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from toolguild.canonical import Digest
from toolguild.client import log
from toolguild.client.task import send
from toolguild.errors import TemporaryError, UsageError
from toolguild.identity import Ed25519Signer
from toolguild.messages import Event, Item, ItemId, Message, events
from toolguild.messages.asked import asked, item_of_draft
from toolguild.policy import Policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import LOG

KINDS = ("approval-asked", "decision-asked", "decision-taken", "notified", "time-came")
SHORTEST = 4  # characters of an id that name an item

_ENDED: Mapping[str, str] = {"approve": "approved", "reject": "rejected", "edit": "edited"}
Answer = events.DecisionTaken | events.DecisionRefused


@dataclass(frozen=True)
class Question:
    """One item with what has become of it so far. Times are ISO 8601, UTC."""

    item: ItemId
    ask: Item
    at: str  # when it was asked
    reminders: int = 0
    notified: tuple[events.Notified, ...] = ()
    taken: events.DecisionTaken | None = None
    taken_at: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has decided yet and somebody should."""
        return self.taken is None

    @property
    def state(self) -> str:
        """Return "open", or how it ended: approved, rejected, edited, expired, withdrawn."""
        return (
            "open" if self.taken is None else _ENDED.get(self.taken.decision, self.taken.decision)
        )

    @property
    def by(self) -> str:
        """Who decided: a person, "policy", or "" while nobody has."""
        return "" if self.taken is None else self.taken.by

    def expires(self, policy: Policy) -> str:
        """Return when it expires under this policy."""
        until = datetime.fromisoformat(self.at) + timedelta(
            seconds=policy.checkpoints.expire_seconds
        )
        return until.isoformat(timespec="seconds")


async def questions(bus: Bus) -> list[Question]:
    """Return every item of the log, oldest first."""
    found: dict[str, Question] = {}
    subjects = [f"toolguild.fact.{kind}.*" for kind in KINDS]
    async for entry in log.entries(bus, subjects, live=False):
        noted = await log.envelope(bus, entry)
        if noted is not None:
            take(found, noted.body, entry.at)
    return list(found.values())


async def waiting(bus: Bus) -> list[Question]:
    """Return the items that nobody has decided yet, oldest first."""
    return [one for one in await questions(bus) if one.open]


def take(found: dict[str, Question], body: Message, at: str) -> None:
    """Follow one more message of the log. Pure but for `found`, which is changed."""
    raised = asked(body) if isinstance(body, Event) else None
    if raised is not None and raised.item not in found:
        found[raised.item] = Question(raised.item, raised.ask, at)
    match body:
        case events.DecisionTaken() if body.item in found:
            found[body.item] = replace(found[body.item], taken=body, taken_at=at)
        case events.TimeCame(note="reminder") if body.key in found and found[body.key].open:
            one = found[body.key]
            found[body.key] = replace(one, reminders=one.reminders + 1)
        case events.Notified() if body.item in found:
            one = found[body.item]
            found[body.item] = replace(one, notified=(*one.notified, body))
        case _:
            pass


def find(among: Sequence[Question], name: str) -> Question:
    """Return the item whose id, or whose draft's digest, starts so.

    Raises UsageError unless there is exactly one.
    """
    start = name.lower()
    found = [one for one in among if _starts(one, start)]
    if len(found) == 1:
        return found[0]
    if len(start.removeprefix("i-")) < SHORTEST:
        raise UsageError(f"{name!r}: give at least {SHORTEST} characters of the item's id")
    problem = "no item of the inbox starts" if not found else f"{len(found)} items start"
    raise UsageError(f"{problem} with {name!r}; `toolguild inbox list` shows those that wait")


def _starts(one: Question, start: str) -> bool:
    bare = start.removeprefix("i-")
    if one.item == start:
        return True
    if len(bare) < SHORTEST:
        return False
    draft = one.ask.draft.digest if one.ask.draft else ""
    return one.item.removeprefix("i-").startswith(bare) or (
        bare == start and draft.startswith(start)
    )


def signed(
    question: Question,
    signer: Ed25519Signer,
    decision: str,
    *,
    by: str,
    reason: str,
    source: str | None = None,
) -> events.DecisionGiven:
    """Return a person's decision about exactly what the item shows, signed with the person's key."""
    draft = question.ask.draft
    given = events.DecisionGiven.model_validate(
        {
            "item": question.item,
            "decision": decision,
            "by": by,
            "reason": reason,
            "id": uuid4().hex,
            "at": now(),
            "draft": draft.digest if draft else None,
            "source": source,
        }
    )
    return given.model_copy(update={"signature": signer.sign("decision", given.signed)})


async def decide(
    bus: Bus, every: Sequence[events.DecisionGiven], *, within: float = 30.0
) -> list[Answer]:
    """Send decisions and return, in their order, whether each counts.

    The answer is a DecisionTaken with the decision's own id, or a DecisionRefused that says why. Raises
    TemporaryError when the inbox does not answer all within so many seconds; those decisions may still count.
    """
    state = (await retried(lambda: bus.js.stream_info(LOG), "look at the log")).state
    for given in every:
        await send(bus, given)
    try:
        async with asyncio.timeout(within):
            answers = await _answers(bus, {one.id for one in every}, state.last_seq + 1)
    except TimeoutError:
        raise TemporaryError(
            f"the inbox did not answer within {within:g} s; `toolguild status` shows whether the auditor "
            "runs, `toolguild inbox show ITEM` what became of the decision"
        ) from None
    return [answers[one.id] for one in every]


async def _answers(bus: Bus, ids: set[str], first: int) -> dict[str, Answer]:
    subjects = [f"toolguild.fact.decision-{how}.*" for how in ("taken", "refused")]
    found: dict[str, Answer] = {}
    if not ids:
        return found
    async for entry in log.entries(bus, subjects, first=first, live=True):
        noted = await log.envelope(bus, entry)
        body = noted.body if noted else None
        if isinstance(body, events.DecisionTaken | events.DecisionRefused) and body.id in ids:
            found[body.id] = body
            if found.keys() == ids:
                return found
    raise TemporaryError("the log ended before the answer")


async def undecided(bus: Bus, draft: Digest) -> bool:
    """Whether a person still has to decide about this draft."""
    return await open_(bus, item_of_draft(draft))


async def open_(bus: Bus, item: ItemId) -> bool:
    """Whether nobody has decided an item yet."""
    return await log.newest(bus, f"toolguild.fact.decision-taken.{item}") is None
