"""Is this service alive, is it ready, how does it fare: three pages over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from toolguild.errors import Misconfigured

Check = Callable[[], Awaitable[str]]  # "" when all is well, else what is wrong


def application(checks: Mapping[str, Check], samples: Sequence[Check] = ()) -> web.Application:
    """Return the pages: /healthz (this process answers), /readyz (every check is well), /metrics.

    `samples` are run before metrics are shown, for what they measure on the way.
    """

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(request: web.Request) -> web.Response:
        found = {name: await check() for name, check in checks.items()}
        ready = not any(found.values())
        body = {"ready": ready, "checks": {name: wrong or "ok" for name, wrong in found.items()}}
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(request: web.Request) -> web.Response:
        for sample in samples:
            await sample()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


@asynccontextmanager
async def health_server(
    host: str, port: int, checks: Mapping[str, Check], samples: Sequence[Check] = ()
) -> AsyncIterator[None]:
    """Serve the pages for as long as the block lasts. Raises Misconfigured when the port is taken."""
    runner = web.AppRunner(application(checks, samples), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Misconfigured(
                f"port {port} on {host} for health and metrics: {error.strerror}; "
                "set TOOLGUILD_HTTP_PORT to a free port, or to 0 for none"
            ) from error
        yield
    finally:
        await runner.cleanup()
