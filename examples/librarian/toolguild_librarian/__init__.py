"""Finds published tools. Reads FindTool; sends ToolFound."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Duty, Service
from toolguild.guild import Guild
from toolguild_librarian.find import librarian
from toolguild_librarian.messages import FindTool, ToolFound


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    yield (librarian(guild.registry),)


service = Service(
    name="librarian",
    description="Finds published tools for a question in plain words.",
    open=_open,
    needs=frozenset({"registry"}),
    duties=(Duty("librarian", (FindTool,)),),
    sends=(ToolFound,),
)
