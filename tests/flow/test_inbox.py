"""The inbox in a guild: one decision counts, whoever is there, whatever restarts in between."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web
from hall import Hall, open_hall
from prometheus_client import REGISTRY

from toolguild.canonical import Digest
from toolguild.client import inbox, log
from toolguild.client import trust as client_trust
from toolguild.identity import KeyDirectory
from toolguild.messages import Event, Item, ItemId, TaskId, events
from toolguild.policy.load import read_policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.main import run_services
from toolguild.runtime.services import load_service
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.trust import RecordedTrust

DECIDER = Path(__file__).parents[1] / "support" / "decider.py"
ROUNDS = 12
TASK = TaskId("t-1")
DIGEST = Digest("ab" * 32)


def question(number: int = 1, **changed: Any) -> events.DecisionAsked:
    ask = {"purpose": "run", "tasks": (TASK,), "title": "adder@1.0", "why": "level A"} | changed
    return events.DecisionAsked(item=ItemId(f"i-{number:08x}"), ask=Item.model_validate(ask))


async def told(bus: Bus, kind: str, count: int, key: str = "*") -> list[Any]:
    """The first so many messages of a kind, once they are there."""
    found: list[Any] = []
    async with asyncio.timeout(90):
        async for entry in log.entries(bus, [f"toolguild.fact.{kind}.{key}"], live=True):
            noted = await log.envelope(bus, entry)
            assert noted is not None
            found.append(noted.body)
            if len(found) == count:
                return found
    raise AssertionError(f"the log ended after {len(found)} of {kind}")


async def say(hall: Hall, decision: str, item: ItemId, by: str = "ana") -> inbox.Answer:
    asked = inbox.find(await inbox.questions(hall.bus), item)
    signer = KeyDirectory(hall.settings.keys).person(by)
    given = inbox.signed(asked, signer, decision, by=by, reason="because")
    return (await inbox.decide(hall.bus, [given], within=90))[0]


async def person(hall: Hall, name: str, decision: str) -> Process:
    """Start somebody in a process of their own who decides when told to."""
    url = hall.settings.nats_url
    assert url is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(DECIDER), url, str(hall.settings.keys), name, decision),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(90):
        assert (await process.stdout.readline()).strip() == b"ready"
    return process


async def answer_of(process: Process) -> Any:
    assert process.stdout is not None
    async with asyncio.timeout(90):
        return json.loads(await process.stdout.readline())


@asynccontextmanager
async def second_auditor(hall: Hall) -> AsyncIterator[None]:
    """Another replica over the same records."""
    stop, ready = asyncio.Event(), asyncio.Event()
    services = [load_service("auditor")]
    running = asyncio.create_task(run_services(services, hall.settings, stop, ready=ready.set))
    try:
        async with asyncio.timeout(90):
            await ready.wait()
        yield
    finally:
        stop.set()
        async with asyncio.timeout(90):
            await running


async def test_of_two_people_in_two_processes_at_the_same_instant_exactly_one_wins(
    tmp_path: Path,
) -> None:
    """Two replicas of the inbox as well: whose decision is saved first counts."""
    asked = [question(number) for number in range(ROUNDS)]
    async with open_hall(tmp_path, ("auditor",)) as hall, second_auditor(hall):
        for one in asked:
            await hall.says("planner", one)
        people = {
            "ana": await person(hall, "ana", "approve"),
            "bob": await person(hall, "bob", "reject"),
        }
        winners = []
        try:
            for one in asked:
                for process in people.values():
                    assert process.stdin is not None
                    process.stdin.write(f"{one.item}\n".encode())
                said = {name: await answer_of(process) for name, process in people.items()}
                (winner,) = [name for name, answer in said.items() if answer["counts"]]
                (loser,) = [name for name in said if name != winner]
                verb = "approved" if winner == "ana" else "rejected"
                assert f"already {verb} by {winner} at 20" in said[loser]["why"]
                winners.append(winner)
        finally:
            for process in people.values():
                process.kill()
                await process.wait()
        taken = await told(hall.bus, "decision-taken", ROUNDS)
        assert [one.by for one in taken] == winners
        decided = await told(hall.bus, "task-decided", ROUNDS)
        assert [(one.item, one.by) for one in decided] == [
            (one.item, winner) for one, winner in zip(asked, winners, strict=True)
        ]
        assert await inbox.waiting(hall.bus) == []


def settled(decision: str) -> float:
    """How many items this process has counted as closed so."""
    labels = {"decision": decision}
    return REGISTRY.get_sample_value("toolguild_items_settled_total", labels) or 0.0


async def test_a_decision_counts_after_a_restart_and_a_later_one_is_told_who_won(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path, ("auditor",)) as hall:
        await hall.says("planner", question(1))
        await hall.says("planner", question(2))
        before = settled("approve")
        assert isinstance(await say(hall, "approve", ItemId("i-00000001")), events.DecisionTaken)
    assert settled("approve") == before + 1
    async with open_hall(tmp_path, ("auditor",)) as hall:
        (left,) = await inbox.waiting(hall.bus)
        assert left.item == "i-00000002"
        late = await say(hall, "reject", ItemId("i-00000001"), by="bob")
        assert isinstance(late, events.DecisionRefused)
        assert "already approved by ana" in late.why
        assert isinstance(await say(hall, "reject", left.item, by="bob"), events.DecisionTaken)


async def test_an_unsigned_decision_and_one_with_a_key_of_ones_own_making_do_not_count(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path / "guild", ("auditor",)) as hall:
        await hall.says("planner", question())
        (asked,) = await inbox.waiting(hall.bus)
        stranger = KeyDirectory(tmp_path / "elsewhere").person("ana")
        KeyDirectory(hall.settings.keys).person("ana")
        forged = inbox.signed(asked, stranger, "approve", by="ana", reason="")
        unsigned = forged.model_copy(update={"signature": None, "id": uuid4().hex})
        answers: Sequence[inbox.Answer] = await inbox.decide(
            hall.bus, [forged, unsigned], within=90
        )
        assert [type(one) for one in answers] == [events.DecisionRefused] * 2
        assert len(await inbox.waiting(hall.bus)) == 1


async def test_what_nobody_decides_is_reminded_of_by_the_webhook_and_expires(
    tmp_path: Path,
) -> None:
    got: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers["Toolguild-Delivery"], await request.json()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        policy = tmp_path / "policy.yaml"
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        policy.write_text(
            f"webhook: {{ url: '{url}' }}\n"
            "checkpoints: { remind_seconds: 1, expire_seconds: 3 }\n"
        )
        async with open_hall(tmp_path / "guild", ("auditor",), policy=policy) as hall:
            await hall.says("planner", question())
            (taken,) = await told(hall.bus, "decision-taken", 1)
            assert (taken.decision, taken.by) == ("expired", "policy")
            (decided,) = await told(hall.bus, "task-decided", 1)
            assert (decided.approved, decided.by) == (False, "policy")
            notified = await told(hall.bus, "notified", 2)
            assert all(one.delivered for one in notified)
            (seen,) = await inbox.questions(hall.bus)
            assert (seen.state, seen.reminders >= 1) == ("expired", True)
    finally:
        await runner.cleanup()
    ids = [delivery for delivery, _ in got]
    assert ids[:2] == ["i-00000001.0", "i-00000001.1"]
    assert [body["reminder"] for _, body in got][:2] == [0, 1]


async def test_trust_is_earned_lost_and_restored_where_executors_read_it(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("autonomy: { trust: { start: B, raise_after: 2, least_tasks: 2 } }\n")

    def served(task: str) -> Event:
        return events.ToolServed(tool=DIGEST, title="adder@1.0", task=TaskId(task), verified=True)

    async with open_hall(tmp_path / "guild", ("auditor",), policy=policy) as hall:
        bus = hall.bus
        rules = read_policy(hall.settings.policy)
        read = RecordedTrust(BucketStore(bucket(bus.js, "trust"), bus.objects), rules)
        assert await read.level(DIGEST) == "B"
        await hall.says("planner", served("t-1"))
        await hall.says("planner", served("t-2"))
        await told(bus, "trust-changed", 1)
        assert await read.level(DIGEST) == "C"
        await hall.says(
            "planner", events.IncidentSeen(tool=DIGEST, task=TASK, what="forged", by="executor")
        )
        await told(bus, "trust-changed", 2)
        assert await read.level(DIGEST) == "A"
        signer = KeyDirectory(hall.settings.keys).person("ana")
        changed = await client_trust.restore(
            bus, signer, DIGEST, title="adder@1.0", level="B", by="ana", reason="mended"
        )
        assert (changed.before, changed.level) == ("A", "B")
        assert await read.level(DIGEST) == "B"
