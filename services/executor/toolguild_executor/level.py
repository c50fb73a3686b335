"""Whether a tool may run on its own, or a person has to say yes first."""

from typing import cast

from toolguild.capability import Capabilities
from toolguild.guild import Guild
from toolguild.messages.commands import RunTool
from toolguild.messages.events import RunHeld
from toolguild.messages.item import Risk
from toolguild.policy import Level
from toolguild.tool import Published


async def held(guild: Guild, command: RunTool, entry: Published) -> RunHeld | None:
    """Return the question to a person that has to come before this run, or None.

    A tool runs no more freely than the tools that it uses. One that a person approved when it was made needs
    no second approval while there was no incident. Raises TemporaryError when a record cannot be read.
    """
    if command.approved_by is not None:
        return None
    brief = guild.steering.narrowed(command.brief, command.key)
    autonomy = guild.policy.autonomy
    for used in guild.registry.closure(command.tool):
        trusted = await guild.trust.level(used.tool.digest)
        asked = cast("Level", brief.autonomy)
        level = autonomy.of_run(used.tool.draft.name, trusted, asked)
        fallen = trusted < autonomy.trust.start
        if level == "A" and (fallen or used.tool.approved_by is None):
            return RunHeld(
                task=command.task,
                attempt=command.attempt,
                step=command.step,
                item=command.item,
                tool=command.tool,
                title=entry.tool.title,
                why=_why(used, entry, fallen=fallen),
                risk=risk_of(entry.tool.capabilities),
            )
    return None


def _why(used: Published, entry: Published, *, fallen: bool) -> str:
    name = used.tool.title if used is entry else f"{used.tool.title}, which it uses,"
    if fallen:
        return f"{name} has lost its trust: a person decides whether it runs"
    return f"at level A a person approves each tool before it runs, and nobody has approved {name.rstrip(',')}"


def risk_of(capabilities: Capabilities) -> Risk:
    """Return how much harm a run with these capabilities could do outside its sandbox."""
    return "high" if capabilities.hosts or capabilities.programs else "medium"
