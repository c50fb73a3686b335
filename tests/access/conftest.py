"""A server with every user of the guild, and streams as the bootstrap identity makes them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolguild.agent import Service
from toolguild.runtime.access.credentials import Credentials, read_seed
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.rights import Rights
from toolguild.runtime.access.roster import BOOTSTRAP, OUTSIDERS, roster
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import NatsServer, nats_server
from toolguild.runtime.services import load_service
from toolguild.runtime.topology import ensure_guild

OURS = ("auditor", "executor", "planner", "reviewer", "synthesizer")


@dataclass(frozen=True)
class Grounds:
    """A NATS server that knows every user of the guild."""

    server: NatsServer
    credentials: Credentials

    def as_(self, user: str) -> AbstractAsyncContextManager[Bus]:
        """Connect as one user."""
        login = Login(seed=read_seed(self.credentials.place(user)), binds=True)
        return connect(self.server.address, name=user, login=login)

    def master(self) -> AbstractAsyncContextManager[Bus]:
        """Connect as one who may do everything."""
        return connect(self.server.url, name="master")


@asynccontextmanager
async def grounds_in(directory: Path) -> AsyncIterator[Grounds]:
    """Run a server with the guild's users for as long as the block lasts."""
    services: list[Service] = [load_service(name) for name in OURS]
    credentials = Credentials(directory / "credentials")
    credentials.make((*OURS, *OUTSIDERS))
    rights = roster(services)

    def access() -> dict[str, tuple[tuple[str, ...], Rights]]:
        return {user: (credentials.public(user), rights[user]) for user in rights}

    async with nats_server(directory / "nats", access=access) as server:
        grounds = Grounds(server, credentials)
        async with grounds.as_(BOOTSTRAP) as bus:
            await ensure_guild(bus.js, services)
        yield grounds


@pytest.fixture
async def grounds(tmp_path: Path) -> AsyncIterator[Grounds]:
    async with grounds_in(tmp_path) as found:
        yield found
