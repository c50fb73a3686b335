"""One guild that works through the jobs, struck or not, and everything that is recorded of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from toolguild.client.task import Noted
from toolguild.drill import records
from toolguild.drill.effects import Effects
from toolguild.drill.guild import Make, drill_guild
from toolguild.drill.jobs import Job
from toolguild.drill.paid import Paid, paid
from toolguild.drill.report import counted
from toolguild.drill.striker import Striker, services_of
from toolguild.drill.strikes import Strike
from toolguild.drill.tap import Tap, tapped
from toolguild.drill.work import Work
from toolguild.runtime.dead import DeadLetter
from toolguild.runtime.ending import ended
from toolguild.runtime.server import running

PATIENCE = 120.0  # seconds without any end after which what is open counts as lost
QUIET_WITHIN = 60.0  # seconds for the last messages to be settled once every task has ended
EVERY_TOLD = 10.0  # seconds between two lines of progress
SPREAD = (0.5, 1.5)  # of the time between two strikes

Say = Callable[[str], None]


@dataclass(frozen=True)
class Strikes:
    """How a guild is struck: so many kills, one strike every so many seconds on average."""

    kills: int
    every: float
    seed: int


@dataclass(frozen=True)
class Trial:
    """What is known of one guild's work when it is over."""

    accepted: dict[str, Job]
    log: Sequence[Noted]
    tap: Tap
    paid: Paid
    dead: tuple[DeadLetter, ...]
    effects: Mapping[str, int]  # how often each has happened
    gone: frozenset[str]  # tasks with a file that cannot be fetched, or is not what it is called
    strikes: tuple[Strike, ...]
    refused: int
    seconds: float


@dataclass(frozen=True)
class Stage:
    """Where the jobs are done, undisturbed and struck alike."""

    jobs: Sequence[Job]
    executors: int
    policy: Path
    effects: Effects


async def trial(directory: Path, stage: Stage, plan: Strikes | None, say: Say) -> Trial:
    """Run a guild, give it all jobs, strike it if there is a plan, and record what came of it.

    Raises Misconfigured when the guild does not start. Nothing of it is left when this returns or raises.
    """
    async with AsyncExitStack() as stack:
        guild = await stack.enter_async_context(
            drill_guild(directory, Make(executors=stage.executors, policy=stage.policy))
        )
        url = running(directory / "nats")
        assert url is not None, "the guild was ready just now"
        services = frozenset(services_of(guild))
        tap = await stack.enter_async_context(tapped(url, services))
        work = Work(guild)
        striker = Striker(guild, tap, Random(f"strikes:{plan.seed if plan else 0}"))
        began = time.monotonic()
        try:
            await _worked(work, stage.jobs, striker, plan, say)
        finally:
            await striker.end()
        seconds = time.monotonic() - began
        await records.quiet(guild.bus, services, within=QUIET_WITHIN)
        strikes = tuple(striker.strikes)
        log = await records.log_of(guild.bus)
        journal = await records.journal_of(guild.bus)
        return Trial(
            accepted=dict(work.accepted),
            log=log,
            tap=tap,
            paid=paid(records.calls_of(guild.calls), journal, strikes),
            dead=await records.dead_of(guild.bus),
            effects=stage.effects.taken(),
            gone=await records.gone(guild.artifacts, log),
            strikes=strikes,
            refused=work.refused,
            seconds=seconds,
        )


async def _worked(
    work: Work, jobs: Sequence[Job], striker: Striker, plan: Strikes | None, say: Say
) -> None:
    """Return when all jobs are given and have ended, or when nothing has ended for too long."""
    giving = asyncio.create_task(work.give(jobs, _pace(striker, plan, len(jobs))))
    beside = [
        asyncio.create_task(work.follow()),
        asyncio.create_task(_tell(work, striker, len(jobs), say)),
    ]
    if plan is not None:
        beside.append(asyncio.create_task(_strike(striker, plan, work, giving)))
    try:
        await work.all_ended(giving, patience=PATIENCE)
    finally:
        ends = await ended((giving, *beside))
    for end in ends:
        if isinstance(end, Exception):
            raise end


def _pace(striker: Striker, plan: Strikes | None, many: int) -> Callable[[int], Awaitable[None]]:
    """Spread the jobs over the kills, so that each finds work under way."""

    async def may(number: int) -> None:
        if plan is not None:
            await striker.killed(number * plan.kills / many - 1)

    return may


async def _strike(striker: Striker, plan: Strikes, work: Work, giving: asyncio.Task[None]) -> None:
    random = Random(f"moments:{plan.seed}")
    while striker.kills < plan.kills:
        await asyncio.sleep(plan.every * random.uniform(*SPREAD))
        if giving.done() and not work.open:
            return
        await striker.strike()


async def _tell(work: Work, striker: Striker, many: int, say: Say) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_TOLD)
        took = time.monotonic() - began
        line = (
            f"drill: {took:4.0f} s, {len(work.ended)} of {many} tasks ended, {work.open} under way"
        )
        say(line + (f", struck: {counted(striker.strikes)}" if striker.strikes else ""))
