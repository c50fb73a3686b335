"""A person steps into a task: pause, resume, cancel, override, constrain, guide. Messages in, messages out."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import JsonValue
from task_play import (
    BRIEF,
    BUILD,
    RULES,
    TASK,
    A,
    B,
    Played,
    bound,
    by_ana,
    given_goal,
    judged,
    kinds,
    last,
    planned,
    ran,
    ready,
    runs,
    wanting,
)

from toolguild.agent import Record
from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Limits
from toolguild.messages import Brief, Command, Message, ModelUsage, commands, events
from toolguild_planner.finding import build_of
from toolguild_planner.state import Active, New, Over, Task
from toolguild_planner.task import advance

CHAIN = planned(
    bound("one"),
    bound("two", arguments={"x": {"$from": "/one/value"}}),
    bound("free"),
    answer={"$from": "/two/value"},
)


def taken(said: Sequence[Message]) -> events.InterventionTaken:
    (answer,) = (one for one in said if isinstance(one, events.InterventionTaken))
    return answer


def refused(said: Sequence[Message]) -> str:
    assert kinds(said) == ["intervention-taken"]
    assert taken(said).outcome == "refused"
    return taken(said).detail


def steered(said: Sequence[Message]) -> events.Steered:
    return [one for one in said if isinstance(one, events.Steered)][-1]


def waiters(said: Sequence[Message]) -> list[tuple[str, str]]:
    return [(one.build, one.state) for one in said if isinstance(one, events.WaiterSteered)]


def started(brief: Brief) -> events.GoalGiven:
    return given_goal().model_copy(update={"brief": brief})


# what counts


def test_an_intervention_counts_once_however_often_it_comes_and_is_answered_once() -> None:
    task = Played(given_goal())
    once, again = task.then(by_ana("guide", hint="look")), task.then(by_ana("guide", hint="look"))

    assert taken(once).outcome == "applied"
    assert again == []
    assert len(task.active.brief.hints) == 1


def test_an_intervention_that_is_not_the_persons_changes_nothing_and_does_not_use_up_its_id() -> (
    None
):
    def bad(event: events.Intervened) -> str:
        return "it is not signed"

    task = Played(given_goal())
    state, said = advance(RULES, bad, task.state, by_ana("cancel"))

    assert state == task.state
    assert refused(said) == "it is not signed"
    assert taken(task.then(by_ana("cancel"))).outcome == "applied"


@pytest.mark.parametrize("action", ["cancel", "pause", "resume", "override", "constrain", "guide"])
def test_an_intervention_after_the_end_is_answered_with_the_reason(action: str) -> None:
    task = Played(given_goal(), planned(bound("s1")), ran("s1", 3))

    assert refused(task.then(by_ana(action))) == "the task has ended: succeeded"


def test_what_comes_before_the_goal_is_refused_and_a_cancel_ends_the_task_once() -> None:
    task = Played()
    assert refused(task.then(by_ana("pause", 1))) == "the task has not begun"
    said = task.then(by_ana("cancel", 2, reason="no"))

    assert kinds(said) == ["intervention-taken", "task-ended"]
    assert last(said).result.reason == "cancelled by ana before it began: no"
    assert task.then(given_goal()) == []
    assert refused(task.then(by_ana("cancel", 3))) == "the task has ended: cancelled"
    assert isinstance(task.state, Over)


# cancel


def test_cancel_stops_what_runs_leaves_builds_keeps_results_and_says_what_stays() -> None:
    usage = (ModelUsage(role="planner", model="m", source="scripted", calls=2, usd=0.5),)
    plan = planned(wanting("s1"), bound("s2"), bound("s3")).model_copy(update={"usage": usage})
    task = Played(given_goal(), plan, ran("s2", 7))
    said = task.then(by_ana("cancel", reason="changed my mind"))

    assert steered(said).state == "ended"
    assert waiters(said) == [(BUILD, "left")]
    result = last(said).result
    assert (result.status, result.reason) == ("cancelled", "cancelled by ana: changed my mind")
    assert {one.step: one.value for one in result.steps} == {"s1": None, "s2": 7, "s3": None}
    assert result.human == ("ana cancelled the task: changed my mind",)
    assert "not undone: 2 calls of models are paid: 0.5000 USD" in result.events
    assert "2 calls of models are paid" in taken(said).detail


def test_cancel_says_that_published_tools_and_effects_at_hosts_stay() -> None:
    step = wanting("s1")
    assert step.request is not None
    asked = step.request.model_copy(update={"capabilities": Capabilities(hosts=("h:80",))})
    step = step.model_copy(update={"request": asked})
    task = Played(given_goal(), planned(step), ready(build=build_of(asked)))
    detail = taken(task.then(by_ana("cancel"))).detail

    assert "total@1.0 stays published" in detail
    assert "step s1 may have had effects at h:80" in detail


# pause and resume


def test_a_pause_holds_everything_back_and_a_resume_goes_on_where_it_was() -> None:
    task = Played(given_goal(), CHAIN)
    said = task.then(by_ana("pause", 1, freeze=True))
    assert (steered(said).state, steered(said).freeze) == ("paused", True)
    assert task.then(ran("one", 5)) == []
    record = Record[Task](state=task.state)
    assert Record[Task].model_validate_json(record.model_dump_json()) == record  # a restart

    said = task.then(by_ana("resume", 2))
    assert steered(said).state == "going"
    assert [(one.step, one.arguments) for one in runs(said)] == [("two", {"x": 5})]
    assert steered(said).order == 2


def test_the_deadline_moves_by_the_pause_and_no_time_counts_twice() -> None:
    brief = BRIEF.model_copy(update={"deadline": "2026-01-01T10:00:00+00:00"})
    task = Played(started(brief))
    task.then(by_ana("pause", 1, at="2026-01-01T09:00:00Z"))
    said = task.then(by_ana("resume", 2, at="2026-01-01T09:10:00Z"))
    assert steered(said).deadline == "2026-01-01T10:10:00.000+00:00"

    task.then(by_ana("pause", 3, at="2026-01-01T09:00:00Z"))  # says that it began earlier
    said = task.then(by_ana("resume", 4, at="2026-01-01T09:15:00Z"))
    assert task.active.brief.deadline == "2026-01-01T10:15:00.000+00:00"


def test_a_pause_without_a_readable_moment_does_not_move_the_deadline() -> None:
    brief = BRIEF.model_copy(update={"deadline": "2026-01-01T10:00:00+00:00"})
    task = Played(started(brief), by_ana("pause", 1, at="soon"))
    task.then(by_ana("resume", 2, at="2026-01-01T09:15:00Z"))

    assert task.active.brief.deadline == brief.deadline


def test_a_pause_twice_and_a_resume_of_what_is_not_paused_are_answered_sensibly() -> None:
    task = Played(given_goal())
    assert refused(task.then(by_ana("resume", 1))) == "it is not paused"
    task.then(by_ana("pause", 2))
    assert refused(task.then(by_ana("pause", 3))) == "it is paused already, by ana"
    said = task.then(by_ana("pause", 4, freeze=True))  # another manner is no repetition
    assert (taken(said).outcome, steered(said).freeze) == ("applied", True)


def test_a_command_that_was_put_back_is_sent_again_once_with_the_brief_of_then() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    (call,) = runs(task.said)
    task.then(by_ana("pause", 1))
    back = events.PutBack(about_key=TASK, command=call, order=1)
    assert task.then(back, back) == []
    task.then(by_ana("guide", 2, hint="look"))
    (again,) = runs(task.then(by_ana("resume", 3)))

    assert again == call.model_copy(update={"brief": task.active.brief})
    assert [hint.text for hint in again.brief.hints] == ["look"]


def test_a_command_put_back_by_a_worker_that_has_not_heard_is_sent_again_after_the_newest_word() -> (
    None
):
    task = Played(given_goal(), planned(bound("s1")))
    (call,) = runs(task.said)
    task.then(by_ana("pause", 1), by_ana("resume", 2))
    said = task.then(events.PutBack(about_key=TASK, command=call, order=1))

    assert kinds(said) == ["steered", "run-tool"]
    assert (steered(said).state, steered(said).order) == ("going", 3)


def test_a_plan_that_comes_while_paused_is_followed_after_the_pause() -> None:
    task = Played(given_goal(), by_ana("pause", 1))
    assert task.then(planned(wanting())) == []
    said = task.then(by_ana("resume", 2))

    assert kinds(said) == ["intervention-taken", "steered", "tool-wanted"]


def test_a_paused_judgement_is_asked_for_after_the_pause() -> None:
    task = Played(given_goal("c"), planned(bound("s1")), ran("s1", 3))
    (order,) = (one for one in task.said if isinstance(one, commands.JudgeCriteria))
    task.then(by_ana("pause", 1))
    assert task.then(events.PutBack(about_key=TASK, command=order, order=1)) == []
    said = task.then(by_ana("resume", 2))

    assert kinds(said)[-1] == "judge-criteria"
    assert last(task.then(judged(True))).status == "succeeded"


def test_builds_are_paused_and_let_go_with_the_task() -> None:
    task = Played(given_goal(), planned(wanting()))

    assert waiters(task.then(by_ana("pause", 1))) == [(BUILD, "paused")]
    assert waiters(task.then(by_ana("resume", 2))) == [(BUILD, "going")]


def test_a_paused_task_can_be_cancelled_and_what_came_meanwhile_is_kept() -> None:
    task = Played(given_goal(), CHAIN, by_ana("pause", 1), ran("one", 5))
    result = last(task.then(by_ana("cancel", 2))).result

    assert result.status == "cancelled"
    assert {one.step: one.value for one in result.steps}["one"] == 5


# override


def override(n: int = 9, **what: Any) -> events.Intervened:
    return by_ana("override", n, override=what)


def test_another_tool_for_a_step_runs_at_once_and_what_was_built_on_it_runs_anew() -> None:
    task = Played(given_goal(), CHAIN, ran("one", 5), ran("two", 6))
    said = task.then(override(what="tool", step="one", tool=B, title="other@1.0"))
    assert [(one.step, one.tool, one.attempt) for one in runs(said)] == [("one", B, 2)]
    assert "done anew: two" in taken(said).detail

    said = task.then(ran("one", 50, B).model_copy(update={"attempt": 2}))
    assert [(one.step, one.arguments) for one in runs(said)] == [("two", {"x": 50})]
    assert "free" not in [one.step for one in runs(said)]


def test_a_late_answer_to_a_superseded_call_counts_for_nothing() -> None:
    task = Played(given_goal(), CHAIN, ran("one", 5))
    task.then(override(what="tool", step="one", tool=A, title="t@1.0"))
    assert task.then(ran("one", "late"), ran("two", "late")) == []

    assert task.active.steps["one"].values == {}
    said = task.then(ran("one", 1).model_copy(update={"attempt": 2}))
    assert [one.arguments for one in runs(said)] == [{"x": 1}]


def test_a_result_that_a_person_gives_runs_nothing_and_is_marked_as_human() -> None:
    task = Played(given_goal(), CHAIN)
    said = task.then(override(what="result", step="one", value=41))
    assert [(one.step, one.arguments) for one in runs(said)] == [("two", {"x": 41})]
    task.then(ran("one", "late"), ran("free", 0))
    end = last(task.then(ran("two", 42).model_copy(update={"attempt": 2})))

    assert (end.status, end.result.answer) == ("succeeded", 42)
    assert {one.step: one.how for one in end.result.steps}["one"] == "human"
    assert end.result.human == ("ana: the result of step one was given",)
    assert "ana: the result of step one was given" in end.result.events


def test_results_that_a_person_gave_stay_when_what_is_before_them_changes() -> None:
    task = Played(given_goal(), CHAIN)
    task.then(override(1, what="result", step="two", value=9))
    said = task.then(override(2, what="result", step="one", value=1))

    assert runs(said) == []
    assert task.active.steps["two"].values == {0: 9}


def test_a_result_for_a_foreach_is_a_list() -> None:
    each = bound("each", foreach=[1, 2], arguments={"x": {"$item": ""}})
    task = Played(given_goal(), planned(each))

    assert "a list" in refused(task.then(override(1, what="result", step="each", value=1)))
    assert last(task.then(override(2, what="result", step="each", value=[7]))).result.answer == [7]


def test_another_step_is_checked_and_then_run() -> None:
    task = Played(given_goal(), CHAIN, ran("one", 5))

    def step(n: int, **changes: JsonValue) -> list[Message]:
        return task.then(override(n, what="step", step=bound("one", B, **changes)))

    wrong = step(1, arguments={"x": {"$from": "/nowhere/value"}})
    assert "does not begin with a step" in refused(wrong)
    circle = step(2, arguments={"x": {"$from": "/two/value"}})
    assert "in a circle" in refused(circle)
    other = override(3, what="step", step=bound("none"))
    assert "there is no step none" in refused(task.then(other))
    assert task.active.steps["one"].values == {0: 5}

    said = step(4, arguments={"y": 1})
    assert [(one.step, one.tool, one.arguments) for one in runs(said)] == [("one", B, {"y": 1})]
    assert task.active.steps["one"].how == "human"


def test_a_step_that_asks_for_more_than_is_granted_is_refused() -> None:
    step = wanting("one")
    assert step.request is not None
    request = step.request.model_copy(update={"capabilities": Capabilities(hosts=("evil:80",))})
    task = Played(given_goal(), CHAIN)
    wider = override(what="step", step=step.model_copy(update={"request": request}))

    assert "hosts: evil:80 is not granted" in refused(task.then(wider))


def test_a_build_that_no_step_waits_for_after_an_override_is_left() -> None:
    task = Played(given_goal(), planned(wanting()))
    said = task.then(override(what="tool", step="s1", tool=B, title="other@1.0"))

    assert waiters(said) == [(BUILD, "left")]
    assert [one.tool for one in runs(said)] == [B]
    assert task.then(ready(A)) == []


def test_an_answer_that_a_person_gives_is_judged_and_stays() -> None:
    task = Played(given_goal("c"), CHAIN)
    said = task.then(override(what="answer", value="forty-two"))
    (order,) = (one for one in said if isinstance(one, commands.JudgeCriteria))
    assert order.answer == "forty-two"
    end = last(task.then(ran("one", 1), judged(False)))

    assert (end.status, end.result.answer) == ("partial", "forty-two")


def test_a_judgement_of_the_answer_before_does_not_count_for_the_answer_of_a_person() -> None:
    task = Played(given_goal("c"), planned(bound("s1")), ran("s1", 3))
    assert "judge-criteria" not in kinds(task.then(override(what="answer", value=4)))
    said = task.then(judged(True))

    assert [one.answer for one in said if isinstance(one, commands.JudgeCriteria)] == [4]
    assert last(task.then(judged(True))).result.answer == 4


def test_a_verdict_goes_to_the_build_that_the_task_waits_for() -> None:
    task = Played(given_goal(), planned(wanting()))
    draft = Digest("d" * 64)
    verdict: dict[str, Any] = {"what": "verdict", "draft": draft, "verdict": "allow"}
    assert "no step waits" in refused(task.then(override(1, build="b-0", **verdict)))
    said = task.then(override(2, build=BUILD, **verdict))
    (told,) = (one for one in said if isinstance(one, events.VerdictOverridden))

    assert (told.build, told.draft, told.verdict, told.by) == (BUILD, draft, "allow", "ana")
    strict = Played(
        given_goal(), planned(wanting()), rules=RULES.model_copy(update={"overrule": False})
    )
    assert "review.overrule" in refused(strict.then(override(2, build=BUILD, **verdict)))


def test_an_override_while_a_plan_is_made_is_refused_and_while_paused_it_waits() -> None:
    task = Played(given_goal())
    result = {"what": "result", "step": "one", "value": 1}
    assert "a plan is being made" in refused(task.then(override(1, **result)))
    task.then(CHAIN, by_ana("pause", 2))
    said = task.then(override(3, **result))
    assert (taken(said).outcome, runs(said)) == ("applied", [])

    assert [one.step for one in runs(task.then(by_ana("resume", 4)))] == ["two"]


def test_an_override_of_the_last_result_does_not_end_a_paused_task_before_it_goes_on() -> None:
    task = Played(given_goal(), planned(bound("s1")), by_ana("pause", 1))
    task.then(override(2, what="result", step="s1", value=8))
    assert isinstance(task.state, Active)

    assert last(task.then(by_ana("resume", 3))).result.answer == 8


def test_an_order_that_an_override_made_needless_while_paused_is_not_sent_afterwards() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    (call,) = runs(task.said)
    task.then(by_ana("pause", 1), events.PutBack(about_key=TASK, command=call, order=1))
    task.then(override(2, what="tool", step="s1", tool=B, title="other@1.0"))

    assert [(one.tool, one.attempt) for one in runs(task.then(by_ana("resume", 3)))] == [(B, 2)]


# constrain and guide


def test_bounds_narrow_the_brief_of_everything_from_then_on() -> None:
    brief = BRIEF.model_copy(update={"max_usd": 1.0, "deadline": "2026-01-01T10:00:00Z"})
    task = Played(started(brief), planned(wanting(), bound("s2")))
    limits = Limits(wall_seconds=1, memory_mb=64)
    said = task.then(
        by_ana("constrain", bounds={"usd": 0.25, "hosts": (), "limits": limits, "autonomy": "B"})
    )

    bounds = steered(said).bounds
    assert bounds is not None
    assert (bounds.usd, bounds.hosts, bounds.limits) == (0.25, (), limits)
    (build,) = (one for one in said if isinstance(one, events.WaiterSteered))
    assert build.brief == task.active.brief
    assert (build.brief.max_usd, build.brief.autonomy) == (0.25, "B")
    (call,) = runs(task.then(ready()))
    assert call.brief.limits == limits


def test_bounds_that_are_wider_in_one_thing_change_nothing_and_each_is_named() -> None:
    brief = BRIEF.model_copy(
        update={"max_usd": 1.0, "deadline": "2026-01-01T10:00:00Z", "autonomy": "C"}
    )
    task = Played(started(brief))
    wider = {
        "usd": 2.0,
        "tokens": 5,
        "hosts": ("h:80",),
        "deadline": "2026-01-01T12:00:00+01:00",
        "autonomy": "D",
        "limits": Limits(wall_seconds=31),
    }
    told = refused(task.then(by_ana("constrain", 1, bounds=wider)))

    for part in ("usd is 1 now", "host h:80", "the deadline", "level is C", "limits.wall_seconds"):
        assert part in told
    assert "tokens" not in told
    assert task.active.brief == brief
    assert "no moment" in refused(task.then(by_ana("constrain", 2, bounds={"deadline": "soon"})))
    assert "no bound" in refused(task.then(by_ana("constrain", 3)))


def test_a_hint_stands_in_what_comes_next_and_its_receipt_is_told_once() -> None:
    task = Played(given_goal(), planned(wanting()))
    said = task.then(by_ana("guide", hint=" use commas "))
    (build,) = (one for one in said if isinstance(one, events.WaiterSteered))
    assert [(one.id, one.by, one.text) for one in build.brief.hints] == [
        ("v1", "ana", "use commas")
    ]
    receipt = events.GuidanceTaken(
        about_key=BUILD, task=TASK, hints=("v1",), of="draft-tool", model="m"
    )
    task.then(receipt, receipt)

    assert task.active.told.count("the advice of ana reached draft-tool of m") == 1
    assert "use commas" in task.active.human[0]


def test_hints_are_bounded_in_number_and_size() -> None:
    task = Played(given_goal())
    assert "characters" in refused(task.then(by_ana("guide", 0, hint="x" * 2001)))
    assert "says nothing" in refused(task.then(by_ana("guide", 99, hint=" ")))
    for n in range(1, 21):
        task.then(by_ana("guide", n, hint="x"))
    assert "the most it takes" in refused(task.then(by_ana("guide", 50, hint="x")))


def test_a_person_who_steps_in_sends_no_order_into_a_task_that_has_not_begun() -> None:
    state, said = advance(RULES, lambda _: "", New(), by_ana("guide", hint="x"))

    assert state == New(taken=("v1",))
    assert not [one for one in said if isinstance(one, Command)]
