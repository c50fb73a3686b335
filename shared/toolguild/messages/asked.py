"""What a message asks of a person, as an item of the inbox. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.messages.base import Event, ItemId
from toolguild.messages.events import ApprovalAsked, DecisionAsked
from toolguild.messages.item import Item, Risk
from toolguild.tool import Finding

PERSON = "person:"  # before a person's name, where a service's could stand


class Asked(NamedTuple):
    """One item with its id."""

    item: ItemId
    ask: Item


def item_of_draft(draft: Digest) -> ItemId:
    """Return the id of the item that asks for a decision about this draft."""
    return ItemId(f"i-{draft[:16]}")


def asked(event: Event) -> Asked | None:
    """Return the item that an event raises, or None when it raises none."""
    match event:
        case DecisionAsked(item=item, ask=ask):
            return Asked(item, ask)
        case ApprovalAsked(draft=draft):
            agent = draft.provenance.agent
            ask = Item(
                purpose="draft",
                tasks=event.tasks,
                title=draft.name,
                why=event.why,
                risk=risk_of(draft.declared, event.findings),
                author=person(agent) if agent.startswith(PERSON) else "",
                build=event.build,
                attempt=event.attempt,
                draft=draft,
                findings=event.findings,
            )
            return Asked(item_of_draft(draft.digest), ask)
        case _:
            return None


def person(name: str) -> str:
    """Return a person's name without what marks it as one."""
    return name.removeprefix(PERSON)


def risk_of(may: Capabilities, findings: Iterable[Finding]) -> Risk:
    """Return how far code could reach: by what it asks for, and by the worst that a review found in it."""
    found = {one.severity for one in findings}
    if may.hosts or may.programs or found & {"high", "critical"}:
        return "high"
    return "medium" if may.write or "medium" in found else "low"
