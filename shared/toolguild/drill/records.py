"""What a guild leaves behind: its log, its journal, its dead letters, the calls of its model."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nats.js.kv import KeyValue

from toolguild.client import log
from toolguild.client.task import ALL, Noted
from toolguild.drill.count import results
from toolguild.drill.paid import ModelCall, call_of, calls_in
from toolguild.errors import PermanentError, TemporaryError
from toolguild.guild import Artifacts
from toolguild.runtime import claim
from toolguild.runtime.bus import Bus
from toolguild.runtime.dead import DeadLetter, dead_letters
from toolguild.runtime.retry import retried
from toolguild.runtime.store import bucket, keys_of
from toolguild.runtime.topology import LOG, WORK

LOOK = 0.2
STILL = 3  # looks in a row that find nothing to do


async def quiet(bus: Bus, services: frozenset[str], *, within: float) -> bool:
    """Wait until no agent has anything left to do, so that a second end that is on its way gets to the log.

    Returns False when that is not so in time.
    """
    deadline, still = time.monotonic() + within, 0
    while time.monotonic() < deadline:
        still = 0 if await _under_way(bus, services) else still + 1
        if still == STILL:
            return True
        await asyncio.sleep(LOOK)
    return False


async def _under_way(bus: Bus, services: frozenset[str]) -> int:
    found = 0
    for stream in (WORK, LOG):
        for info in await bus.js.consumers_info(stream):
            if any(info.name.startswith(f"{service}-") for service in services):
                found += (info.num_pending or 0) + (info.num_ack_pending or 0)
    return found


async def log_of(bus: Bus) -> list[Noted]:
    """Return every message of the log that this program knows, in order."""
    found = []
    async for entry in log.entries(bus, ALL, live=False):
        envelope = await log.envelope(bus, entry)
        if envelope is not None:
            found.append(Noted(entry.sequence, entry.at, envelope, entry.trace_id))
    return found


async def journal_of(bus: Bus) -> dict[str, float]:
    """Return when the journal got the answer of each model call that it keeps, in seconds of the wall clock."""
    journal = bucket(bus.js, "journal")
    while True:
        read, found = await _answers(bus, journal)
        if read or not await retried(lambda: keys_of(journal), "look into the journal"):
            return found
        # else it was said too early that it is empty: see keys_of


async def _answers(bus: Bus, journal: KeyValue) -> tuple[int, dict[str, float]]:
    """Return how many entries were read, and the times of the answers among them."""
    watcher = await retried(journal.watchall, "read the journal")
    read, found = 0, {}
    try:
        async for entry in watcher:
            if entry is None:
                break  # that was all there is
            read += 1
            with suppress(ValueError, KeyError, TypeError):
                kept = json.loads(await claim.unpack(bus.objects, entry.value or b""))
                call = call_of(kept["completion"]["text"])
                if call is not None:
                    found[call] = entry.created.timestamp()
    finally:
        await watcher.stop()  # type: ignore[no-untyped-call]  # nats-py leaves it untyped
    return read, found


def calls_of(place: Path) -> list[ModelCall]:
    """Return every call of the scripted model."""
    return calls_in(place.read_text().splitlines()) if place.exists() else []


async def dead_of(bus: Bus) -> tuple[DeadLetter, ...]:
    """Return the dead letters, oldest first."""
    return tuple([kept.letter for kept in await dead_letters(bus)])


async def gone(artifacts: Artifacts, noted: Sequence[Noted]) -> frozenset[str]:
    """Return the tasks of whose result a file cannot be fetched, or is not what it is called."""
    found = set()
    for task, result in results(noted).items():
        for file in result.files:
            try:
                await artifacts.path(file)
            except (PermanentError, TemporaryError):
                found.add(task)
    return frozenset(found)
