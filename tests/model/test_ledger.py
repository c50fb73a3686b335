"""Budgets: the pure ledger, and one suite over the ledgers in memory and in JetStream."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js.kv import KeyValue

from toolguild.budget import allowed, cpu, reserved
from toolguild.budget.ledger import MIN_OUTPUT, Amount, Ledger, Ledgers, Price, affordable
from toolguild.budget.ledgers import JetStreamLedgers
from toolguild.budget.memory import MemoryLedgers
from toolguild.errors import Misconfigured, OutOfBudget, Promised, Unavailable, Wait, verdict
from toolguild.messages import Brief, TaskId
from toolguild.policy import Budget, Policy
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import NatsServer

LIMITS = Budget(usd=1.0, tokens=1000, model_calls=10, wall_seconds=60, cpu_seconds=30)
TASK = TaskId("t-0a")


def amount(tokens: int = 0, usd: float = 0.0, calls: int = 1) -> Amount:
    return Amount(calls=calls, tokens=tokens, usd=usd)


def reserving(name: str, tokens: int) -> Callable[[Ledger], Ledger]:
    return lambda ledger: ledger.reserve(name, amount(tokens), LIMITS)


def settling(name: str, tokens: int) -> Callable[[Ledger], Ledger]:
    return lambda ledger: ledger.settle(name, amount(tokens))


def seconds(cpu_seconds: float) -> Amount:
    return Amount(cpu_seconds=cpu_seconds)


@pytest.mark.parametrize(
    ("spent", "wanted", "what"),
    [
        (amount(600), amount(401), "1001 tokens; its limit is 1000"),
        (amount(usd=0.6), amount(usd=0.5), "1.1 US dollars"),
        (amount(calls=10), amount(), "11 model calls"),
        (seconds(29), seconds(2), "31 seconds of CPU; its limit is 30"),
    ],
)
def test_a_reservation_beyond_a_limit_is_refused(spent: Amount, wanted: Amount, what: str) -> None:
    ledger = Ledger(spent=spent)

    with pytest.raises(OutOfBudget, match=what):
        ledger.reserve("a", wanted, LIMITS)


def test_what_only_others_have_promised_is_no_refusal_but_a_reason_to_wait_a_moment() -> None:
    ledger = Ledger(spent=amount(500)).reserve("a", amount(300), LIMITS)

    with pytest.raises(Promised, match="1 calls under way") as waiting:
        ledger.reserve("b", amount(201), LIMITS)
    assert verdict(waiting.value, delivery=99) == Wait(0.2)
    assert ledger.reserve("b", amount(200), LIMITS).committed.tokens == 1000
    assert ledger.settle("a", amount(10)).reserve("b", amount(201), LIMITS).reserved.keys() == {"b"}


def test_a_call_that_needs_no_model_runs_although_the_money_is_gone() -> None:
    assert Ledger(spent=amount(5000, 9.0, 99)).reserve("a", seconds(1), LIMITS).reserved


def test_a_limit_that_a_person_tightened_below_what_is_spent_refuses_the_next_call() -> None:
    tighter = LIMITS.model_copy(update={"model_calls": 1})

    with pytest.raises(OutOfBudget, match="2 model calls; its limit is 1"):
        Ledger(spent=amount(calls=1)).reserve("a", amount(), tighter)


def test_a_repeated_effect_reserves_once() -> None:
    once = Ledger().reserve("a", amount(600), LIMITS)

    assert once.reserve("a", amount(600), LIMITS) == once


def test_what_a_call_really_cost_replaces_what_was_promised() -> None:
    ledger = Ledger().reserve("a", amount(600), LIMITS).settle("a", amount(50))

    assert ledger == Ledger(spent=amount(50))


def test_a_cost_that_is_told_twice_counts_once() -> None:
    once = Ledger().reserve("a", amount(600), LIMITS).settle("a", amount(50))

    assert once.settle("a", amount(50)) == once


def test_a_released_reservation_costs_nothing() -> None:
    assert Ledger().reserve("a", amount(600), LIMITS).release("a") == Ledger()


wishes = st.builds(
    Amount,
    calls=st.integers(0, 4),
    tokens=st.integers(0, 700),
    usd=st.floats(0, 0.7),
    cpu_seconds=st.floats(0, 20),
)
moves = st.tuples(
    st.sampled_from(["reserve", "settle", "release"]), st.integers(0, 5), wishes, st.floats(0, 1)
)


@given(st.lists(moves, max_size=60))
def test_no_order_of_what_parallel_users_do_passes_a_limit(
    history: list[tuple[str, int, Amount, float]],
) -> None:
    ledger = Ledger()
    for do, user, wish, share in history:
        name = f"user-{user}"
        if do == "release":
            ledger = ledger.release(name)
        elif do == "settle":
            ledger = ledger.settle(name, part(ledger.reserved.get(name, Amount()), share))
        else:
            before = ledger
            try:
                ledger = ledger.reserve(name, wish, LIMITS)
            except Promised:
                assert set(ledger.reserved) - {name}, "nobody else has anything promised"
            except OutOfBudget:
                assert not within(ledger.spent + wish), "what is spent leaves enough"
            assert set(before.reserved) <= set(ledger.reserved)

        assert within(ledger.committed)


def part(whole: Amount, share: float) -> Amount:
    return Amount(
        calls=int(whole.calls * share),
        tokens=int(whole.tokens * share),
        usd=whole.usd * share,
        cpu_seconds=whole.cpu_seconds * share,
    )


def within(total: Amount) -> bool:
    rounding = 1e-9
    return (
        total.calls <= LIMITS.model_calls
        and total.tokens <= LIMITS.tokens
        and total.usd <= LIMITS.usd + rounding
        and total.cpu_seconds <= LIMITS.cpu_seconds + rounding
    )


def test_a_call_gets_the_output_it_wants_or_what_is_left() -> None:
    free, dear = Price(), Price(output=0.001)

    assert affordable(Amount(), LIMITS, 100, free, 400) == 400
    assert affordable(Amount(), LIMITS, 100, free, 4000) == 900
    assert affordable(Amount(), LIMITS, 999, free, 4000) == MIN_OUTPUT
    assert affordable(amount(usd=0.5), LIMITS, 100, dear, 4000) == 500


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
        await ledgers().change(TASK, lambda ledger: ledger.reserve("b", amount(1001), LIMITS))

    kept = await ledgers().change(TASK, lambda ledger: ledger)
    assert list(kept.reserved) == ["a"]


async def test_services_that_take_turns_see_each_other_although_each_remembers(
    ledgers: Callable[[], Ledgers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolguild.budget.ledgers._FRESH", 60.0)
    ours, theirs = ledgers(), ledgers()
    for number in range(3):
        await ours.change(TASK, reserving(f"a{number}", 10))
        await theirs.change(TASK, settling(f"a{number}", 5))

    assert await ours.change(TASK, lambda one: one) == Ledger(spent=amount(15, calls=3))


async def test_nothing_is_refused_for_what_is_remembered(
    ledgers: Callable[[], Ledgers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolguild.budget.ledgers._FRESH", 60.0)
    ours, theirs = ledgers(), ledgers()
    await ours.change(TASK, lambda one: one.reserve("a", amount(900), LIMITS))
    await theirs.change(TASK, lambda one: one.settle("a", amount(100)))

    kept = await ours.change(TASK, lambda one: one.reserve("b", amount(900), LIMITS))

    assert kept == Ledger(spent=amount(100), reserved={"b": amount(900)})


async def test_what_this_service_saved_last_is_not_asked_for_again(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = 0
    real = KeyValue.get

    async def counted(self: KeyValue, *args: Any, **options: Any) -> KeyValue.Entry:
        nonlocal loads
        loads += 1
        return await real(self, *args, **options)

    monkeypatch.setattr(KeyValue, "get", counted)
    monkeypatch.setattr("toolguild.budget.ledgers._FRESH", 60.0)
    ledgers = JetStreamLedgers(bus.js)
    for number in range(4):
        await ledgers.change(TASK, reserving(str(number), 1))

    assert loads == 1


async def test_calls_of_one_task_in_one_process_do_not_race_each_other(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = 0
    real = KeyValue.update

    async def counted(self: KeyValue, *args: Any, **options: Any) -> int:
        nonlocal updates
        updates += 1
        return await real(self, *args, **options)

    monkeypatch.setattr(KeyValue, "update", counted)
    ledgers = JetStreamLedgers(bus.js)
    await ledgers.change(TASK, lambda one: one)
    updates = 0  # nats-py creates by an update too
    many = [ledgers.change(TASK, reserving(str(number), 1)) for number in range(8)]
    await asyncio.gather(*many)

    assert updates == 8
    assert len((await ledgers.change(TASK, lambda one: one)).reserved) == 8


async def test_parallel_calls_cannot_overspend_together_and_none_is_refused_for_a_promise(
    ledgers: Callable[[], Ledgers],
) -> None:
    under_way, most = 0, 0

    async def call(n: int) -> None:
        nonlocal under_way, most
        async with reserved(ledgers(), TASK, str(n), amount(300), LIMITS, wait=20) as promise:
            under_way += 1
            most = max(most, under_way)
            for _ in range(5):
                await asyncio.sleep(0)  # the others get their turn
            under_way -= 1
            await promise.settle(amount(100))

    await asyncio.gather(*(call(n) for n in range(8)))

    ledger = await ledgers().change(TASK, lambda ledger: ledger)
    assert ledger == Ledger(spent=amount(800, calls=8))
    assert most <= 3, "the limit has room for no more at once"
    with pytest.raises(OutOfBudget):
        await call(9)


async def test_who_waits_too_long_for_a_promise_gives_the_message_back() -> None:
    ledgers = MemoryLedgers()
    async with reserved(ledgers, TASK, "a", amount(900), LIMITS):
        with pytest.raises(Promised):
            async with reserved(ledgers, TASK, "b", amount(200), LIMITS, wait=0):
                pytest.fail("nothing was left to promise")


async def test_a_call_that_failed_is_free_and_one_cut_short_costs_what_it_was_promised() -> None:
    ledgers, begun = MemoryLedgers(), asyncio.Event()

    async def call(name: str, error: Exception | None) -> None:
        async with reserved(ledgers, TASK, name, amount(100), LIMITS):
            begun.set()
            if error is not None:
                raise error
            await asyncio.Event().wait()

    with pytest.raises(ValueError, match="refused"):
        await call("a", ValueError("refused"))
    assert ledgers.ledgers[TASK] == Ledger()

    begun.clear()
    running = asyncio.create_task(call("b", None))
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ledgers.ledgers[TASK] == Ledger(spent=amount(100))


async def test_a_block_that_says_nothing_of_its_cost_counts_as_promised() -> None:
    ledgers = MemoryLedgers()
    async with reserved(ledgers, TASK, "a", amount(100), LIMITS):
        pass

    assert ledgers.ledgers[TASK] == Ledger(spent=amount(100))


class Away(MemoryLedgers):
    """Ledgers that cannot be reached a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    async def change(self, task: TaskId, step: Callable[[Ledger], Ledger]) -> Ledger:
        if self.times:
            self.times -= 1
            raise Unavailable("away", after=0)
        return await super().change(task, step)


