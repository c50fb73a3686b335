"""What a task asks a person, when, and what becomes of it. Messages in, messages out."""

from collections.abc import Sequence
from typing import Any

import pytest
from task_play import (
    BUILD,
    RULES,
    SPEC,
    TASK,
    A,
    B,
    Played,
    bound,
    broke,
    by_ana,
    decided,
    failed_work,
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

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.messages import Brief, Event, ItemId, Message, TaskId, commands, events
from toolguild.policy import Policy
from toolguild.policy.model import Escalation
from toolguild.sandbox.interface import Usage
from toolguild.tool import Draft, Provenance
from toolguild_planner.finding import build_of
from toolguild_planner.rules import Rules
from toolguild_planner.serving import chosen
from toolguild_planner.state import Active, Over


def asked(said: Sequence[Message], purpose: str) -> list[events.DecisionAsked]:
    every = [one for one in said if isinstance(one, events.DecisionAsked)]
    return [one for one in every if one.ask.purpose == purpose]


def run_held(step: str, tool: Digest = A, item: int | None = None) -> events.RunHeld:
    return events.RunHeld(
        task=TASK, step=step, item=item, tool=tool, title="t@1.0", why="level A", risk="high"
    )


# a run that waits for a person


def test_a_tool_that_needs_a_persons_yes_is_asked_for_once_and_then_runs_with_the_name() -> None:
    each = bound("each", foreach=[1, 2], arguments={"x": {"$item": ""}})
    task = Played(given_goal(), planned(each, bound("more"), answer=1))
    said = task.then(run_held("each", item=0), run_held("each", item=1), run_held("more"))
    (question,) = asked(said, "run")
    assert (question.ask.tool, question.ask.risk, question.ask.blocks) == (A, "high", True)
    assert kinds(said) == ["decision-asked"]  # and nothing is tried in the meantime

    again = runs(task.then(decided(question.item, "run", True)))
    assert [(one.step, one.item, one.approved_by) for one in again] == [
        ("each", 0, "eva"),
        ("each", 1, "eva"),
        ("more", None, "eva"),
    ]
    end = last(task.then(ran("each", 1, item=0), ran("each", 2, item=1), ran("more", 3)))
    assert end.result.human == ("eva let t@1.0 run: seen",)
    assert "item-withdrawn" not in kinds(task.said)


def test_later_calls_of_an_approved_tool_go_out_with_the_approval() -> None:
    plan = planned(bound("one"), bound("two", arguments={"x": {"$from": "/one/value"}}))
    task = Played(given_goal(), plan)
    (question,) = asked(task.then(run_held("one")), "run")
    task.then(decided(question.item, "run", True))
    (call,) = runs(task.then(ran("one", 1)))

    assert call.approved_by == "eva"


def test_a_call_held_although_it_was_approved_is_a_new_question_and_no_endless_loop() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    (first,) = asked(task.then(run_held("s1")), "run")
    task.then(decided(first.item, "run", True))
    said = task.then(run_held("s1"))
    (second,) = asked(said, "run")

    assert runs(said) == []
    assert second.item != first.item
    assert len(runs(task.then(decided(second.item, "run", True)))) == 1


def test_a_tool_that_a_person_does_not_let_run_is_barred_and_planned_without() -> None:
    task = Played(given_goal(), planned(wanting(), answer=1), ready(A))
    (question,) = asked(task.then(run_held("s1")), "run")
    said = task.then(decided(question.item, "run", False))
    (order,) = (one for one in said if isinstance(one, commands.MakePlan))
    assert "eva did not let t@1.0 run: seen" in order.complaints[0]

    said = task.then(planned(wanting(), attempt=2))
    assert [one.barred for one in said if isinstance(one, events.ToolWanted)] == [(A,)]


def test_a_task_whose_every_plan_a_person_refuses_ends_as_refused() -> None:
    once = RULES.model_copy(update={"replans": 0})
    task = Played(given_goal(), planned(bound("s1")), rules=once)
    (question,) = asked(task.then(run_held("s1")), "run")

    assert last(task.then(decided(question.item, "run", False))).status == "refused"


def test_a_question_that_is_still_open_at_the_end_is_withdrawn() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    (question,) = asked(task.then(run_held("s1")), "run")
    said = task.then(by_ana("cancel"))

    assert [one.item for one in said if isinstance(one, events.ItemWithdrawn)] == [question.item]


def test_a_decision_while_paused_runs_the_call_after_the_pause() -> None:
    task = Played(given_goal(), planned(bound("s1")), by_ana("pause", 1))
    (question,) = asked(task.then(run_held("s1")), "run")
    assert runs(task.then(decided(question.item, "run", True))) == []

    assert [one.approved_by for one in runs(task.then(by_ana("resume", 2)))] == ["eva"]


def test_decisions_that_nobody_asked_for_change_nothing() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    (question,) = asked(task.then(run_held("s1")), "run")
    task.then(decided(question.item, "run", True))
    before = task.state
    strange = decided(question.item, "run", False)

    assert task.then(strange, decided(question.item, "exception", False)) == []
    assert task.state == before


# an interrupted call


def test_an_interrupted_call_is_never_repeated_before_a_person_says_so() -> None:
    task = Played(given_goal(), planned(bound("s1"), bound("s2"), answer=1))
    said = task.then(failed_work("run-tool", "1:s1:0", "interrupted"))
    (question,) = asked(said, "exception")
    (told,) = (one for one in said if isinstance(one, events.Escalated))
    assert (told.rule, told.holds, told.item) == ("impact", True, question.item)
    assert runs(said) == []
    assert task.then(ran("s2", 2)) == []

    said = task.then(decided(question.item, "exception", True))
    assert [(one.step, one.again) for one in runs(said)] == [("s1", question.item)]
    assert last(task.then(ran("s1", 1))).status == "succeeded"


def test_an_interrupted_call_that_a_person_gives_up_fails_its_step() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    said = task.then(failed_work("run-tool", "1:s1:0", "interrupted"))
    (question,) = asked(said, "exception")
    said = task.then(decided(question.item, "exception", False))

    assert kinds(said) == ["steered", "make-plan"]
    assert isinstance(task.state, Active)


# escalation


def escalating(rule: str, **more: Any) -> Rules:
    """Rules of which one asks for attention, and holds."""
    every = Escalation().model_dump()
    rules = {name: one | {"on": name == rule, "hold": True} for name, one in every.items()}
    rules[rule] |= more
    return RULES.model_copy(update={"escalation": Escalation.model_validate(rules)})


def confident(said: float | None) -> events.ToolReady:
    return ready().model_copy(update={"confidence": said})


def used(cpu: float, memory: float = 10) -> events.ToolRan:
    now = Usage(wall_seconds=cpu, cpu_seconds=cpu, peak_memory_mb=memory)
    tests = Usage(wall_seconds=0.1, cpu_seconds=0.1, peak_memory_mb=30)
    return ran("s1", 3).model_copy(update={"used": now, "measured": tests})


def asking(**capabilities: Any) -> events.PlanMade:
    request = SPEC.model_copy(update={"capabilities": Capabilities(**capabilities)})
    return planned(wanting().model_copy(update={"request": request}))


SLOW = events.TimeCame(about_key=TASK, note="slow", after=600)
DOWN = events.TimeCame(about_key=TASK, note="retention", after=600)
RUNS = (given_goal(), planned(bound("s1")))
CASES: list[tuple[str, tuple[Event, ...], Event, Event]] = [
    ("confidence", (given_goal(), planned(wanting())), confident(0.2), confident(0.3)),
    ("confidence", (given_goal(), planned(wanting())), confident(0.0), confident(None)),
    ("anomaly", RUNS, used(5.5), used(1.9)),  # 55 times as much, but less than five seconds
    ("anomaly", RUNS, used(0, 700), used(0, 500)),
    ("impact", (given_goal(),), asking(hosts=("h:80",)), asking(read=("*",))),
    ("impact", (given_goal(),), asking(programs=("sh",)), planned(wanting())),
    ("time", RUNS, SLOW, DOWN),
    ("uncertainty", (given_goal("c"), *RUNS[1:], ran("s1", 3)), judged(None), judged(True)),
]


@pytest.mark.parametrize(("rule", "before", "sets_off", "does_not"), CASES)
def test_each_rule_asks_for_attention_at_its_threshold_and_not_below(
    rule: str, before: tuple[Event, ...], sets_off: Event, does_not: Event
) -> None:
    rules = escalating(rule)
    quiet = Played(*before, does_not, rules=rules)
    assert not asked(quiet.said, "exception")

    task = Played(*before, rules=rules)
    said = task.then(sets_off)
    (question,) = asked(said, "exception")
    (told,) = (one for one in said if isinstance(one, events.Escalated))
    assert (told.rule, told.holds, told.item) == (rule, True, question.item)
    assert (question.ask.rule, question.ask.blocks) == (rule, True)
    assert [one.state for one in said if isinstance(one, events.Steered)] == ["paused"]
    assert task.active.held is not None
    if rule != "time":
        assert task.active.queue == (sets_off,)

    said = task.then(decided(question.item, "exception", True))
    assert next(one.state for one in said if isinstance(one, events.Steered)) == "going"
    assert not asked(said, "exception")


@pytest.mark.parametrize(("rule", "before", "sets_off", "does_not"), CASES)
def test_a_person_who_rejects_what_a_rule_held_ends_the_task(
    rule: str, before: tuple[Event, ...], sets_off: Event, does_not: Event
) -> None:
    task = Played(*before, rules=escalating(rule))
    (question,) = asked(task.then(sets_off), "exception")
    end = last(task.then(decided(question.item, "exception", False)))

    assert end.status == "cancelled"
    assert end.result.reason.startswith("cancelled by eva: ")
    assert end.result.reason.endswith(": seen")


@pytest.mark.parametrize(("rule", "before", "sets_off", "does_not"), CASES)
def test_a_rule_that_does_not_hold_only_asks_and_one_that_is_off_does_not(
    rule: str, before: tuple[Event, ...], sets_off: Event, does_not: Event
) -> None:
    loose = Played(*before, rules=escalating(rule, hold=False))
    said = loose.then(sets_off)
    (question,) = asked(said, "exception")
    assert not question.ask.blocks
    assert isinstance(loose.state, Over) or loose.active.held is None
    off = Played(*before, sets_off, rules=escalating(rule, on=False))
    assert not asked(off.said, "exception")


def test_an_expired_question_that_held_nothing_does_not_end_the_task() -> None:
    task = Played(*RUNS, rules=escalating("time", hold=False))
    (question,) = asked(task.then(SLOW), "exception")
    task.then(decided(question.item, "exception", False, by="policy"))

    assert isinstance(task.state, Active)


def test_a_rule_asks_once_for_a_task_and_an_anomaly_once_for_each_tool() -> None:
    rules = escalating("anomaly", hold=False)
    each = bound("s1", foreach=[1, 2, 3], arguments={"x": {"$item": ""}})
    task = Played(given_goal(), planned(each), rules=rules)
    said = task.then(*(used(9).model_copy(update={"item": n}) for n in range(3)))
    assert len(asked(said, "exception")) == 1

    slow = Played(*RUNS, SLOW, SLOW, rules=escalating("time", hold=False))
    assert len(asked(slow.said, "exception")) == 1


def test_a_plan_with_many_steps_reaches_far() -> None:
    plan = planned(*(bound(f"s{n}") for n in range(4)))
    task = Played(given_goal(), plan, rules=escalating("impact", steps=3))

    assert "it has 4 steps" in asked(task.said, "exception")[0].ask.why


def test_two_reasons_to_wait_both_have_to_be_over_before_it_goes_on() -> None:
    task = Played(*RUNS, by_ana("pause", 1), rules=escalating("time"))
    assert task.then(SLOW) == []  # time does not count while it stands still
    said = task.then(by_ana("resume", 2))
    (question,) = asked(said, "exception")
    task.then(by_ana("pause", 3), decided(question.item, "exception", True))
    assert task.active.held is not None
    assert last(task.then(by_ana("resume", 4), ran("s1", 3))).status == "succeeded"


def test_a_person_cannot_resume_past_an_open_decision() -> None:
    task = Played(*RUNS, SLOW, rules=escalating("time"))
    (answer,) = (
        one for one in task.then(by_ana("resume")) if isinstance(one, events.InterventionTaken)
    )

    assert (answer.outcome, "waits for a decision" in answer.detail) == ("refused", True)


def test_a_task_is_told_by_a_timer_when_it_takes_long() -> None:
    task = Played(given_goal(), rules=escalating("time", seconds=77))

    assert events.TimeCame(about_key=TASK, note="slow", after=77) in task.said
    assert "time-came" not in kinds(Played(given_goal(), rules=escalating("impact")).said)


# watching, looking afterwards, trust


def at_level(level: str, task: str = TASK) -> events.GoalGiven:
    brief = Brief(task=TaskId(task), autonomy=level)
    return given_goal().model_copy(update={"task": TaskId(task), "brief": brief})


WATCHING = RULES.model_copy(update={"watch": True})


def test_a_task_at_level_b_is_in_the_inbox_while_it_runs() -> None:
    task = Played(at_level("B"), planned(bound("s1")), rules=WATCHING)
    (item,) = asked(task.said, "watch")
    assert not item.ask.blocks
    said = task.then(ran("s1", 3))

    assert [one.item for one in said if isinstance(one, events.ItemWithdrawn)] == [item.item]
    for level in "ACD":
        assert not asked(Played(at_level(level), rules=WATCHING).said, "watch")
    assert not asked(Played(at_level("B")).said, "watch")


def test_a_task_that_a_person_takes_down_to_level_b_is_watched_from_then_on() -> None:
    task = Played(at_level("D"), rules=WATCHING)
    said = task.then(by_ana("constrain", bounds={"autonomy": "B"}))

    assert len(asked(said, "watch")) == 1


def test_the_policys_share_of_ended_tasks_is_looked_at_and_always_the_same_ones() -> None:
    names = [TaskId(f"t-{n:x}") for n in range(2000)]
    drawn = [one for one in names if chosen(one, 0.05)]
    assert 60 < len(drawn) < 140
    assert drawn == [one for one in names if chosen(one, 0.05)]
    assert all(chosen(one, 1.0) for one in names)
    assert not any(chosen(one, 0.0) for one in names)

    rules = RULES.model_copy(update={"audit_share": {"C": 1.0}})
    task = Played(at_level("C"), planned(bound("s1"), bound("s2", B)), rules=rules)
    (item,) = asked(task.then(ran("s1", 1), ran("s2", 2, B)), "audit")
    assert (item.ask.blocks, set(item.ask.tools)) == (False, {A, B})
    other = Played(at_level("D"), planned(bound("s1")), ran("s1", 1), rules=rules)
    assert not asked(other.said, "audit")


def test_each_tool_that_did_its_part_is_told_to_the_trust_once_with_its_calls() -> None:
    each = bound("s1", foreach=[1, 2], arguments={"x": {"$item": ""}})
    task = Played(given_goal(), planned(each, bound("s2"), bound("s3", B)))
    said = task.then(ran("s1", 1, item=0), ran("s1", 2, item=1), ran("s2", 1), ran("s3", 2, B))
    told = [one for one in said if isinstance(one, events.ToolServed)]
    assert {(one.tool, one.calls, one.verified) for one in told} == {(A, 3, True), (B, 1, True)}

    cancelled = Played(given_goal(), planned(bound("s1"), bound("s2", B)), ran("s1", 1))
    said = cancelled.then(by_ana("cancel"))
    (one,) = (one for one in said if isinstance(one, events.ToolServed))
    assert (one.tool, one.verified) == (A, False)


def test_a_result_that_a_person_gave_earns_no_tool_any_trust() -> None:
    task = Played(given_goal(), planned(bound("s1")))
    said = task.then(by_ana("override", override={"what": "result", "step": "s1", "value": 1}))

    assert "tool-served" not in kinds(said)


def test_a_call_that_ended_as_none_may_is_an_incident_at_once_even_when_late_or_paused() -> None:
    rules = RULES.model_copy(update={"incidents": ("forged",)})
    forged = broke("s1").model_copy(update={"outcome": "forged"})

    def incident(said: Sequence[Message]) -> list[tuple[Digest, str, str]]:
        return [
            (one.tool, one.title, one.by) for one in said if isinstance(one, events.IncidentSeen)
        ]

    task = Played(*RUNS, rules=rules)
    assert incident(task.then(forged)) == [(A, "t@1.0", "executor")]
    paused = Played(*RUNS, by_ana("pause"), rules=rules)
    assert incident(paused.then(forged)) == [(A, "t@1.0", "executor")]
    assert incident(paused.then(by_ana("resume", 2))) == []
    over = Played(*RUNS, by_ana("cancel"), rules=rules)
    assert incident(over.then(forged)) == [(A, "", "executor")]
    assert incident(Played(*RUNS, broke("s1"), rules=rules).said) == []


def test_the_rules_of_a_task_are_those_of_the_policy() -> None:
    policy = Policy.default()
    rules = Rules.of(policy)

    assert rules.replans == policy.task.replans
    assert rules.calls_at_once == policy.task.calls_at_once
    assert rules.incidents == policy.autonomy.trust.incidents
    assert rules.granted == policy.capabilities
    assert (rules.watch, rules.audit_share) == (True, policy.checkpoints.audit_share)


# going in circles


def test_plans_that_go_to_and_fro_end_as_stuck_with_what_is_there() -> None:
    rules = RULES.model_copy(update={"replans": 5})
    one, two = bound("s1"), bound("s2")
    task = Played(given_goal(), planned(bound("s0"), one), ran("s0", 7), rules=rules)
    task.then(failed_work("run-tool", "1:s1:0"))
    task.then(planned(bound("s0"), two, attempt=2), failed_work("run-tool", "2:s2:0", "refused"))
    # refused: a tool was barred, so that going back to the first plan is something new
    said = task.then(planned(bound("s0"), one, attempt=3))
    assert "task-ended" not in kinds(said)

    task = Played(given_goal(), planned(bound("s0"), one), ran("s0", 7), rules=rules)
    task.then(failed_work("run-tool", "1:s1:0"))
    task.then(planned(bound("s0"), two, attempt=2), failed_work("run-tool", "2:s2:0"))
    again = one.model_copy(update={"purpose": "said in other words"})
    end = last(task.then(planned(bound("s0"), again, attempt=3)))
    assert (end.status, end.result.steps[0].value) == ("stuck", 7)
    assert "to and fro" in end.result.reason


def test_the_same_complaint_with_nothing_new_known_ends_as_stuck_and_a_hint_is_new() -> None:
    def turn(attempt: int) -> tuple[Event, ...]:
        return (
            planned(bound("s1"), attempt=attempt),
            failed_work("run-tool", f"{attempt}:s1:0"),
        )

    rules = RULES.model_copy(update={"replans": 5})
    stuck = Played(given_goal(), *turn(1), *turn(2), rules=rules)
    assert last(stuck.said).status == "stuck"
    assert "nothing new is known" in last(stuck.said).result.reason
    told = Played(given_goal(), *turn(1), by_ana("guide", hint="try"), *turn(2), rules=rules)
    assert isinstance(told.state, Active)
    other = Played(
        given_goal("c"),
        planned(bound("s1")),
        ran("s1", 1),
        judged(False, evidence="9 words"),
        planned(bound("s2"), attempt=2),
        ran("s2", 2).model_copy(update={"attempt": 2}),
        judged(False, evidence="9 words"),
        rules=rules,
    )
    assert isinstance(other.state, Active)  # there is another value to plan with


def test_the_best_attempt_of_a_build_that_gave_up_is_in_the_result() -> None:
    best = Draft(
        name="total",
        language="python",
        entry="total",
        source="def total(xs): return 0",
        description="",
        input_schema={},
        output_schema={},
        declared=Capabilities(),
        provenance=Provenance(
            task=TASK,
            build=BUILD,
            agent="synthesizer",
            model="m",
            model_source="scripted",
            prompt=Digest("0" * 64),
        ),
    )
    denied = events.ToolDenied(task=TASK, build=BUILD, code="stuck", reason="r", best=best)
    once = RULES.model_copy(update={"replans": 0})
    end = last(Played(given_goal(), planned(wanting()), denied, rules=once).said)

    assert (end.status, end.result.best) == ("stuck", best)


def test_a_build_that_was_cancelled_is_no_cancelled_task() -> None:
    denied = events.ToolDenied(task=TASK, build=BUILD, code="cancelled", reason="r")
    once = RULES.model_copy(update={"replans": 0})

    assert (
        last(Played(given_goal(), planned(wanting()), denied, rules=once).said).status == "failed"
    )


def test_builds_that_a_new_plan_or_the_end_does_not_need_are_left() -> None:
    left = events.WaiterSteered
    task = Played(given_goal(), planned(wanting(), bound("s2")))
    task.then(failed_work("run-tool", "1:s2:0"))
    said = task.then(planned(bound("s3"), attempt=2))
    assert [one.build for one in said if isinstance(one, left)] == [BUILD]

    task = Played(given_goal(), planned(wanting(), bound("s2")))
    said = task.then(failed_work("run-tool", "1:s2:0", "out_of_budget"))
    assert [(one.build, one.state) for one in said if isinstance(one, left)] == [(BUILD, "left")]
    assert [one.state for one in said if isinstance(one, events.Steered)] == ["ended"]


# a task that goes on from another one


def fork(**more: Any) -> events.TaskForked:
    plan = planned(
        bound("one"),
        bound("two", arguments={"x": {"$from": "/one/value"}}),
        wanting("three"),
        answer={"$from": "/two/value"},
    ).plan
    kept = {"step": "one", "tool": A, "title": "t@1.0", "how": "made", "values": {0: 5}}
    return events.TaskForked.model_validate(
        {
            "task": TASK,
            "of": "t-0",
            "at_step": "two",
            "brief": Brief(task=TASK, model="other"),
            "goal": given_goal().goal,
            "plan": plan,
            "kept": (kept,),
        }
        | more
    )


def test_a_forked_task_keeps_what_was_done_and_does_the_rest_anew_under_its_own_brief() -> None:
    task = Played(fork())
    assert kinds(task.said) == ["time-came", "tool-wanted", "run-tool"]
    (call,) = runs(task.said)
    assert (call.step, call.arguments, call.brief.model) == ("two", {"x": 5}, "other")
    end = last(task.then(ran("two", 6), ready(B), ran("three", 0, B)))

    assert (end.status, end.result.answer) == ("succeeded", 6)
    assert end.result.events[0] == "goes on from step two of t-0"
    assert [one.how for one in end.result.steps] == ["made", "bound", "made"]
    assert task.then(fork()) == []


def test_a_fork_whose_plan_asks_for_more_than_is_granted_ends_before_anything_runs() -> None:
    step = wanting("one")
    assert step.request is not None
    request = step.request.model_copy(update={"capabilities": Capabilities(hosts=("h:80",))})
    step = step.model_copy(update={"request": request})
    task = Played(fork(plan=planned(step).plan, kept=()))

    assert last(task.said).status == "failed"
    assert "hosts: h:80 is not granted" in last(task.said).result.reason
    assert build_of(request) not in [getattr(one, "build", None) for one in task.said]


# the time that people take


def waited(item: ItemId, purpose: str, since: str, until: str) -> events.TaskDecided:
    said = decided(item, purpose, True)
    return said.model_copy(update={"asked_at": since, "decided_at": until})


def begun() -> Played:
    goal = given_goal()
    brief = goal.brief.model_copy(update={"deadline": "2026-01-01T10:00:00+00:00"})
    return Played(goal.model_copy(update={"brief": brief}), planned(wanting()))


def test_the_time_that_a_person_takes_for_a_draft_moves_the_deadline_and_its_builds_are_told() -> (
    None
):
    task = begun()
    said = task.then(waited(ItemId("i-1"), "draft", "2026-01-01T09:00:00Z", "2026-01-01T12:00:00Z"))

    moved = "2026-01-01T13:00:00.000+00:00"
    assert task.active.brief.deadline == moved
    (told,) = [one for one in said if isinstance(one, events.WaiterSteered)]
    assert told.brief.deadline == moved


def test_no_time_counts_twice_and_what_did_not_hold_the_task_moves_nothing() -> None:
    task = begun()
    task.then(
        waited(ItemId("i-1"), "draft", "2026-01-01T09:00:00Z", "2026-01-01T09:30:00Z"),
        waited(ItemId("i-2"), "draft", "2026-01-01T09:10:00Z", "2026-01-01T09:40:00Z"),
    )

    assert task.active.brief.deadline == "2026-01-01T10:40:00.000+00:00"
    assert begun().then(waited(ItemId("i-3"), "draft", "", "2026-01-01T09:40:00Z")) == []
