"""A small server that speaks OpenAI's chat completions, and misbehaves on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[dict[str, Any]], web.Response]


def says(text: str, *, finish: str = "stop", usage: bool = True) -> Reply:
    """Answer with this text."""

    def reply(asked: dict[str, Any]) -> web.Response:
        body: dict[str, Any] = {
            "id": "c-1",
            "object": "chat.completion",
            "created": 1,
            "model": asked["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": text},
                }
            ],
        }
        if usage:
            body["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        return web.json_response(body)

    return reply


def fails(status: int, message: str = "no", code: str = "", **headers: str) -> Reply:
    """Answer with an error of OpenAI's shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def reply(_: dict[str, Any]) -> web.Response:
        error = {"error": {"message": message, "type": "error", "code": code}}
        return web.json_response(error, status=status, headers=named)

    return reply


def sends(text: str, content_type: str = "application/json") -> Reply:
    """Answer 200 with these bytes."""
    return lambda _: web.Response(text=text, content_type=content_type)


async def trickle(request: web.Request) -> web.StreamResponse:
    """Send a space now and then, for ever: each read is quick, the answer never comes."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


@dataclass
class OpenAIServer:
    """Gives its replies one after another, the last one for ever; keeps what it was sent."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    trickling: bool = False
    held: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: requests wait

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.asked.append(asked)
        self.keys.append(request.headers.get("Authorization", ""))
        await self.held.wait()
        if self.trickling:
            return await trickle(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(asked)


@asynccontextmanager
async def openai_server(*replies: Reply) -> AsyncIterator[OpenAIServer]:
    """Serve on a free port of the loopback interface."""
    server = OpenAIServer(replies=list(replies))
    server.held.set()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        server.held.set()
        await runner.cleanup()
