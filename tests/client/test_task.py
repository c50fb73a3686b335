"""Giving goals and following tasks over a real log."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import JsonValue
from tests.client import messages as m

from toolguild.client import log
from toolguild.client.calling import fitted
from toolguild.client.overview import ahead_of, tasks
from toolguild.client.task import (
    Noted,
    Order,
    brief_of,
    cancel,
    check_files,
    completed,
    follow,
    send,
    submit,
)
from toolguild.errors import UsageError
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, ItemId, Message, TaskId, commands, events
from toolguild.policy import Policy
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus
from toolguild.runtime.goals import is_queued
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import LOG
from toolguild.tool.spec import JsonSchema

WITHIN = 60.0
POLICY = Policy.default()


async def publish(bus: Bus, *bodies: Message) -> None:
    for body in bodies:
        await bus.publish(Envelope(id=uuid4(), body=body, source="test", at="2026-01-01T00:00:00Z"))


async def kinds(bus: Bus, task: TaskId, *, live: bool = False) -> list[str]:
    async with asyncio.timeout(WITHIN):
        return [noted.envelope.body.kind async for noted in follow(bus, task, live=live)]


async def test_a_task_is_followed_with_its_builds_and_without_those_of_others(bus: Bus) -> None:
    other = m.wanted().model_copy(update={"task": TaskId("t-2"), "build": "b-2"})
    stranger = m.drafted().model_copy(update={"build": "b-2"})
    before = m.drafted(attempt=9)  # of the same build, before this task wanted it
    await publish(bus, before, m.given(), other, m.planned(), m.wanted(), m.draft_tool(), stranger)
    await publish(bus, m.drafted(), m.ready(), m.released(), m.planned())
    assert await kinds(bus, m.TASK) == [
        "goal-given",
        "plan-made",
        "tool-wanted",
        "draft-tool",
        "tool-drafted",
        "tool-ready",
        "result-released",
    ]


async def test_following_waits_for_what_is_still_to_come(bus: Bus) -> None:
    await publish(bus, m.given())
    async with asyncio.TaskGroup() as group:
        following = group.create_task(kinds(bus, m.TASK, live=True))
        await publish(bus, m.planned(), m.released())
    assert following.result() == ["goal-given", "plan-made", "result-released"]


async def test_following_survives_a_restart_of_the_server(bus: Bus, nats: NatsServer) -> None:
    await publish(bus, m.given())
    async with asyncio.timeout(WITHIN):
        messages = follow(bus, m.TASK)
        assert (await anext(messages)).envelope.body.kind == "goal-given"
        await nats.stop()
        await nats.start()
        await publish(bus, m.released())
        assert (await anext(messages)).envelope.body.kind == "result-released"


async def test_an_unknown_task_is_named(bus: Bus) -> None:
    with pytest.raises(UsageError, match="there is no task t-9"):
        await kinds(bus, TaskId("t-9"))


async def test_a_history_longer_than_one_batch_is_read_whole_and_in_order(bus: Bus) -> None:
    many = log.BATCH + 10
    await publish(bus, m.given(), *(m.ran("add", item) for item in range(many)))
    async with asyncio.timeout(WITHIN):
        noted = [one async for one in follow(bus, m.TASK, live=False)]
    assert [one.sequence for one in noted] == list(range(1, many + 2))


async def test_a_goal_is_given_with_its_files(bus: Bus, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    order = Order(goal=Goal(primary="Add numbers"), files=(file,), user="ana", max_usd=0.5)
    task = await submit(bus, artifacts, order, POLICY)
    waits = await log.newest(bus, f"toolguild.seen.admit-goal.{task}")
    assert waits is not None
    envelope = await log.envelope(bus, waits)
    assert envelope is not None
    body = envelope.body
    assert isinstance(body, commands.AdmitGoal)
    assert (body.brief.user, body.brief.max_usd) == ("ana", 0.5)
    (stored,) = body.files
    assert (await artifacts.path(stored)).read_text() == "a\n1\n"


async def test_tasks_are_listed_newest_first_with_how_they_ended(bus: Bus) -> None:
    second = m.given().model_copy(update={"task": TaskId("t-2")})
    waits = events.TaskWaits(task=TaskId("t-2"), build=m.BUILD, draft=m.TOOL, why="level A")
    await publish(bus, m.given(), second, waits, m.released("partial"))
    found = [(one.task, one.status) for one in await tasks(bus)]
    assert found == [("t-2", "waiting"), ("t-1", "partial")]


async def test_a_paused_task_is_listed_so_until_it_goes_on_and_one_that_waits_as_waiting(
    bus: Bus,
) -> None:
    def steered(order: int, state: str) -> events.Steered:
        return events.Steered.model_validate({"about_key": m.TASK, "order": order, "state": state})

    async def status() -> str:
        (line,) = await tasks(bus)
        return line.status

    await publish(bus, m.given(), steered(1, "paused"))
    assert await status() == "paused"
    await publish(bus, steered(2, "going"))
    assert await status() == "running"
    held = events.Escalated(task=m.TASK, rule="time", why="slow", holds=True, item=ItemId("i-1"))
    await publish(bus, held, steered(3, "paused"))
    assert await status() == "waiting"
    decided = {"task": m.TASK, "item": "i-1", "purpose": "exception", "approved": True, "by": "eva"}
    await publish(bus, events.TaskDecided.model_validate(decided), steered(4, "going"))
    assert await status() == "running"


async def test_a_goal_that_waits_is_listed_with_those_before_it_and_not_followed_yet(
    bus: Bus, tmp_path: Path
) -> None:
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")

    async def give(user: str) -> TaskId:
        return await submit(
            bus, artifacts, Order(goal=Goal(primary=f"{user}'s"), user=user), POLICY
        )

    first, other, second, third = [await give(user) for user in ("ana", "bob", "ana", "ana")]
    await publish(bus, m.given().model_copy(update={"task": first}))
    listed = [(one.task, one.status, one.ahead) for one in await tasks(bus)]
    assert listed == [
        (third, "queued", 1),
        (second, "queued", 0),
        (other, "queued", 0),
        (first, "running", 0),
    ]
    assert [one.task for one in await tasks(bus, user="ana", status="queued")] == [third, second]
    assert [one.goal for one in await tasks(bus, user="bob")] == ["bob's"]
    assert await kinds(bus, second) == []
    await publish(bus, m.given().model_copy(update={"task": second}))
    assert await kinds(bus, second) == ["goal-given"]


async def test_a_goal_that_was_given_is_listed_though_its_copy_comes_late(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, looked = log.newest, 0

    async def late(bus: Bus, subject: str) -> log.Entry | None:
        nonlocal looked
        looked += 1
        return None if looked < 5 else await newest(bus, subject)

    monkeypatch.setattr(log, "newest", late)
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    task = await submit(bus, artifacts, Order(goal=Goal(primary="x")), POLICY)
    assert looked >= 5
    assert [one.task for one in await tasks(bus)] == [task]


async def test_a_goal_whose_copy_does_not_come_is_given_all_the_same(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(bus: Bus, subject: str) -> None:
        return None

    monkeypatch.setattr(log, "newest", never)
    monkeypatch.setattr("toolguild.client.task.LISTED_WITHIN", 0.05)
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    task = await submit(bus, artifacts, Order(goal=Goal(primary="x")), POLICY)
    assert await is_queued(bus, task)


async def test_a_goal_is_known_from_when_it_is_accepted_though_its_copy_is_not_in_the_log_yet(
    bus: Bus, tmp_path: Path
) -> None:
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    task = await submit(bus, artifacts, Order(goal=Goal(primary="x")), POLICY)
    await bus.js.purge_stream(LOG, subject=f"toolguild.seen.admit-goal.{task}")
    async with asyncio.TaskGroup() as group:
        following = group.create_task(kinds(bus, task))
        await asyncio.sleep(0.1)
        assert not following.done()
        await publish(bus, m.given().model_copy(update={"task": task}))
    assert following.result() == ["goal-given"]


async def test_the_place_in_the_queue_counts_goals_of_the_same_user_only(
    bus: Bus, tmp_path: Path
) -> None:
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    order = Order(goal=Goal(primary="x"), user="ana")
    given = [await submit(bus, artifacts, order, POLICY) for _ in range(3)]
    await submit(bus, artifacts, Order(goal=Goal(primary="x"), user="bob"), POLICY)
    assert [await ahead_of(bus, task) for task in given] == [0, 1, 2]
    await publish(bus, m.given().model_copy(update={"task": given[1]}))
    assert await ahead_of(bus, given[1]) is None
    assert await ahead_of(bus, m.TASK) is None


async def test_following_goes_over_to_a_build_from_when_the_task_wants_it(bus: Bus) -> None:
    other = m.drafted().model_copy(update={"build": "b-2"})
    second = m.wanted().model_copy(update={"build": "b-2"})
    async with asyncio.TaskGroup() as group:
        await publish(bus, m.given(), other)
        following = group.create_task(kinds(bus, m.TASK, live=True))
        for body in (m.wanted(), m.drafted(), other, second, other, m.drafted(), m.released()):
            await publish(bus, body)
    assert following.result() == [
        "goal-given",
        "tool-wanted",
        "tool-drafted",
        "tool-wanted",
        "tool-drafted",
        "tool-drafted",
        "result-released",
    ]


async def test_an_intervention_is_an_event_of_the_task(bus: Bus, tmp_path: Path) -> None:
    await send(bus, m.given())
    signer = KeyDirectory(tmp_path).person("ana")
    await cancel(bus, m.TASK, by="ana", signer=signer, reason="enough")
    assert await kinds(bus, m.TASK) == ["goal-given", "intervened"]


def test_bounds_are_those_asked_for_below_the_ceiling_of_the_policy() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    order = Order(goal=Goal(primary="x"), max_usd=1e5, max_seconds=60, autonomy="A", model="m")
    brief = brief_of(order, m.TASK, POLICY, at)
    assert brief.max_usd == POLICY.budget.ceiling.usd
    assert brief.deadline == "2026-01-01T00:01:00.000+00:00"
    assert (brief.autonomy, brief.model) == ("A", "m")


def test_too_many_and_too_large_files_are_refused(tmp_path: Path) -> None:
    rules = POLICY.input.model_copy(update={"max_files": 1, "max_file_mb": 1})
    policy = POLICY.model_copy(update={"input": rules})
    large, small = tmp_path / "large", tmp_path / "small"
    small.touch()
    with large.open("wb") as file:
        file.truncate(1024 * 1024 + 1)
    with pytest.raises(UsageError, match="over 1 MB"):
        check_files((large,), policy)
    with pytest.raises(UsageError, match="2 input files"):
        check_files((small, large), policy)


def test_a_result_is_timed_and_traced_by_the_log() -> None:
    first = Noted(1, "2026-01-01T00:00:00.000+00:00", m.sent(m.given()), "ab" * 16)
    last = Noted(2, "2026-01-01T00:00:01.500+00:00", m.sent(m.released()))
    result = completed(m.released().result, first, last)
    assert (result.seconds, result.trace_id) == (1.5, "ab" * 16)


SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "format": "path"},
        "n": {"type": "integer", "minimum": 1},
    },
    "required": ["path"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("path", ["a.csv", "/data/a.csv", "in/a.csv"])
def test_an_argument_may_name_an_input_in_any_way(path: str) -> None:
    assert fitted({"path": path}, SCHEMA, [Path("in/a.csv")]) == {"path": "/data/a.csv"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, r"at /: 'path' is a required property"),
        ({"path": 3}, r"at /path: 3 is not of type 'string'"),
        ({"path": "x", "n": 0}, r"at /n: 0 is less than the minimum of 1"),
        ({"path": "x", "m": 1}, r"'m' was unexpected"),
    ],
)
def test_unfit_arguments_are_named_with_what_the_tool_takes(
    arguments: dict[str, JsonValue], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        fitted(arguments, SCHEMA, [])
    assert "The tool takes: path (a file), n? (integer)" in str(caught.value)
