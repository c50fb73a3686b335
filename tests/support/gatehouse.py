"""A gate with the smallest guild behind it: each goal is one call of a worker, and then ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, Literal

from toolguild.agent import Gate, Process, Record, Worker
from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.guild import Artifacts
from toolguild.messages import Artifact, Command, Event, Message, Result, TaskId, events
from toolguild.policy import Policy
from toolguild.runtime.admit import admit
from toolguild.runtime.bus import Bus
from toolguild.runtime.consume import consume
from toolguild.runtime.main import handler
from toolguild.tool import Value

STARTED, ENDED = "toolguild.fact.goal-given.*", "toolguild.fact.result-released.*"


class Toil(Command):
    """Do what a goal says."""

    kind: Literal["test-toil"] = "test-toil"
    task: TaskId
    goal: str


class Toiled(Event):
    """It is done."""

    kind: Literal["test-toiled"] = "test-toiled"
    task: TaskId


class Toiler(Value):
    """What the process remembers."""

    about: ClassVar[str] = "task"
    goal: str = ""
    over: bool = False


def advance(state: Toiler, event: Event) -> tuple[Toiler, Sequence[Message]]:
    """Toil, then end; a person may end it before."""
    match event:
        case _ if state.over:
            return state, []
        case events.GoalGiven(task=task, goal=goal):
            return Toiler(goal=goal.primary), [Toil(task=task, goal=goal.primary)]
        case Toiled(task=task):
            return Toiler(over=True), [_end(task, "succeeded", state.goal)]
        case events.Intervened(task=task, action="cancel"):
            return Toiler(over=True), [_end(task, "cancelled", state.goal)]
    return state, []


def _end(task: TaskId, status: Literal["succeeded", "cancelled"], goal: str) -> Message:
    result = Result(task=task, status=status, goal=goal)
    return events.ResultReleased(task=task, result=result)


PROCESS = Process(
    "toiler",
    "tasks",
    (events.GoalGiven, events.Intervened, Toiled),
    Record[Toiler],
    Toiler(),
    advance,
)


class Toils:
    """Work that is done at once, or waits in `go_on` for goals that begin with "long"."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def work(self, command: Toil) -> Event:
        if command.goal.startswith("long"):
            await self.go_on.wait()
        return Toiled(task=command.task)


@asynccontextmanager
async def gatehouse(
    bus: Bus,
    at_once: Callable[[str], int],
    work: Callable[[Toil], Awaitable[Event]],
    *,
    gates: int = 1,
    ack_wait: float = 5.0,
) -> AsyncIterator[None]:
    """Run gates and the guild behind them for as long as the block lasts."""
    stop = asyncio.Event()
    worker = Worker("toil", Toil, work, at_once=64)
    async with asyncio.timeout(110), asyncio.TaskGroup() as group:
        for agent in (PROCESS, worker):
            handle = handler(bus, "hall", agent)
            group.create_task(consume(bus, "hall", agent, handle, stop=stop))
        async with AsyncExitStack() as stack:
            for _ in range(gates):
                await stack.enter_async_context(at_gate(bus, at_once, ack_wait=ack_wait))
            yield
        stop.set()


@asynccontextmanager
async def at_gate(
    bus: Bus, at_once: Callable[[str], int], *, ack_wait: float = 5.0
) -> AsyncIterator[None]:
    """Run one gate for as long as the block lasts."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(admit(bus, "hall", Gate("gate", at_once), stop=stop, ack_wait=ack_wait))
        yield
        stop.set()


class NoFiles:
    """No goal here has files."""

    async def put(self, name: str, content: object, *, holder: str = "") -> Artifact:
        raise AssertionError("no goal here has files")

    head = path = put


NO_FILES: Artifacts = NoFiles()  # type: ignore[assignment]  # every method refuses


async def give(bus: Bus, user: str, goal: str = "short", policy: Policy | None = None) -> TaskId:
    """Give a goal without files."""
    order = Order(goal=Goal(primary=goal), user=user)
    return await client.submit(bus, NO_FILES, order, policy or Policy.default())


async def seen(bus: Bus, subject: str) -> list[str]:
    """Return the tasks on a subject of the log, in its order."""
    return [entry.key async for entry in log.entries(bus, (subject,), live=False)]


async def until(count: int, bus: Bus, subject: str) -> list[str]:
    """Return the tasks on a subject once there are so many."""
    async with asyncio.timeout(60):
        while True:
            if len(tasks := await seen(bus, subject)) >= count:
                return tasks
            await asyncio.sleep(0.02)
