"""Whatever arrives, in whatever order and however often: what always holds of a task."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from task_play import (
    BUILD,
    RULES,
    TASK,
    A,
    B,
    bound,
    broke,
    given_goal,
    good,
    judged,
    planned,
    ran,
    ready,
    wanting,
)

from toolguild.agent import Record
from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Limits
from toolguild.messages import Brief, Command, Event, Message, commands, events
from toolguild.messages.narrow import moment
from toolguild.policy.model import Escalation
from toolguild_planner.serving import item_id
from toolguild_planner.state import Active, New, Over, Task
from toolguild_planner.task import advance

steps = st.sampled_from(["s1", "s2", "each"])
tools = st.sampled_from([A, B])
attempts = st.integers(1, 3)
any_plan = st.lists(
    st.one_of(
        st.builds(lambda tool: wanting("s1", (tool,)), tools),
        st.builds(lambda tool: bound("s2", tool, arguments={"x": {"$from": "/s1/value"}}), tools),
        st.builds(lambda tool: bound("each", tool, foreach=[1, 2]), tools),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda step: step.id,
).filter(lambda plan: not any(s.id == "s2" for s in plan) or any(s.id == "s1" for s in plan))
any_event: st.SearchStrategy[Event] = st.one_of(
    st.just(given_goal("c")),
    st.builds(lambda plan, n: planned(*plan, attempt=n), any_plan, attempts),
    st.builds(
        lambda tool, passed, n: events.ToolTried(
            task=TASK, step="s1", attempt=n, tool=tool, title="t@1.0", passed=passed
        ),
        tools,
        st.booleans(),
        attempts,
    ),
    st.builds(ready, tools),
    st.builds(
        lambda step, tool, item, n: ran(step, 1, tool, item).model_copy(update={"attempt": n}),
        steps,
        tools,
        st.sampled_from([None, 0, 1]),
        attempts,
    ),
    st.builds(broke, steps, tools, st.sampled_from([None, 1])),
    st.builds(
        lambda of, step, n: events.WorkFailed(
            about_key=TASK, of=of, ref=f"{n}:{step}:0", code="failed", reason="r"
        ),
        st.sampled_from(["run-tool", "try-tool", "make-plan", "judge-criteria"]),
        steps,
        attempts,
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(any_event, max_size=25))
def test_whatever_arrives_a_task_ends_at_most_once_and_runs_only_tools_it_was_given(
    history: Sequence[Event],
) -> None:
    state: Task = New()
    ended, offered = 0, set[Digest]()
    for event in history:
        match event:
            case events.PlanMade(plan=plan):
                offered |= {step.tool for step in plan.steps if step.tool}
            case events.ToolReady(tool=tool) | events.ToolTried(tool=tool, passed=True):
                offered.add(tool)
        before = state
        state, said = advance(RULES, good, state, event)
        ended += sum(isinstance(message, events.TaskEnded) for message in said)
        assert {m.tool for m in said if isinstance(m, commands.RunTool)} <= offered
        assert not isinstance(before, Over) or (state == before and not said)
    assert ended == isinstance(state, Over)
    record = Record[Task](state=state)
    assert Record[Task].model_validate_json(record.model_dump_json()) == record


bounds = st.fixed_dictionaries(
    {},
    optional={
        "usd": st.sampled_from([0.0, 0.5, 1.0, 2.0]),
        "tokens": st.sampled_from([1, 1000, 2000]),
        "model_calls": st.integers(0, 20),
        "cpu_seconds": st.sampled_from([1.0, 50.0]),
        "hosts": st.sampled_from([(), ("a:80",), ("b:80",), ("a:80", "x:80")]),
        "deadline": st.sampled_from(
            ["2026-01-01T09:00:00Z", "2026-01-01T11:00:00+00:00", "2026-01-01T09:30:00", "soon"]
        ),
        "autonomy": st.sampled_from(list("ABCD")),
        "limits": st.builds(
            Limits, wall_seconds=st.sampled_from([1.0, 60.0]), memory_mb=st.sampled_from([64, 4096])
        ),
    },
)
overrides: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda step: {"what": "step", "step": step}, st.builds(bound, steps, tools)),
    st.just({"what": "step", "step": wanting("s1")}),
    st.builds(
        lambda step, tool: {"what": "tool", "step": step, "tool": tool, "title": "o@1.0"},
        steps,
        tools,
    ),
    st.builds(
        lambda step, value: {"what": "result", "step": step, "value": value},
        steps,
        st.sampled_from([1, [1, 2]]),
    ),
    st.just({"what": "answer", "value": 5}),
    st.just({"what": "verdict", "build": BUILD, "draft": A, "verdict": "allow"}),
)


def person(action: str, n: int, **more: Any) -> events.Intervened:
    return events.Intervened.model_validate(
        {"task": TASK, "action": action, "by": "ana", "id": f"v{n}"} | more
    )


ids = st.integers(1, 12)
moments = st.sampled_from(["", "soon", *(f"2026-01-01T08:{n:02}:00Z" for n in range(0, 60, 7))])
interventions: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda n, at, freeze: person("pause", n, at=at, freeze=freeze), ids, moments, st.booleans()
    ),
    st.builds(lambda n, at: person("resume", n, at=at), ids, moments),
    st.builds(lambda n, at: person("resume", n, at=at), ids, moments),
    st.builds(lambda n, what: person("override", n, override=what), ids, overrides),
    st.builds(lambda n, what: person("constrain", n, bounds=what), ids, bounds),
    st.builds(lambda n: person("guide", n, hint="more"), ids),
    st.builds(lambda n: person("cancel", n), st.integers(100, 103)),
)
questions = st.sampled_from(
    [
        ("run", item_id(TASK, "run", A)),
        ("run", item_id(TASK, "run", B)),
        *(
            ("exception", item_id(TASK, "exception", one))
            for one in ("time", "impact", "confidence")
        ),
        ("exception", item_id(TASK, "exception", "anomaly", A)),
        ("exception", item_id(TASK, "exception", "interrupted", "s1", "1", "0")),
    ]
)
human_events: st.SearchStrategy[Event] = st.one_of(
    interventions,
    interventions,
    st.builds(
        lambda which, approved: events.TaskDecided.model_validate(
            {"task": TASK, "item": which[1], "purpose": which[0], "approved": approved, "by": "eva"}
        ),
        questions,
        st.booleans(),
    ),
    st.builds(
        lambda step, tool, item, n: events.RunHeld(
            task=TASK, step=step, tool=tool, item=item, attempt=n, title="t@1.0", why="level A"
        ),
        steps,
        tools,
        st.sampled_from([None, 0, 1]),
        attempts,
    ),
    st.builds(
        lambda step, n: events.WorkFailed(
            about_key=TASK, of="run-tool", ref=f"{n}:{step}:0", code="interrupted", reason="r"
        ),
        steps,
        attempts,
    ),
    st.just(events.TimeCame(about_key=TASK, note="slow", after=600)),
    st.builds(judged, st.sampled_from([True, False, None])),
    st.just(events.GuidanceTaken(about_key=TASK, task=TASK, hints=("v1",), of="make-plan")),
    st.just("put back"),  # stands for a PutBack of what was ordered last
)
WITHIN = Brief(
    task=TASK,
    max_usd=1.0,
    max_tokens=1000,
    max_model_calls=10,
    deadline="2026-01-01T10:00:00Z",
    autonomy="C",
)
GRANTED = Capabilities(hosts=("a:80", "b:80"))
HOLDING = RULES.model_copy(
    update={
        "replans": 3,
        "granted": GRANTED,
        "watch": True,
        "audit_share": {"B": 1.0, "C": 1.0},
        "incidents": ("error",),
        "escalation": Escalation.model_validate(
            {name: one | {"hold": True} for name, one in Escalation().model_dump().items()}
        ),
    }
)


def assert_within(new: Brief, old: Brief, paused: float) -> None:
    """Fail if anything of a brief is wider than it was; the deadline may move by what pauses lasted."""
    for name in ("max_usd", "max_tokens", "max_model_calls", "max_cpu_seconds"):
        before, after = getattr(old, name), getattr(new, name)
        assert before is None or (after is not None and after <= before)
    assert new.autonomy <= old.autonomy
    limits, known = new.limits, old.limits or GRANTED.limits
    assert limits is None if old.limits is None and new.limits is None else limits is not None
    assert limits is None or limits == limits.meet(known)
    hosts = GRANTED.hosts if old.hosts is None else old.hosts
    assert old.hosts is None or new.hosts is not None
    assert new.hosts is None or set(new.hosts) <= set(hosts)
    assert new.deadline is not None
    assert old.deadline is not None
    assert (moment(new.deadline) - moment(old.deadline)).total_seconds() <= paused


def briefs(said: Sequence[Message]) -> list[Brief]:
    found = (getattr(one, "brief", None) for one in said)
    return [one for one in found if isinstance(one, Brief)]


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(any_event, human_events), max_size=40))
def test_whatever_people_do_a_task_ends_at_most_once_and_nothing_is_ever_widened(
    history: Sequence[Event],
) -> None:
    begun = events.GoalGiven(task=TASK, brief=WITHIN, goal=given_goal("c").goal)
    state: Task = New()
    ended, brief, orders = 0, WITHIN, list[Command]()
    answered = set[str]()
    for event in (begun, *history):
        if not isinstance(event, Event):
            if not orders:
                continue
            event = events.PutBack(about_key=TASK, command=orders[-1], order=1)
        before = state
        state, said = advance(HOLDING, good, state, event)
        orders += [one for one in said if isinstance(one, Command)]
        ended += sum(isinstance(message, events.TaskEnded) for message in said)
        if isinstance(state, Active):
            if state.held is not None:
                record = Record[Task](state=state)
                assert Record[Task].model_validate_json(record.model_dump_json()) == record
                assert not [one for one in said if isinstance(one, Command | events.ToolWanted)]
            paused = (
                3600.0 if isinstance(event, events.Intervened) and event.action == "resume" else 0
            )
            assert_within(state.brief, brief, paused)
            brief = state.brief
            assert all(one == state.brief for one in briefs(said))
        if isinstance(event, events.Intervened):
            told = [one for one in said if isinstance(one, events.InterventionTaken)]
            assert len(told) == (event.id not in answered)
            answered.add(event.id)
            if told and told[0].outcome == "refused" and isinstance(before, Active):
                assert isinstance(state, Active)
                assert state.model_copy(update={"taken": ()}) == before.model_copy(
                    update={"taken": ()}
                )
    assert ended == isinstance(state, Over)
    deadline = (moment(brief.deadline or "") - moment(WITHIN.deadline or "")).total_seconds()
    assert deadline <= 56 * 60  # all that pauses can have lasted together, by the moments they name


@settings(max_examples=100, deadline=None)
@given(bounds, bounds)
def test_an_intervention_that_constrains_is_applied_whole_or_not_at_all(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    begun = events.GoalGiven(task=TASK, brief=WITHIN, goal=given_goal().goal)
    state: Task = advance(HOLDING, good, New(), begun)[0]
    for n, said in enumerate((first, second)):
        assert isinstance(state, Active)
        before = state.brief
        state, messages = advance(HOLDING, good, state, person("constrain", n, bounds=said))
        assert isinstance(state, Active)
        answer = messages[0]
        assert isinstance(answer, events.InterventionTaken)
        assert_within(state.brief, before, 0)
        if answer.outcome == "refused":
            assert state.brief == before
            continue
        for name, field in (("usd", "max_usd"), ("hosts", "hosts"), ("limits", "limits")):
            if name in said:
                assert getattr(state.brief, field) == said[name]
