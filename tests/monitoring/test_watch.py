"""What is usual for a tool is learned from its runs; what is not is told, and may take it out of use."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from bench.monitoring import BAD, measure, ran
from hypothesis import given as forall
from hypothesis import strategies as st

from toolguild.agent import Process
from toolguild.messages import Message, commands, events
from toolguild.messages.events import ToolRan
from toolguild.policy import Autonomy, Policy, TrustRules, Webhook
from toolguild.policy.model import Layers, MonitoringRules
from toolguild.sandbox.interface import Fault, Request, Seen, Usage
from toolguild_auditor.baseline import NAMES
from toolguild_auditor.notice import channels
from toolguild_auditor.watch import Watched, watch_process

HOST = Request("api.example", 443, "CONNECT", "allowed", 9, 9, 0.1)
EVIL = Request("evil.example", 443, "CONNECT", "denied", 9, 0, 0.1)


def process(**rules: Any) -> Process[Watched]:
    return watch_process(Policy(monitoring=MonitoringRules(**rules)))


def after(of: Process[Watched], *runs: ToolRan) -> tuple[Watched, list[Message]]:
    state, said = of.start, list[Message]()
    for one in runs:
        state, more = of.advance(state, one)
        said += more
    return state, said


def usual(count: int = 5, seconds: float = 0.5, mb: float = 50, given: int = 1000) -> list[ToolRan]:
    return [ran(number, seconds, mb, given) for number in range(count)]


def told(said: Sequence[Message]) -> list[str]:
    return [one.rule for one in said if isinstance(one, events.Alerted)]


def test_runs_like_those_before_are_not_told() -> None:
    state, said = after(process(), *usual(30))
    assert said == []
    assert (state.baseline.runs, state.baseline.cpu.most) == (30, 0.5)


def test_nothing_is_unusual_before_the_tool_is_known() -> None:
    _, said = after(process(), *usual(4), ran(9, 300, 5000))
    assert told(said) == []


@pytest.mark.parametrize("what", BAD)
def test_a_tool_that_turns_bad_is_told_at_once(what: str) -> None:
    change = dict(BAD[what])
    seconds, mb = change.pop("seconds", 0.5), change.pop("mb", 50.0)
    assert isinstance(seconds, float)
    assert isinstance(mb, float)
    _, said = after(process(), *usual(), ran(9, seconds, mb, 1000, **change))
    assert len(told(said)) == 1


@pytest.mark.parametrize(
    "change", [{"outcome": "forged"}, {"outcome": "exited"}, {"requests": (EVIL,)}]
)
def test_what_no_tool_may_is_told_of_the_first_run(change: dict[str, Any]) -> None:
    assert len(told(after(process(), ran(1, 0.1, 10, **change))[1])) == 1


def test_an_attack_quarantines_and_is_an_incident_unless_the_task_has_said_so() -> None:
    _, said = after(process(), ran(1, 0.1, 10, requests=(EVIL,)))
    assert [type(one) for one in said] == [
        events.Alerted,
        commands.SetToolStatus,
        events.IncidentSeen,
        events.DecisionAsked,
    ]
    order = said[1]
    assert isinstance(order, commands.SetToolStatus)
    assert (order.status, order.by) == ("quarantined", "monitoring")
    assert "evil.example:443" in order.reason
    _, said = after(process(), ran(1, 0.1, 10, outcome="forged", fault=Fault("forged", "F", "x")))
    assert not any(isinstance(one, events.IncidentSeen) for one in said)
    rules = TrustRules(incidents=())
    bare = watch_process(Policy(autonomy=Autonomy(trust=rules)))
    _, said = after(bare, ran(1, 0.1, 10, outcome="forged"))
    assert any(isinstance(one, events.IncidentSeen) for one in said)


def test_a_deviation_is_noted_or_quarantines_as_the_policy_says() -> None:
    bad = ran(9, 60, 50, 1000)
    _, said = after(process(), *usual(), bad)
    assert not any(isinstance(one, commands.SetToolStatus) for one in said)
    _, said = after(process(on_deviation="quarantine"), *usual(), bad)
    assert any(isinstance(one, commands.SetToolStatus) for one in said)


def test_nothing_is_learned_or_told_with_the_layer_off() -> None:
    off = watch_process(Policy(layers=Layers(monitoring=False)))
    assert after(off, *usual(), ran(9, 60, 50, outcome="forged")) == (off.start, [])


def test_larger_input_may_take_more_in_proportion_and_smaller_input_no_less() -> None:
    more = ran(9, 40, 50, 10_000)
    assert told(after(process(), *usual(), more)[1]) == []
    assert told(after(process(), *usual(), ran(9, 60, 50, 10_000))[1]) == ["cpu"]
    assert told(after(process(), *usual(), ran(9, 4, 50, 1))[1]) == []


def test_what_is_below_the_floors_is_never_unusual() -> None:
    assert told(after(process(), *usual(5, 0.001, 1), ran(9, 0.9, 127, 1000))[1]) == []


def test_one_enormous_run_does_not_open_the_door_to_all_later_ones() -> None:
    runs = [*usual(100), ran(200, 4.9, 50, 1000), ran(201, 48, 50, 1000)]
    state, said = after(process(), *runs, ran(202, 470, 50, 1000))
    assert told(said)[-1] == "cpu"
    assert state.baseline.cpu.most < 100


def test_a_hanging_tool_is_told_the_first_time_it_hangs() -> None:
    hung = ran(9, 0.1, 10, 1000, outcome="timeout")
    assert told(after(process(), *usual(), hung)[1]) == ["outcome"]


def test_a_host_over_its_limits_or_narrowed_by_a_person_is_no_attack() -> None:
    known = [ran(n, 0.1, 10, requests=(HOST,)) for n in range(3)]
    late = Request("api.example", 443, "CONNECT", "denied", 9, 0, 0.1, why="too many requests")
    assert told(after(process(), *known, ran(9, 0.1, 10, requests=(late,)))[1]) == []
    assert told(after(process(), ran(9, 0.1, 10, requests=(HOST, late)))[1]) == []


def test_a_new_host_or_program_is_told_once() -> None:
    new = [ran(9 + n, 0.5, 50, requests=(HOST,), seen=Seen(programs=("jq",))) for n in range(3)]
    assert told(after(process(), *usual(), *new)[1]) == ["hosts", "programs"]


def test_a_thousand_calls_of_one_step_are_told_once_and_asked_once() -> None:
    same = [ran(9, 60, 50, 1000).model_copy(update={"item": n}) for n in range(20)]
    _, said = after(process(baseline_runs=30), *usual(30), *same)
    assert told(said) == ["cpu"]
    assert sum(isinstance(one, events.DecisionAsked) for one in said) == 1


def test_what_so_many_runs_did_is_usual_from_then_on() -> None:
    runs = [ran(9 + n, 60, 50, 1000) for n in range(20)]
    state, said = after(process(), *usual(), *runs)
    assert len(told(said)) == 5
    assert state.baseline.cpu.most == 60


def test_what_the_task_asks_about_already_is_not_asked_again() -> None:
    tests = Usage(wall_seconds=0.1, cpu_seconds=0.1, peak_memory_mb=10)
    _, said = after(process(), *usual(), ran(9, 60, 50, 1000, measured=tests))
    assert told(said) == ["cpu"]
    assert not any(isinstance(one, events.DecisionAsked) for one in said)


def test_alerts_are_told_outside_the_guild_where_a_webhook_is_set() -> None:
    _, said = after(process(), ran(1, 0.1, 10, requests=(EVIL,)))
    (question,) = (one for one in said if isinstance(one, events.DecisionAsked))
    policy = Policy(webhook=Webhook(url="https://hooks.example/x"))
    assert channels(policy, question.ask) == ("inbox", "webhook")
    assert channels(Policy(), question.ask) == ("inbox",)


def test_tools_that_are_well_seldom_alarm_and_bad_ones_are_noticed() -> None:
    report = measure(15)
    assert report.false_tuned <= 0.02
    assert report.false_held_out <= 0.02
    assert report.found >= 0.95


@forall(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1e4), st.floats(0, 1e5)), max_size=60))
def test_whatever_comes_the_record_stays_small_and_the_state_is_the_same(
    runs: list[tuple[int, float, float]],
) -> None:
    said = [
        ran(n, seconds, mb, n, seen=Seen(programs=(f"p{seconds}",)), requests=(EVIL,))
        for n, seconds, mb in runs
    ]
    of = process()
    state, _ = after(of, *said)
    assert (state, len(state.newest) <= 20, len(state.baseline.programs) <= NAMES) == (
        after(of, *said)[0],
        True,
        True,
    )
    assert Watched.model_validate_json(state.model_dump_json()) == state


def test_the_order_of_usual_runs_does_not_matter_to_what_is_most() -> None:
    runs = [ran(n, 0.1 * (n % 7), 10.0 + n % 5, n) for n in range(40)]
    mixed = random.Random(3).sample(runs, len(runs))
    one, other = after(process(), *runs)[0].baseline, after(process(), *mixed)[0].baseline
    assert (one.cpu.most, one.memory.most, one.runs) == (
        other.cpu.most,
        other.memory.most,
        other.runs,
    )
    assert one.cpu.mean == pytest.approx(other.cpu.mean)
