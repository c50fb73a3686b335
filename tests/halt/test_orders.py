"""Which orders are followed: signed, by somebody who may, and the newest of each target."""

from datetime import timedelta

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st
from tests.halt.people import KEYS, NOON, at, order

from toolguild.errors import Refused
from toolguild.messages.safety import Halted
from toolguild.policy.model import MonitoringRules
from toolguild.runtime.halts import Orders, first, of_agent, told


def orders(*halters: str) -> Orders:
    return Orders(KEYS, MonitoringRules(halters=halters or ("*",)))


def after(*said: Halted) -> Orders:
    known = orders()
    for one in said:
        known.take(one, NOON)
    return known


def test_the_newest_order_of_a_target_holds() -> None:
    known = after(order("all", 0), order("pool", 1), order("all", 2, on=False))
    assert [one.target for one in known.holding()] == ["pool"]


@pytest.mark.parametrize(
    "target", ["", "everything", "agent-", "run-t.1", "tool-xyz", "toolname-*", "all ", "pool\n"]
)
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(Refused, match="nothing that can be halted"):
        orders().take(order(target, 0), NOON)


def test_an_unsigned_order_is_refused() -> None:
    with pytest.raises(Refused, match="not signed"):
        orders().take(order("all", 0).model_copy(update={"signature": None}), NOON)


@pytest.mark.parametrize(
    "change", [{"target": "pool"}, {"on": False}, {"by": "eva"}, {"reason": "x"}, {"at": at(9)}]
)
def test_an_order_changed_after_it_was_signed_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Refused):
        orders().take(order("all", 0).model_copy(update=change), NOON)


def test_a_signature_for_another_purpose_does_not_halt() -> None:
    said = order("all", 0)
    wrong = KEYS.sign("intervention", said.signed, by="person:ana")
    with pytest.raises(Refused):
        orders().take(said.model_copy(update={"signature": wrong}), NOON)


def test_only_those_whom_the_policy_names_may_halt() -> None:
    known = orders("eva")
    with pytest.raises(Refused, match="ana may not halt"):
        known.take(order("all", 0), NOON)
    assert known.take(order("all", 0, by="eva"), NOON) == "taken"


def test_a_copy_of_an_old_order_does_not_lift_a_newer_halt() -> None:
    lifted = order("all", 1, on=False)
    known = after(order("all", 0), lifted, order("all", 2))
    with pytest.raises(Refused, match="not after"):
        known.take(lifted, NOON)
    assert [one.on for one in known.holding()] == [True]


def test_the_same_order_again_changes_nothing() -> None:
    known = after(order("all", 0))
    assert known.take(order("all", 0), NOON) == "known"


@pytest.mark.parametrize("time", ["", "yesterday", "2026-01-01T12:00:00"])
def test_an_order_without_a_time_is_refused(time: str) -> None:
    with pytest.raises(Refused, match="time"):
        orders().take(order("all", 0, at=time), NOON)


def test_an_agent_stops_with_everything_its_service_itself_and_the_pool() -> None:
    assert of_agent("executor", "run") == {"all", "pool", "agent-executor", "agent-executor-run"}
    assert of_agent("planner", "task") == {"all", "agent-planner", "agent-planner-task"}
    assert of_agent("auditor", "inbox", through=True) == {"agent-auditor-inbox"}


def test_the_widest_halt_is_told() -> None:
    known = after(order("run-t-1", 0), order("all", 1))
    found = first(known.holding())
    assert found is not None
    assert told(found) == "the guild is halted by ana: why"


def test_time_is_counted_once_however_many_halts_overlap() -> None:
    known = orders()
    for said, second in (
        (order("all", 0), 0),
        (order("pool", 10), 10),
        (order("all", 20, on=False), 20),
        (order("pool", 30, on=False), 30),
        (order("all", 50), 50),
    ):
        known.take(said, NOON + timedelta(seconds=second))
    both = frozenset({"all", "pool"})
    assert known.stood(both, at(5), at(40)) == timedelta(seconds=25)
    assert known.stood(frozenset({"pool"}), at(0), at(40)) == timedelta(seconds=20)
    assert known.stood(both, at(0), at(60)) == timedelta(seconds=40)
    assert known.stood(frozenset(), at(0), at(60)) == timedelta()


@forall(st.lists(st.tuples(st.sampled_from(["all", "pool"]), st.integers(0, 30), st.booleans())))
def test_whatever_comes_in_whatever_order_the_latest_signed_time_of_each_target_holds(
    said: list[tuple[str, int, bool]],
) -> None:
    known, best = orders(), dict[str, tuple[int, bool]]()
    for target, second, on in said:
        try:
            known.take(order(target, second, on=on), NOON)
        except Refused:
            continue
        best[target] = (second, on)
    assert {one.target for one in known.holding()} == {
        target for target, (_, on) in best.items() if on
    }
    for target, (second, _) in best.items():
        assert second == max(
            at_ for name, at_, _ in said if name == target and at_ >= best[target][0]
        )
