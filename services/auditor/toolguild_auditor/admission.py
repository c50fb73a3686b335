"""Who may decide what about an item of the inbox. Pure."""

from toolguild.errors import Refused
from toolguild.messages import Item
from toolguild.messages.asked import person
from toolguild.messages.events import DecisionGiven
from toolguild.policy import Policy

MAX_SOURCE = 200_000  # characters, as a draft may have


def objection(policy: Policy, ask: Item, given: DecisionGiven) -> None:
    """Return if this decision may count, once its signature is verified. Raises Refused saying why not."""
    deciders = policy.checkpoints.deciders
    if "*" not in deciders and given.by not in deciders:
        who = ", ".join(deciders) or "nobody"
        raise Refused(f"{given.by} may not decide (policy: checkpoints.deciders: {who})")
    if given.decision == "approve" and ask.author and person(ask.author) == given.by:
        raise Refused(f"{given.by} wrote this: somebody else has to approve it")
    _about_what_is_shown(ask, given)
    if given.decision == "reject":
        _rejectable(ask, given)
    elif given.decision == "edit":
        _editable(ask, given)


def _about_what_is_shown(ask: Item, given: DecisionGiven) -> None:
    shown = ask.draft.digest if ask.draft else None
    if given.draft == shown:
        return
    if given.draft is None:
        raise Refused("the decision does not say which draft it is about")
    here = f"the item shows draft {shown[:12]}" if shown else "the item shows no draft"
    raise Refused(f"the decision is about draft {given.draft[:12]}, but {here}")


def _rejectable(ask: Item, given: DecisionGiven) -> None:
    if not given.reason.strip():
        raise Refused("a rejection needs a reason")
    if ask.purpose == "watch":
        tasks = " ".join(ask.tasks)
        raise Refused(f"nothing waits here; to stop what runs: toolguild cancel {tasks}")


def _editable(ask: Item, given: DecisionGiven) -> None:
    if ask.draft is None:
        raise Refused("there is no code to edit here")
    if not (given.source or "").strip():
        raise Refused("the edit holds no code")
    if len(given.source or "") > MAX_SOURCE:
        raise Refused(f"the edit is over {MAX_SOURCE} characters")
    if given.source == ask.draft.source:
        raise Refused("the edit changes nothing: approve it, or reject it with a reason")
