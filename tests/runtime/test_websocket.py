"""NATS over WebSockets still works, though nobody imports what it needs before a URL asks for it."""

import asyncio
import shutil
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ports import free_port

ASKS = """
import asyncio, sys
from toolguild.runtime.bus import connect

async def main():
    assert "aiohttp" not in sys.modules, "imported before anybody asked for it"
    async with connect(sys.argv[1]) as bus:
        heard = await bus.client.subscribe("hello")
        await bus.client.publish("hello", b"over a web socket")
        print((await heard.next_msg(timeout=60)).data.decode())

asyncio.run(main())
"""


@asynccontextmanager
async def web_server(folder: Path) -> AsyncIterator[str]:
    """Run a nats-server that listens for WebSockets, and return its URL once somebody is heard there."""
    port = free_port()
    config = folder / "server.conf"
    config.write_text(
        f'listen: "127.0.0.1:-1"\nwebsocket {{ listen: "127.0.0.1:{port}", no_tls: true }}\n'
    )
    scripts = sysconfig.get_path("scripts")
    binary = shutil.which("nats-server", path=scripts) or shutil.which("nats-server")
    assert binary is not None
    process = await asyncio.create_subprocess_exec(
        binary, "-c", str(config), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while not await listens(port):
                assert process.returncode is None
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.02)
        return False
    writer.close()
    return True


async def test_a_connection_over_web_sockets_imports_what_it_needs(tmp_path: Path) -> None:
    async with web_server(tmp_path) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASKS, url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert out.decode().strip() == "over a web socket", err.decode()
