"""An event for later is kept by the server, and there when its time has come."""

import asyncio
import os
import signal
import time
from uuid import uuid4

from toolguild.messages import Envelope
from toolguild.messages.events import TimeCame
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import LOG, ensure_streams


async def _arrival(bus: Bus, key: str, within: float = 60.0) -> float:
    began = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            info = await bus.js.stream_info(LOG, subjects_filter=f"toolguild.fact.time-came.{key}")
            if info.state.subjects:
                return time.monotonic() - began
            await asyncio.sleep(0.05)


async def test_a_moment_comes_not_before_its_time(bus: Bus) -> None:
    await bus.publish(
        Envelope(id=uuid4(), body=TimeCame(about_key="t-1", note="slow", after=2.0), at="")
    )

    took = await _arrival(bus, "t-1")

    assert took >= 0.9, "the server's clock counts whole seconds"
    message = await bus.js.get_last_msg(LOG, "toolguild.fact.time-came.t-1")
    assert (await bus.read(message.data or b"")).body.key == "t-1"


async def test_a_moment_comes_after_a_kill_of_the_server(bus: Bus, nats: NatsServer) -> None:
    await bus.publish(
        Envelope(id=uuid4(), body=TimeCame(about_key="t-2", note="slow", after=3.0), at="")
    )
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGKILL)
    await nats.wait()
    await nats.start()

    async with asyncio.timeout(60):
        await retried(lambda: bus.js.stream_info(LOG), "wait for the server")
    await _arrival(bus, "t-2")


async def test_making_the_streams_again_keeps_what_is_scheduled(bus: Bus) -> None:
    await bus.publish(
        Envelope(id=uuid4(), body=TimeCame(about_key="t-3", note="slow", after=2.0), at="")
    )

    await ensure_streams(bus.js)

    await _arrival(bus, "t-3")
