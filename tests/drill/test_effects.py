"""The counting server counts each effect, whoever lives to hear of it."""

import asyncio

import aiohttp

from toolguild.drill import effects
from toolguild.drill.tools import counted


async def test_an_effect_counts_when_it_happens_and_not_when_it_is_answered() -> None:
    async with effects.counting_server() as counting, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{counting.port}/count/8"
        with_patience = asyncio.create_task(_post(session, url, 10))
        assert await _post(session, url, effects.TAKES / 4) is None
        assert await with_patience == counted(8)
        assert counting.taken() == {"8": 2}
        assert counting.taken() == {}


async def _post(session: aiohttp.ClientSession, url: str, within: float) -> int | None:
    timeout = aiohttp.ClientTimeout(total=within)
    try:
        async with session.post(url, data=b"1", timeout=timeout) as answer:
            return int(await answer.json())
    except TimeoutError:
        return None
