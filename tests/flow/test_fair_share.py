"""However much one user asks for, another one's goal is worked on at once."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hall import Hall, open_hall
from standing import Standing, standing_guild
from tests.runtime.guildhall import until

from toolguild.client import task as client
from toolguild.client.overview import tasks
from toolguild.client.task import Order
from toolguild.errors import Refused
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId
from toolguild.policy import load_policy
from toolguild.runtime.topology import GOALS

GOAL = "Slug of the title"
MANY = 10_000
TOGETHER = 50  # goals given at the same moment
ONE_AT_A_TIME = "version: 1\nusers:\n  default: {tasks_at_once: 1, queued: 3}\n"


async def give(hall: Hall, user: str) -> TaskId:
    order = Order(goal=Goal(primary=GOAL), user=user)
    return await client.submit(hall.bus, hall.artifacts, order, hall.policy)


async def left(hall: Hall) -> int:
    """How many goals wait or are under way."""
    return (await hall.bus.js.stream_info(GOALS)).state.messages


async def none(hall: Hall) -> bool:
    return await left(hall) == 0


def rss(pid: int) -> float:
    """The memory that a process holds, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def held(guild: Standing) -> dict[str, float]:
    return {name: rss(pid) for name, pid in guild.members().items()} | {
        "nats-server": rss(guild.nats_pid())
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_ten_thousand_goals_of_one_user_take_no_memory_and_keep_no_other_user_waiting(
    tmp_path: Path,
) -> None:
    async with standing_guild(tmp_path) as guild:
        hall = guild.hall
        for _ in range(2):  # the first one makes the tool
            ended, _ = await hall.run(GOAL, user="bob")
            assert ended.status == "succeeded"
        before = held(guild)
        for _ in range(MANY // TOGETHER):
            await asyncio.gather(*(give(hall, "ana") for _ in range(TOGETHER)))
        assert await left(hall) > MANY // 2  # or the queue would not have been long
        more = {name: now - before[name] for name, now in held(guild).items()}
        assert more.pop("nats-server") < 200
        assert max(more.values()) < 50, more
        others = await left(hall)
        ended, _ = await hall.run(GOAL, user="bob")
        assert ended.status == "succeeded"
        assert await left(hall) > others - MANY // 10  # long before it was the turn of all of ana's
        spent = time.process_time()
        queued = await tasks(hall.bus, user="ana", status="queued")
        assert time.process_time() - spent < 10  # of this process: the machine may have more to do
        assert queued[0].ahead == len(queued) - 1 > MANY // 4


@pytest.fixture
def narrow(tmp_path: Path) -> Path:
    policy = tmp_path / "policy.yaml"
    policy.write_text(ONE_AT_A_TIME)
    return policy


async def test_a_goal_is_cancelled_while_it_waits_and_leaves_the_queue(
    tmp_path: Path, narrow: Path
) -> None:
    async with open_hall(tmp_path, policy=narrow) as hall:
        given = [await give(hall, "ana") for _ in range(3)]
        signer = KeyDirectory(hall.settings.keys).person("ana")
        await client.cancel(hall.bus, given[2], by="ana", signer=signer)
        results = [await client.result_of(hall.bus, task, within=150) for task in given]
        assert [one.status for one in results if one] == ["succeeded", "succeeded", "cancelled"]
        await until(lambda: none(hall))
        lines = {line.task: line for line in await tasks(hall.bus)}
        assert lines[given[2]].status == "cancelled"
        assert lines[given[2]].goal == GOAL


async def test_the_policy_of_the_guild_says_how_many_tasks_of_a_user_are_under_way(
    tmp_path: Path, narrow: Path
) -> None:
    async with open_hall(tmp_path, policy=narrow) as hall:
        given = [await give(hall, "ana") for _ in range(3)]
        for task in given:
            assert await client.result_of(hall.bus, task, within=150)
        spans = [[one async for one in client.follow(hall.bus, task)] for task in given]
        for earlier, later in pairwise(spans):
            assert earlier[-1].sequence < later[0].sequence  # one had ended when the next began


async def test_a_goal_too_many_is_refused_with_the_limit_and_where_it_stands(
    tmp_path: Path, narrow: Path
) -> None:
    async with open_hall(tmp_path, ["auditor"], policy=narrow) as hall:  # nobody lets goals in
        hall.policy = load_policy(narrow)
        for _ in range(3):
            await give(hall, "ana")
        with pytest.raises(Refused, match=r"3 goals of ana are waiting.*users\.default\.queued"):
            await give(hall, "ana")
        await give(hall, "bob")
        assert await left(hall) == 4
