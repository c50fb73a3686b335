"""Which channels outside the guild hear of an item of the inbox. Pure."""

from collections.abc import Sequence

from toolguild.messages import Item, ItemId, Message, commands, events
from toolguild.policy import Policy


def notices(policy: Policy, item: ItemId, ask: Item, *, reminder: int) -> Sequence[Message]:
    """Return what to order so that people hear of an item; `reminder` counts from 1, 0 is the first notice."""
    if "webhook" not in channels(policy, ask):
        return []
    if policy.webhook.url is None:
        why = f"the policy names the channel for {ask.rule}, but webhook.url is not set"
        return [events.Notified(item=item, channel="webhook", delivered=False, detail=why)]
    return [commands.Notify(item=item, ask=ask, reminder=reminder > 0, number=reminder)]


def channels(policy: Policy, ask: Item) -> tuple[str, ...]:
    """Return where an item is told: as its rule says, or everywhere when something waits for the answer.

    What monitoring has seen of a tool is told everywhere, too.
    """
    rule = getattr(policy.escalation, ask.rule.rpartition(".")[2], None)
    if ask.purpose == "exception" and rule is not None:
        return tuple(rule.channels)
    urgent = ask.blocks or ask.rule.startswith("monitoring.")
    return ("inbox", "webhook") if urgent and policy.webhook.url else ("inbox",)
