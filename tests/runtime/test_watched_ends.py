"""Work for a task that has ended stops for certain, whenever the word of it comes."""

import asyncio
from typing import NoReturn

import pytest

from toolguild.messages import Brief, Event, TaskId
from toolguild.messages.commands import RunTool
from toolguild.messages.events import Steered
from toolguild.runtime import ending
from toolguild.runtime.clock import now
from toolguild.runtime.steering import LogSteering
from toolguild.runtime.watched import Stopped, Watch
from toolguild.testing import samples

TASK = TaskId("t-1")
ENDED = Steered(about_key=TASK, state="ended", order=1, why="enough")
RUN = RunTool(
    task=TASK, brief=Brief(task=TASK), step="s1", tool=samples.tool().digest, arguments={}
)


async def endless() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def forgetful(began: asyncio.Event) -> Event:
    """Forget one cancellation, as a request does whose answer comes together with it."""
    began.set()
    try:
        await endless()
    except asyncio.CancelledError:
        await endless()


async def test_a_word_that_came_before_anybody_listened_stops_the_work() -> None:
    steering = LogSteering()
    steering.take(ENDED)
    with pytest.raises(Stopped, match="enough"):
        await asyncio.wait_for(Watch(steering, RUN).over(endless(), 1.0, now), 60)


async def test_work_that_forgets_its_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending.ended, "__kwdefaults__", {"again": 0.05})
    steering, began = LogSteering(), asyncio.Event()
    watched = asyncio.create_task(Watch(steering, RUN).over(forgetful(began), 1.0, now))
    await asyncio.wait_for(began.wait(), 60)
    steering.take(ENDED)
    with pytest.raises(Stopped, match="enough"):
        await asyncio.wait_for(watched, 60)
