"""A local HTTP server that counts what tools do to it: an effect outside the guild, which nothing can undo."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from toolguild.drill.tools import counted

TAKES = 0.8  # seconds from the effect to its answer: time to be killed in


@dataclass
class Effects:
    """What has happened, by name."""

    port: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def taken(self) -> Counter[str]:
        """Return what has been counted since the last time."""
        counts, self.counts = self.counts, Counter()
        return counts


@asynccontextmanager
async def counting_server() -> AsyncIterator[Effects]:
    """Serve on a free port of 127.0.0.1 for as long as the block lasts."""
    effects = Effects()

    async def count(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        await request.read()
        effects.counts[number] += 1  # now it has happened, whoever lives to hear of it
        await asyncio.sleep(TAKES)
        return web.json_response(counted(int(number)))

    app = web.Application()
    app.router.add_post(r"/count/{number:\d+}", count)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        effects.port = int(runner.addresses[0][1])
        yield effects
    finally:
        await runner.cleanup()
