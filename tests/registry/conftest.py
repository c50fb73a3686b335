"""A fresh NATS server for each test that needs one, and both registries for the suite they share."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import nats.errors
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from ports import free_port

from toolguild.registry import BUCKET, JetStreamRegistry, MemoryRegistry, open_registry


class Server:
    """A nats-server of one test, which can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        binary = Path(sys.executable).parent / "nats-server"
        options = ["-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([binary, *options], stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)

    async def connect(self) -> Client:
        async with asyncio.timeout(60):
            while True:
                try:
                    return await nats.connect(
                        self.url,
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=0.05,
                        allow_reconnect=True,
                        error_cb=_quiet,
                    )
                except (nats.errors.Error, OSError):
                    await asyncio.sleep(0.02)


async def _quiet(error: Exception) -> None:
    """Reconnecting is what these tests are about: its errors are no news."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def js(server: Server) -> AsyncIterator[JetStreamContext]:
    client = await server.connect()
    js = client.jetstream(timeout=60)
    await js.create_key_value(KeyValueConfig(bucket=BUCKET))
    yield js
    with contextlib.suppress(OSError):  # the test may have killed the server
        await client.close()


@pytest.fixture(params=["memory", "jetstream"])
async def registry(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[MemoryRegistry | JetStreamRegistry]:
    """Both registries keep the same promises, so both go through the same tests."""
    if request.param == "memory":
        memory = MemoryRegistry()
        yield memory
        memory.close()
        return
    server = Server(tmp_path)
    server.start()
    try:
        async with AsyncExitStack() as stack:
            client = await server.connect()
            stack.push_async_callback(client.close)
            js = client.jetstream()
            await js.create_key_value(KeyValueConfig(bucket=BUCKET))
            yield await stack.enter_async_context(open_registry(js))
    finally:
        server.kill()
