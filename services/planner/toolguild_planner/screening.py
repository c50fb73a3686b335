"""What a goal and its files are like before anything is planned: misuse, and what is odd about them."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from toolguild.errors import PermanentError
from toolguild.guild import Guild
from toolguild.messages import ModelUsage
from toolguild.messages.commands import MakePlan
from toolguild.messages.events import InputFlagged
from toolguild.screen import anomaly, injection
from toolguild.screen.flag import Flag
from toolguild.screen.intent import Intent, flag, judge, stricter
from toolguild.screen.provenance import said

NONE = "none"
_GOAL = 8000  # characters of a goal that a model sees

Spent = tuple[ModelUsage, ...]


class Opinion(BaseModel):
    """What a model takes a goal for: first why, then the category of the usage policy, or "none"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: str = Field(default="", max_length=2000)
    category: str


async def screened(guild: Guild, command: MakePlan) -> tuple[InputFlagged | None, Spent]:
    """Return what becomes of a goal that may not be planned as it is, else None; and what asking cost.

    What is only worth noting is told at once. Raises what asking a model raises, except that it gave no answer.
    """
    if not guild.policy.layers.input:
        return None, ()
    if command.attempt == 1 and not command.cleared:
        await _note(guild, command)
    if guild.policy.input.intent == "off" or command.cleared:
        return None, ()
    words = said(command.goal)
    intent = judge(words, guild.usage)
    spent: Spent = ()
    if guild.policy.input.model and intent.action != "refuse":
        intent, spent = await _by_model(guild, command, words, intent)
    if intent.action == "allow":
        return None, spent
    flagged = InputFlagged(
        task=command.task,
        where="goal",
        flags=intent.flags,
        action="refused" if intent.action == "refuse" else "asked",
    )
    return flagged, spent


async def _note(guild: Guild, command: MakePlan) -> None:
    """Tell of what is odd about the goal and its files. Nothing is refused for it."""
    words = said(command.goal)
    found = {"goal": (*anomaly.of_text(words), *_orders(guild, words))}
    for file in command.files:
        head = await guild.artifacts.head(file, anomaly.HEAD)
        found[f"file:{file.name}"] = anomaly.of_file(file.name, head, file.bytes)
    for where, flags in found.items():
        if flags:
            await guild.flagged(
                InputFlagged(task=command.task, where=where, flags=flags, action="noted")
            )


def _orders(guild: Guild, words: str) -> Sequence[Flag]:
    return () if guild.policy.input.injection == "off" else injection.flags(words, where="goal")


async def _by_model(
    guild: Guild, command: MakePlan, words: str, intent: Intent
) -> tuple[Intent, Spent]:
    """Ask a model as well. It can only make the outcome stricter; without an answer the rules' stands."""
    usage = guild.usage
    names = [name for name, one in usage.categories.items() if one.action != "allow"]
    categories = [{"name": name, "about": usage.categories[name].description} for name in names]
    try:
        answer = await guild.models.ask(
            "planner",
            "screen",
            {"goal": words[:_GOAL], "categories": categories},
            Opinion,
            brief=command.brief,
            key=f"screen:{command.task}",
            schema=_schema([*names, NONE]),
        )
    except PermanentError as error:
        if type(error) is not PermanentError:
            raise  # out of budget, or the operator has to change something
        return intent, ()
    known = usage.named(answer.value.category)
    if known is None or known.action == "allow":
        return intent, (answer.usage,)
    action = stricter(intent.action, known.action)
    told = flag(answer.value.category, usage, answer.value.reason)
    return Intent(action, (*intent.flags, told)), (answer.usage,)


def _schema(names: Sequence[str]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": 400},
            "category": {"type": "string", "enum": list(names)},
        },
        "required": ["reason", "category"],
        "additionalProperties": False,
    }
