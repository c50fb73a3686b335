from collections.abc import Sequence
from functools import reduce

import pytest
from tests.client import messages as m

from toolguild.client.progress import View, fold, follows
from toolguild.messages import BuildId, Envelope, Message, TaskId, events


def seen(*said: Message | Envelope) -> View:
    """Fold what was sent; a bare message gets an envelope of its own."""
    sent = [one if isinstance(one, Envelope) else m.sent(one) for one in said]
    return reduce(fold, sent, View())


def states(view: View) -> list[tuple[str, str]]:
    return [(step.id, step.state) for step in view.steps]


def doing(view: View) -> list[str]:
    return [f"{work.agent}: {work.said}" for work in view.work.values()]


def test_a_new_task_shows_its_goal() -> None:
    assert seen(m.given()).goal == "Add numbers"


def test_a_plan_shows_its_steps_as_waiting() -> None:
    assert states(seen(m.given(), m.planned())) == [("add", "waiting"), ("show", "waiting")]


@pytest.mark.parametrize("order", [(m.planned, m.wanted), (m.wanted, m.planned)])
def test_a_step_whose_tool_is_being_made_says_so_whatever_comes_first(
    order: Sequence[object],
) -> None:
    bodies = [make() for make in order if callable(make)]
    assert states(seen(*bodies)) == [("add", "making"), ("show", "waiting")]


def test_an_order_is_shown_as_work_until_it_is_answered() -> None:
    order = m.sent(m.draft_tool())
    view = seen(m.planned(), m.wanted(), order)
    assert doing(view) == ["synthesizer: write adder"]
    assert doing(fold(view, order.consequence(0, m.drafted()))) == []


def test_an_answer_to_one_order_leaves_the_others_at_work() -> None:
    first, second = m.sent(m.draft_tool(1)), m.sent(m.draft_tool(2))
    view = seen(m.wanted(), first, second, first.consequence(0, m.drafted(1)))
    assert doing(view) == ["synthesizer: write adder (attempt 2)"]


def test_failed_work_is_taken_off() -> None:
    order = m.sent(m.draft_tool())
    failed = events.WorkFailed(
        about_key=m.BUILD, of="draft-tool", ref="1", code="failed", reason="no model"
    )
    view = seen(m.wanted(), order, order.consequence(0, failed))
    assert doing(view) == []
    assert view.last == "draft-tool failed (failed): no model"


@pytest.mark.parametrize(("made", "how"), [(True, "made"), (False, "reused")])
def test_a_tool_that_is_ready_is_named_with_how_it_came_about(made: bool, how: str) -> None:
    view = seen(m.planned(), m.wanted(), m.ready(made=made))
    assert view.tools == (f"{how} adder@1.0",)
    assert (view.steps[0].title, view.steps[0].how) == ("adder@1.0", how)


def test_a_tool_that_is_denied_fails_its_step() -> None:
    denied = events.ToolDenied(task=m.TASK, build=m.BUILD, code="refused", reason="no")
    assert states(seen(m.planned(), m.wanted(), denied))[0] == ("add", "failed")


def test_a_tried_tool_that_answers_right_is_reused() -> None:
    tried = events.ToolTried(task=m.TASK, step="add", tool=m.TOOL, title="plus@2.0", passed=True)
    view = seen(m.planned(), tried)
    assert view.tools == ("reused plus@2.0",)
    assert view.steps[0].how == "reused"


def test_a_step_of_many_items_is_done_when_the_last_one_is() -> None:
    orders = [m.sent(m.run_tool("add", item)) for item in (0, 1)]
    answers = [order.consequence(0, m.ran("add", item)) for item, order in enumerate(orders)]
    view = seen(m.planned(), *orders, answers[0])
    assert states(view)[0] == ("add", "running")
    assert len(view.work) == 1
    view = fold(view, answers[1])
    assert (view.steps[0].state, view.steps[0].ended, len(view.work)) == ("done", 2, 0)


def test_a_failed_run_marks_its_step() -> None:
    assert states(seen(m.planned(), m.run_tool(), m.ran(ok=False)))[0] == ("add", "failed")


def test_a_second_plan_keeps_what_was_done() -> None:
    view = seen(m.planned(), m.run_tool("show"), m.ran("show"), m.planned())
    assert states(view) == [("add", "waiting"), ("show", "done")]


def test_costs_count_each_call_once_though_a_build_reports_twice() -> None:
    view = seen(m.planned(1), m.wanted(), m.drafted(calls=2))
    assert sum(one.calls for one in view.spent) == 3
    assert sum(one.calls for one in fold(view, m.sent(m.ready(calls=5))).spent) == 6


def asked() -> events.ApprovalAsked:
    return events.ApprovalAsked(
        build=m.BUILD, tasks=(m.TASK,), attempt=1, draft=m.DRAFT, why="level A"
    )


def test_a_question_to_a_person_waits_until_it_is_answered() -> None:
    waits = events.TaskWaits(task=m.TASK, build=m.BUILD, draft=m.DRAFT.digest, why="level A")
    view = seen(m.wanted(), asked(), waits)
    assert (view.waits, view.waiting_drafts) == ("level A", (m.DRAFT.digest,))
    answer = events.ApprovalGiven(
        build=m.BUILD, draft=m.DRAFT.digest, approved=True, by="ana", reason=""
    )
    view = fold(view, m.sent(answer))
    assert (view.waits, view.waiting_drafts) == ("", ())


def test_the_result_ends_all_work() -> None:
    view = seen(m.planned(), m.run_tool(), m.released())
    assert (view.work, view.result and view.result.answer) == ({}, 3)


def test_a_task_follows_its_own_messages_and_its_builds_and_nothing_else() -> None:
    none: frozenset[str] = frozenset()
    assert follows(none, m.TASK, m.given()) == none
    assert follows(none, m.TASK, m.wanted()) == frozenset({m.BUILD})
    assert follows(none, m.TASK, m.draft_tool()) is None
    assert follows(frozenset({m.BUILD}), m.TASK, m.draft_tool()) == frozenset({m.BUILD})
    other = m.wanted().model_copy(update={"task": TaskId("t-2"), "build": BuildId("b-2")})
    assert follows(none, m.TASK, other) is None
