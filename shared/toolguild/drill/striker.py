"""Strikes a guild at random moments and by turns: kills with SIGKILL, and stops with SIGSTOP for a while."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from toolguild.drill.guild import DrillGuild
from toolguild.drill.processes import Living, alive, descendants
from toolguild.drill.strikes import SANDBOX, SERVER, Strike
from toolguild.drill.tap import Tap

CUT_SECONDS = 6.5  # longer than the 5 s after which a silent holder's message moves on
IN_A_RUN = 3.0  # seconds for which an executor's strike waits until a tool runs
CUT = "cut "
RUNS = frozenset({"executor-run", "executor-test", "executor-try"})
EXECUTORS_TURNS = 2  # of each round: an executor in the middle of a run is what is asked most often


class Striker:
    """Strikes one guild. `strikes` is what it did so far."""

    def __init__(self, guild: DrillGuild, tap: Tap, random: Random) -> None:
        self._guild = guild
        self._tap = tap
        self._random = random
        self._turns = turns(services_of(guild), random)
        self._stopped: list[Living] = []
        self._cuts: set[asyncio.Task[None]] = set()
        self._killed = asyncio.Event()
        self.strikes: list[Strike] = []

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(one.how == "kill" for one in self.strikes)

    async def killed(self, many: float) -> None:
        """Return when so many processes have been killed."""
        while self.kills < many:
            self._killed.clear()
            await self._killed.wait()

    async def strike(self) -> Strike | None:
        """Strike the next kind; None when there was nobody of it just now."""
        kind = next(self._turns)
        if kind.startswith(CUT):
            return await self._cut(kind.removeprefix(CUT))
        if kind == "executor":
            await self._until_a_run()
        return self.kill(kind)

    def kill(self, kind: str) -> Strike | None:
        """Kill a process of one kind at once; None when there was nobody of it just now."""
        found = self._victim(kind)
        if found is None:
            return None
        name, victim = found
        return self._kill(kind, name, victim)

    async def end(self) -> None:
        """Let everything that was stopped go on."""
        for task in self._cuts:
            task.cancel()
        await asyncio.gather(*self._cuts, return_exceptions=True)
        for one in self._stopped:
            _send(one, signal.SIGCONT)

    def _victim(self, kind: str) -> tuple[str, Living] | None:
        if kind == SERVER:
            server = self._guild.server()
            return None if server is None else (SERVER, server)
        if kind == SANDBOX:
            return self._child_of_an_executor()
        found = [
            (name, living)
            for name, (service, _) in self._guild.members().items()
            if service == kind and (living := self._guild.member(name)) is not None
        ]
        return self._random.choice(found) if found else None

    def _child_of_an_executor(self) -> tuple[str, Living] | None:
        found = self._victim("executor")
        if found is None:
            return None
        children = descendants(found[1].pid)
        return (found[0], self._random.choice(children)) if children else None

    def _kill(self, kind: str, name: str, victim: Living) -> Strike | None:
        at = time.time()
        if not _send(victim, signal.SIGKILL):
            return None
        strike = Strike(at, "kill", kind, name, victim.pid, until=time.time())
        self.strikes.append(strike)
        self._killed.set()
        return strike

    async def _cut(self, service: str) -> Strike | None:
        """Stop a process for longer than the stream waits for it, while others are struck."""
        found = self._victim(service)
        if found is None:
            return None
        name, victim = found
        self._stopped.append(victim)
        at = time.time()
        if not _send(victim, signal.SIGSTOP):
            return None
        strike = Strike(at, "cut", service, name, victim.pid, until=at + CUT_SECONDS)
        self.strikes.append(strike)
        place = len(self.strikes) - 1
        task = asyncio.create_task(self._go_on(place, victim))
        self._cuts.add(task)
        task.add_done_callback(self._cuts.discard)
        return strike

    async def _go_on(self, place: int, victim: Living) -> None:
        await asyncio.sleep(CUT_SECONDS)
        _send(victim, signal.SIGCONT)
        self.strikes[place] = replace(self.strikes[place], until=time.time())

    async def _until_a_run(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._tap.busy(RUNS), IN_A_RUN)


def services_of(guild: DrillGuild) -> list[str]:
    """Return the kinds of service that a guild runs."""
    return sorted({service for service, _ in guild.members().values()})


def turns(services: Sequence[str], random: Random) -> Iterator[str]:
    """Yield what to strike, for ever: every kind once a round, in a new order each round.

    A round also cuts one process, of the services by turns. Pure.
    """
    cuts = list(services)
    random.shuffle(cuts)
    while True:
        for cut in cuts:
            extra = ["executor"] * (EXECUTORS_TURNS - 1) if "executor" in services else []
            kinds = [*services, *extra, SANDBOX, SERVER, CUT + cut]
            random.shuffle(kinds)
            yield from kinds


def _send(one: Living, number: signal.Signals) -> bool:
    """Send a signal to that very process; False when it is gone."""
    if not alive(one):
        return False
    try:
        os.kill(one.pid, number)
    except ProcessLookupError:
        return False
    return True
