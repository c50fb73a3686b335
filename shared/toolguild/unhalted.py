"""Halts where nobody halts: in tests, and in a guild whose services were given none."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from toolguild.tool import Published


class Unhalted:
    """Implements `toolguild.guild.Halts` where nobody halts."""

    def refusal(self, tools: Sequence[Published]) -> str | None:
        """Return None: nothing is halted."""
        return None

    def calling(self, tools: Sequence[Published]) -> AbstractContextManager[None]:
        """Return a block that nobody waits for."""
        return nullcontext()

    async def changed(self) -> None:
        """Never return: no order comes."""
        await asyncio.Event().wait()
