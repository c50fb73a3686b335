"""A draft on its way through review, and to a person where one has to decide. Pure."""

from collections.abc import Sequence

from toolguild.messages import BuildId, Message, TaskId, events
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.ending import out
from toolguild_synthesizer.next_attempt import contradicts_only_the_examiner
from toolguild_synthesizer.orders import review_order
from toolguild_synthesizer.state import Building, Step, send, spend
from toolguild_synthesizer.testing import test


def drafted(state: Building, event: events.ToolDrafted) -> Step:
    """The author handed in a draft; the same code as before is not examined again."""
    attempt = state.attempt(event.attempt)
    state = spend(state, event.usage)
    if attempt is None or attempt.phase != "drafting":
        return state, []
    attempt = attempt.model_copy(update={"draft": event.draft})
    twin = next(
        (one for one in state.attempts if one.draft and one.draft.source == event.draft.source),
        None,
    )
    if twin is not None and not _is_a_second_voice(state, attempt, twin):
        # What the review found in the twin is true of it as well, and decides how the effort ends.
        attempt = attempt.model_copy(update={"findings": twin.findings, "twin": twin.number})
        return out(state, attempt, twin.failures or (f"the same code as attempt {twin.number}",))
    return send(state, attempt, "reviewing", review_order(state, attempt))


def _is_a_second_voice(state: Building, attempt: Attempt, twin: Attempt) -> bool:
    """Whether an author who wrote the same code unasked supports it against the examiner."""
    return attempt.repair_of is None and contradicts_only_the_examiner(state, twin)


def reviewed(state: Building, event: events.DraftReviewed) -> Step:
    """A review ended: test it, ask a person, or be done with it."""
    attempt = state.attempt(event.attempt)
    state = spend(state, event.usage)
    if attempt is None or attempt.phase != "reviewing" or attempt.draft is None:
        return state, []
    if attempt.draft.digest != event.draft:
        return state, []
    attempt = attempt.model_copy(update={"findings": event.findings, "clearance": event.clearance})
    told = tuple(f"line {one.line or '?'}: {one.message} [{one.rule}]" for one in event.findings)
    if event.verdict == "block":
        blocked = attempt.model_copy(update={"blocked": True})
        return out(state, blocked, told or ("the review refused it",))
    if event.clearance is None:
        why = "; ".join(told) or "every draft needs a person's approval at this level of autonomy"
        return _ask(state, attempt, why)
    return test(state, attempt)


def _ask(state: Building, attempt: Attempt, why: str) -> Step:
    assert attempt.draft is not None
    asked = events.ApprovalAsked(
        build=state.build,
        tasks=state.tasks,
        attempt=attempt.number,
        draft=attempt.draft,
        findings=attempt.findings,
        why=why,
        author=attempt.edited_by,
    )
    attempt = attempt.model_copy(update={"phase": "waiting", "failures": (why,)})
    return state.with_attempt(attempt), [asked, *tell_waiting(state.tasks, state.build, attempt)]


def tell_waiting(tasks: Sequence[TaskId], build: BuildId, attempt: Attempt) -> list[Message]:
    """Tell tasks that a person has to decide first."""
    assert attempt.draft is not None
    why = "; ".join(attempt.failures)
    return [
        events.TaskWaits(task=task, build=build, draft=attempt.draft.digest, why=why)
        for task in tasks
    ]