async def test_a_call_that_is_done_and_paid_does_not_fail_because_the_ledger_is_away() -> None:
    ledgers = Away()
    async with reserved(ledgers, TASK, "a", amount(100), LIMITS) as promise:
        ledgers.times = 3
        await promise.settle(amount(70))

    assert ledgers.ledgers[TASK] == Ledger(spent=amount(70))


async def test_seconds_of_cpu_are_promised_as_wished_or_as_many_as_are_left() -> None:
    ledgers = MemoryLedgers()
    for name, used, given_ in (("a", 12.0, 20.0), ("b", 17.99, 18.0)):
        async with reserved(ledgers, TASK, name, cpu(20, LIMITS), LIMITS) as promise:
            assert promise.amount == seconds(given_)
            await promise.settle(seconds(used))

    with pytest.raises(OutOfBudget, match="seconds of CPU"):
        async with reserved(ledgers, TASK, "c", cpu(20, LIMITS), LIMITS):
            pytest.fail("the next to nothing that is left is no time to run in")


def test_a_brief_narrows_every_limit_of_the_policy_and_widens_none() -> None:
    policy = Policy.default()
    asked = Brief(task=TASK, max_usd=99, max_tokens=7, max_model_calls=3, max_cpu_seconds=1.5)

    limits = allowed(policy, asked)

    assert limits.usd == policy.budget.ceiling.usd
    assert (limits.tokens, limits.model_calls, limits.cpu_seconds) == (7, 3, 1.5)
    assert allowed(policy, Brief(task=TASK)) == policy.budget.default


async def test_a_missing_bucket_says_what_makes_it(nats: NatsServer) -> None:
    async with connect(nats.url) as bus:
        with pytest.raises(Misconfigured, match="toolguild up"):
            await JetStreamLedgers(bus.js).change(TASK, lambda ledger: ledger)


async def test_a_lost_connection_is_a_temporary_failure(bus: Bus) -> None:
    ledgers = JetStreamLedgers(bus.js)
    await ledgers.change(TASK, lambda ledger: ledger)
    await bus.client.close()

    with pytest.raises(Unavailable, match="budget of t-0a"):
        await ledgers.change(TASK, lambda ledger: ledger)
