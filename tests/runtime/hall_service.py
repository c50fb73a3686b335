"""A service of the test guild, run as a process: `python -m tests.runtime.hall_service SECONDS`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Service
from toolguild.guild import Guild
from toolguild.messages import Event
from toolguild.runtime.main import main

from .guildhall import Add, Added, adder, book


async def busy(command: Add) -> Event:
    """Work for a while, and say when it starts."""
    sys.stdout.write("started\n")
    sys.stdout.flush()
    await asyncio.sleep(float(sys.argv[1]))
    return Added(task=command.task, sum=sum(command.numbers))


@asynccontextmanager
async def open_hall(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    """Yield the agents, and say when they are there and when they are gone."""
    sys.stdout.write("open\n")
    sys.stdout.flush()
    yield [book, adder(busy)]
    sys.stdout.write("closed\n")


if __name__ == "__main__":
    main(Service("hall", "Adds numbers.", open_hall))
