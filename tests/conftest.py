"""What all tests share: a real NATS server, a new one for each test that asks."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import ensure_streams

# No test fails by chance: the same examples every time, however slow the machine. New ones: `make fuzz`,
# or `pytest --hypothesis-profile seeking`.
settings.register_profile(
    "certain", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "seeking", derandomize=False, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("certain")

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would every process started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A running server on a free port, with its data below the test's own directory."""
    server = NatsServer(tmp_path / "nats")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    """A connection to that server, with every stream of the guild in place."""
    async with connect(nats.url) as bus:
        await ensure_streams(bus.js)
        yield bus


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their number: archives have the time in them, and every worker must collect the same names."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes) else None
