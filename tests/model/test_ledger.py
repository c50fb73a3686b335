"""Budgets: the pure ledger, and one suite over the ledgers in memory and in JetStream."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.budget.ledger import MIN_OUTPUT, Amount, Ledger, Ledgers, Price, affordable
from toolguild.budget.ledgers import JetStreamLedgers
from toolguild.budget.memory import MemoryLedgers
from toolguild.errors import Misconfigured, OutOfBudget, TemporaryError
from toolguild.messages import TaskId
from toolguild.policy import Budget
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import NatsServer

LIMITS = Budget(usd=1.0, tokens=1000, model_calls=10, wall_seconds=60)
TASK = TaskId("t-0a")


def amount(tokens: int = 0, usd: float = 0.0, calls: int = 1) -> Amount:
    return Amount(calls=calls, tokens=tokens, usd=usd)


@pytest.mark.parametrize(
    ("spent", "wanted", "what"),
    [
        (amount(600), amount(401), "1001 tokens; its limit is 1000"),
        (amount(usd=0.6), amount(usd=0.5), "1.1 US dollars"),
        (amount(calls=10), amount(), "11 model calls"),
    ],
)
def test_a_reservation_beyond_a_limit_is_refused(spent: Amount, wanted: Amount, what: str) -> None:
    ledger = Ledger(spent=spent)

    with pytest.raises(OutOfBudget, match=what):
        ledger.reserve("a", wanted, LIMITS)


def test_reservations_count_as_much_as_what_is_spent() -> None:
    ledger = Ledger(spent=amount(500)).reserve("a", amount(300), LIMITS)

    with pytest.raises(OutOfBudget, match="1 more under way"):
        ledger.reserve("b", amount(201), LIMITS)
    assert ledger.reserve("b", amount(200), LIMITS).committed.tokens == 1000


def test_a_repeated_effect_reserves_once() -> None:
    once = Ledger().reserve("a", amount(600), LIMITS)

    assert once.reserve("a", amount(600), LIMITS) == once


def test_what_a_call_really_cost_replaces_what_was_promised() -> None:
    ledger = Ledger().reserve("a", amount(600), LIMITS).settle("a", amount(50))

    assert ledger == Ledger(spent=amount(50))


def test_a_released_reservation_costs_nothing() -> None:
    assert Ledger().reserve("a", amount(600), LIMITS).release("a") == Ledger()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 700)), max_size=20))
def test_promises_never_pass_the_limit(wishes: list[tuple[str, int]]) -> None:
    ledger = Ledger()
    for name, tokens in wishes:
        try:
            ledger = ledger.reserve(name, amount(tokens), LIMITS)
        except OutOfBudget:
            continue
        if tokens % 2:
            ledger = ledger.settle(name, amount(tokens // 2))

    assert ledger.committed.tokens <= LIMITS.tokens
    assert ledger.committed.calls <= LIMITS.model_calls


def test_a_call_gets_the_output_it_wants_or_what_is_left() -> None:
    free, dear = Price(), Price(output=0.001)

    assert affordable(Ledger(), LIMITS, 100, free, 400) == 400
    assert affordable(Ledger(), LIMITS, 100, free, 4000) == 900
    assert affordable(Ledger(), LIMITS, 999, free, 4000) == MIN_OUTPUT
    assert affordable(Ledger(spent=amount(usd=0.5)), LIMITS, 100, dear, 4000) == 500


@pytest.fixture(params=["memory", "jetstream"])
def ledgers(request: pytest.FixtureRequest) -> Callable[[], Ledgers]:
    """Makes ledgers that share one store, as several services do."""
    if request.param == "memory":
        shared = MemoryLedgers()
        return lambda: shared
    bus: Bus = request.getfixturevalue("bus")
    return lambda: JetStreamLedgers(bus.js)


async def test_a_step_sees_what_another_service_did(ledgers: Callable[[], Ledgers]) -> None:
    await ledgers().change(TASK, lambda ledger: ledger.reserve("a", amount(10), LIMITS))
    ledger = await ledgers().change(TASK, lambda ledger: ledger.settle("a", amount(7)))

    assert ledger == Ledger(spent=amount(7))
    assert await ledgers().change(TaskId("t-0b"), lambda ledger: ledger) == Ledger()


async def test_a_step_that_raises_changes_nothing(ledgers: Callable[[], Ledgers]) -> None:
    await ledgers().change(TASK, lambda ledger: ledger.reserve("a", amount(10), LIMITS))

    with pytest.raises(OutOfBudget):
        await ledgers().change(TASK, lambda ledger: ledger.reserve("b", amount(1000), LIMITS))

    kept = await ledgers().change(TASK, lambda ledger: ledger)
    assert list(kept.reserved) == ["a"]


async def test_parallel_reservations_cannot_overspend_together(
    ledgers: Callable[[], Ledgers],
) -> None:
    async def reserve(n: int) -> bool:
        try:
            await ledgers().change(TASK, lambda ledger: ledger.reserve(str(n), amount(150), LIMITS))
        except OutOfBudget:
            return False
        return True

    granted = await asyncio.gather(*(reserve(n) for n in range(20)))

    ledger = await ledgers().change(TASK, lambda ledger: ledger)
    assert sum(granted) == 6
    assert len(ledger.reserved) == 6
    assert ledger.committed.tokens == 900


async def test_a_missing_bucket_says_what_makes_it(nats: NatsServer) -> None:
    async with connect(nats.url) as bus:
        with pytest.raises(Misconfigured, match="toolguild up"):
            await JetStreamLedgers(bus.js).change(TASK, lambda ledger: ledger)


async def test_a_lost_connection_is_a_temporary_failure(bus: Bus) -> None:
    ledgers = JetStreamLedgers(bus.js)
    await ledgers.change(TASK, lambda ledger: ledger)
    await bus.client.close()

    with pytest.raises(TemporaryError, match="budget of t-0a"):
        await ledgers.change(TASK, lambda ledger: ledger)
