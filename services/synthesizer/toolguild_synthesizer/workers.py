"""The workers of the synthesizer: one command in, one event out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from toolguild.agent import Worker
from toolguild.guild import Guild
from toolguild.messages.commands import DraftTool
from toolguild_synthesizer.drafting import draft_tool


def drafters(guild: Guild) -> Sequence[Worker[Any]]:
    """Return the synthesizer's workers over the guild's resources."""
    return (Worker(name="draft", reads=DraftTool, work=partial(draft_tool, guild)),)
