"""Orders that may not go out yet, came back unbegun, or were stopped by mistake. Pure."""

from collections.abc import Sequence

from toolguild.canonical import Digest
from toolguild.messages import Command, Event, Message, events
from toolguild.messages.asked import item_of_draft
from toolguild.messages.commands import DraftTool, JudgeTest, ReviewDraft, SetExam, TestDraft
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.orders import (
    draft_order,
    exam_order,
    is_wanted,
    judge_order,
    renewed,
    review_order,
    test_order,
)
from toolguild_synthesizer.state import Build, Building, Order, Step


def hold(state: Building, messages: Sequence[Message]) -> Step:
    """Keep orders back while nobody who waits goes on; facts are told all the same."""
    if not state.paused:
        return state, list(messages)
    for one in messages:
        if isinstance(one, DraftTool | SetExam | ReviewDraft | TestDraft | JudgeTest):
            state = _holding(state, one)
    return state, [one for one in messages if not isinstance(one, Command)]


def withdrawn(old: Build, new: Build, event: Event) -> list[Message]:
    """Take back the questions about drafts that wait no longer, unless a person has just answered them."""
    if isinstance(event, events.ApprovalGiven | events.DraftEdited):
        return []
    gone = _waiting(old) - _waiting(new)
    why = "the draft no longer waits for a decision"
    return [events.ItemWithdrawn(item=item_of_draft(one), why=why) for one in sorted(gone)]


def _waiting(state: Build) -> set[Digest]:
    if not isinstance(state, Building):
        return set()
    return {one.draft.digest for one in state.attempts if one.phase == "waiting" and one.draft}


def put_back(state: Building, event: events.PutBack) -> Step:
    """A worker did not begin an order. It is given again, at once if the pause is over already."""
    order = event.command
    if not isinstance(order, DraftTool | SetExam | ReviewDraft | TestDraft | JudgeTest):
        return state, []
    if not is_wanted(state, order):
        return state, []
    if state.paused:
        return _holding(state, order), []
    return state, [state.course.said(state.build), renewed(state, order)]


def stopped(state: Building, event: events.WorkFailed) -> Step:
    """A worker stopped an order, since it had not heard yet that the effort goes on: it is given again."""
    if event.of == "set-exam":
        wanted = state.exam is None or state.looking_again
        return _again(state, exam_order(state)) if wanted else (state, [])
    attempt = attempt_of(state, event)
    if attempt is None:
        return state, []
    match event.of, attempt.phase:
        case "draft-tool", "drafting":
            return _again(state, draft_order(state, attempt))
        case "review-draft", "reviewing":
            return _again(state, review_order(state, attempt))
        case "test-draft", "testing":
            return _again(state, test_order(state, attempt))
        case "judge-test", "judging":
            return _again(state, judge_order(state, attempt))
        case "test-draft", "comparing":
            state = state.model_copy(update={"comparison": None})
            changed = attempt.model_copy(update={"phase": "judging"})
            return _again(state.with_attempt(changed), judge_order(state, attempt))
        case _:
            return state, []


def attempt_of(state: Building, event: events.WorkFailed) -> Attempt | None:
    """Return the attempt that an order which failed was about, as its `ref` names it."""
    parts = event.ref.split(":")
    number = parts[1] if event.of == "test-draft" and len(parts) > 1 else parts[0]
    return state.attempt(int(number)) if number.isdigit() else None


def _again(state: Building, order: Order) -> Step:
    return state, [state.course.said(state.build), order]


def _holding(state: Building, order: Order) -> Building:
    others = [one for one in state.held if (one.kind, one.ref) != (order.kind, order.ref)]
    return state.model_copy(update={"held": (*others, order)})
