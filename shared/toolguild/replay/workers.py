"""The workers, given each command of the log once more, with the journal's answers where a model was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from toolguild.agent import Agent, Service, Worker
from toolguild.canonical import Digest
from toolguild.errors import ToolguildError
from toolguild.guild import Guild
from toolguild.messages import Command, Event, commands, events
from toolguild.replay.difference import Difference, differing
from toolguild.replay.history import History, Said
from toolguild.replay.remembered import NotRemembered

OUTSIDE = (
    commands.AdmitGoal,
    commands.Notify,
    commands.PruneTask,
    commands.UndoTask,
    commands.KeepRoom,
)
IN_THE_SANDBOX = (commands.TryTool, commands.RunTool, commands.TestDraft)

OpenGuild = Callable[[Service, frozenset[Digest]], Awaitable[Guild]]


@dataclass
class Redone:
    """What came of giving the commands once more."""

    same: int = 0
    skipped: list[tuple[int, str, str]] = field(default_factory=list)  # sequence, kind, why
    differences: list[Difference] = field(default_factory=list)


class Crew:
    """The agents of all services, over a registry as it was at some moment."""

    def __init__(self, services: Sequence[Service], stack: AsyncExitStack) -> None:
        self._services = services
        self._stack = stack
        self._opened: dict[frozenset[Digest], Mapping[str, tuple[str, Worker[Command]]]] = {}

    async def agents(
        self, guild_of: OpenGuild, unknown: frozenset[Digest]
    ) -> Sequence[tuple[str, Agent]]:
        """Open every service and return its agents with their sources, such as "planner/planner"."""
        found: list[tuple[str, Agent]] = []
        for service in self._services:
            opened = await self._stack.enter_async_context(
                service.open(await guild_of(service, unknown))
            )
            found += [(f"{service.name}/{agent.name}", agent) for agent in opened]
        return found

    async def workers(
        self, guild_of: OpenGuild, unknown: frozenset[Digest]
    ) -> Mapping[str, tuple[str, Worker[Command]]]:
        """Return the worker of each kind of command, when these tools were not published yet."""
        if unknown not in self._opened:
            self._opened[unknown] = {
                agent.reads.kind_name(): (source, agent)
                for source, agent in await self.agents(guild_of, unknown)
                if isinstance(agent, Worker)
            }
        return self._opened[unknown]


async def redo(
    history: History, crew: Crew, guild_of: OpenGuild, *, run: bool, outside: frozenset[Digest]
) -> Redone:
    """Give every command that was answered once more, and compare the answers.

    `run` False leaves out what runs in the sandbox. Tools in `outside` have effects that nobody can repeat.
    """
    done = Redone()
    for said in history.commands:
        why = _left_out(said, run=run, outside=outside)
        workers = await crew.workers(guild_of, history.unknown_at(said.sequence))
        known = workers.get(str(said.body.kind))
        if known is None:
            why = why or "no service that is installed reads it"
        if why or known is None:
            done.skipped.append((said.sequence, str(said.body.kind), why))
            continue
        await _redo_one(done, history, said, *known)
    return done


async def _redo_one(
    done: Redone, history: History, said: Said, source: str, worker: Worker[Command]
) -> None:
    command = said.body
    assert isinstance(command, Command)
    answered = history.by_id.get(said.envelope.consequence(0, command, source=source).id)
    if answered is None or isinstance(answered.body, events.WorkFailed | events.PutBack):
        reason = "it was never answered" if answered is None else "it was not carried out then"
        done.skipped.append((said.sequence, str(command.kind), reason))
        return
    try:
        answer: Event = await worker.work(command)
    except NotRemembered as error:
        done.differences.append(Difference(said.sequence, source, f"{command.kind}: {error}"))
        return
    except ToolguildError as error:
        told = f"{command.kind} fails now: {error}"
        done.differences.append(Difference(said.sequence, source, told))
        return
    parted = differing(answered.body, answer)
    if parted is None:
        done.same += 1
    else:
        told = f"{command.kind} is answered otherwise at {parted[0]}"
        done.differences.append(Difference(answered.sequence, source, told, *parted[1:]))


def _left_out(said: Said, *, run: bool, outside: frozenset[Digest]) -> str:
    body = said.body
    if isinstance(body, OUTSIDE):
        return "it has effects outside the task"
    if isinstance(body, IN_THE_SANDBOX) and not run:
        return "the sandbox was left out"
    if isinstance(body, commands.RunTool) and body.tool in outside:
        return "its tool reaches hosts: nothing is done there twice"
    return ""


@asynccontextmanager
async def crew_of(services: Sequence[Service]) -> AsyncIterator[Crew]:
    """Give the crew of these services for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        yield Crew(services, stack)
