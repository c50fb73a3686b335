"""A small guild for tests: one process that remembers sums, one worker that adds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Literal
from uuid import UUID, uuid4

from toolguild.agent import Process, Reader, Record, Worker
from toolguild.messages import Brief, Command, Envelope, Event, Message, TaskId
from toolguild.messages.events import WorkFailed
from toolguild.runtime.bus import Bus
from toolguild.runtime.consume import consume
from toolguild.runtime.main import handler
from toolguild.runtime.store import BucketStore, bucket
from toolguild.tool import Value

TASK = TaskId("t-1")


class SumWanted(Event):
    """Somebody wants numbers added."""

    kind: Literal["test-sum-wanted"] = "test-sum-wanted"
    task: TaskId = TASK
    numbers: tuple[int, ...]
    note: str = ""


class Add(Command):
    """Add numbers."""

    kind: Literal["test-add"] = "test-add"
    task: TaskId = TASK
    brief: Brief | None = None
    numbers: tuple[int, ...]
    note: str = ""


class Added(Event):
    """Numbers were added."""

    kind: Literal["test-added"] = "test-added"
    task: TaskId = TASK
    sum: int
    note: str = ""


class Sums(Value):
    """What the process remembers."""

    about: ClassVar[str] = "task"
    wanted: int = 0
    sums: tuple[int, ...] = ()
    failed: tuple[str, ...] = ()
    note: str = ""


def advance(sums: Sums, event: Event) -> tuple[Sums, Sequence[Message]]:
    """Order each sum that is wanted, keep each that comes."""
    match event:
        case SumWanted(numbers=numbers, note=note):
            wanted = sums.model_copy(update={"wanted": sums.wanted + 1, "note": note})
            return wanted, [Add(task=event.task, numbers=numbers, note=note)]
        case Added(sum=one):
            return sums.model_copy(update={"sums": (*sums.sums, one)}), []
        case WorkFailed(code=code):
            return sums.model_copy(update={"failed": (*sums.failed, code)}), []
    return sums, []


book = Process("book", "tasks", (SumWanted, Added, WorkFailed), Record[Sums], Sums(), advance)


def adder(work: Callable[[Add], Awaitable[Event]] | None = None, at_once: int = 4) -> Worker[Add]:
    """Return a worker that adds, or does what it is told to."""

    async def add(command: Add) -> Event:
        return Added(task=command.task, sum=sum(command.numbers), note=command.note)

    return Worker("add", Add, work or add, at_once)


def envelope(body: Message, id: UUID | None = None) -> Envelope:
    """Wrap a first message."""
    return Envelope(id=id or uuid4(), body=body, source="test", at="2026-01-01T00:00:00+00:00")


@asynccontextmanager
async def at_work(bus: Bus, *agents: Reader, ack_wait: float = 5.0) -> AsyncIterator[asyncio.Event]:
    """Run agents while the block lasts, or until the event that it yields is set."""
    stop = asyncio.Event()
    async with asyncio.timeout(90), asyncio.TaskGroup() as group:
        for agent in agents:
            handle = handler(bus, "hall", agent)
            group.create_task(consume(bus, "hall", agent, handle, stop=stop, ack_wait=ack_wait))
        yield stop
        stop.set()


async def sums_of(bus: Bus, count: int, *, task: str = TASK, within: float = 60) -> Sums:
    """Return what the process remembers once it has so many answers."""
    store = BucketStore(bucket(bus.js, "tasks"), bus.objects)
    async with asyncio.timeout(within):
        while True:
            raw, _ = await store.load(task)
            state = book.record.model_validate_json(raw).state if raw else Sums()
            if len(state.sums) + len(state.failed) >= count:
                assert isinstance(state, Sums)
                return state
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = 60) -> None:
    """Return once the condition holds. Raises TimeoutError when it does not come to that."""
    async with asyncio.timeout(within):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)
