"""What people say about a draft: approve, reject, edit, or put their verdict in place of the review's. Pure."""

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.messages import events
from toolguild.messages.asked import PERSON, person
from toolguild.messages.narrow import prolonged
from toolguild.tool import Draft, ToolSpec
from toolguild_synthesizer import examine
from toolguild_synthesizer.attempt import ACTIVE, Attempt
from toolguild_synthesizer.ending import out
from toolguild_synthesizer.orders import review_order
from toolguild_synthesizer.state import Building, Step, send

MAX_SOURCE = 200_000  # characters, as Draft has it


def approved(state: Building, event: events.ApprovalGiven) -> Step:
    """A person decided about exactly this draft. Who wrote it may not approve it."""
    attempt = state.of_draft(event.draft)
    if attempt is None or attempt.phase != "waiting":
        return state, []
    by = person(event.by)
    if not event.approved:
        return out(state, attempt, (f"{by} rejected it: {event.reason or 'no reason given'}",))
    if by == attempt.edited_by:
        return state, []
    state = _waited(state, event)
    attempt = attempt.model_copy(update={"approved_by": by, "failures": ()})
    return send(state, attempt, "reviewing", review_order(state, attempt))


def _waited(state: Building, event: events.ApprovalGiven) -> Building:
    """The time that a person took is not the tasks': they say so themselves, a moment later."""
    waiters = tuple(
        one.model_copy(update={"brief": prolonged(one.brief, event.asked_at, event.decided_at)})
        for one in state.waiters
    )
    return state.model_copy(update={"waiters": waiters})


def edited(state: Building, event: events.DraftEdited) -> Step:
    """A person wrote another version of a draft that waits: a new attempt, examined as any other."""
    original = state.of_draft(event.draft)
    if original is None or original.phase != "waiting" or original.draft is None:
        return state, []
    by = person(event.by)
    if not event.source.strip() or len(event.source) > MAX_SOURCE:
        size = f"{len(event.source)} characters of code, and 1 to {MAX_SOURCE} are possible"
        return out(state, original, (f"edited by {by}, but with {size}",))
    why = f"edited by {by}{f': {event.reason}' if event.reason else ''}"
    number = state.attempts[-1].number + 1
    state = state.with_attempt(
        original.model_copy(update={"phase": "out", "failures": (*original.failures, why)})
    )
    attempt = Attempt(
        number=number,
        repair_of=original.number,
        edited_by=by,
        draft=_rewritten(original.draft, state.spec, event.source, by, number),
    )
    return send(state, attempt, "reviewing", review_order(state, attempt))


def overridden(state: Building, event: events.VerdictOverridden) -> Step:
    """A person's verdict on exactly this draft stands in place of the review's; never its author's."""
    attempt = state.of_draft(event.draft)
    if attempt is None:
        return state, []
    by = person(event.by)
    if event.verdict == "block":
        if attempt.phase not in ACTIVE:
            return state, []
        why = f"{by} blocked it: {event.reason or 'no reason given'}"
        return out(state, attempt.model_copy(update={"stopped_by": by}), (why,))
    if by == attempt.edited_by or not (attempt.phase == "waiting" or _was_blocked(attempt)):
        return state, []
    attempt = attempt.model_copy(
        update={"overruled_by": by, "approved_by": by, "blocked": False, "failures": ()}
    )
    return send(state, attempt, "reviewing", review_order(state, attempt))


def _was_blocked(attempt: Attempt) -> bool:
    return attempt.phase == "out" and attempt.blocked and attempt.overruled_by is None


def _rewritten(draft: Draft, spec: ToolSpec, source: str, by: str, number: int) -> Draft:
    """Return the draft with other code; its digest is new, and where it comes from is told."""
    made_by = draft.provenance.model_copy(update={"agent": f"{PERSON}{by}", "attempt": number})
    return draft.model_copy(
        update={
            "source": source,
            "declared": _declared(source, spec, draft),
            "uses": _uses(source, draft),
            "provenance": made_by,
        }
    )


def _declared(source: str, spec: ToolSpec, draft: Draft) -> Capabilities:
    try:
        return examine.declared(source, spec)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return draft.declared  # the review refuses what cannot be parsed


def _uses(source: str, draft: Draft) -> dict[str, Digest]:
    try:
        return examine.used_tools(source, draft.language, draft.uses)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return draft.uses
