"""Models in memory, for tests and one-process programs; held to the durable ones' suites."""

from collections.abc import Awaitable, Callable

from toolguild.budget.ledger import Ledgers
from toolguild.budget.memory import MemoryLedgers
from toolguild.guild import Journal
from toolguild.model.ask import AskedModels, Manner
from toolguild.model.library import PromptLibrary
from toolguild.model.provider import Provider
from toolguild.policy import Policy


class NoJournal:
    """Remembers nothing: every effect runs each time."""

    async def once(self, key: str, effect: Callable[[], Awaitable[bytes]]) -> bytes:
        """Run the effect."""
        return await effect()


def memory_models(
    provider: Provider,
    prompts: PromptLibrary,
    *,
    policy: Policy | None = None,
    journal: Journal | None = None,
    ledgers: Ledgers | None = None,
    manner: Manner | None = None,
) -> AskedModels:
    """Return models that need no server: one provider for every role, a task's own choice ignored."""
    return AskedModels(
        route=lambda role, override: (provider,),
        prompts=prompts,
        policy=policy or Policy.default(),
        journal=journal or NoJournal(),
        ledgers=ledgers or MemoryLedgers(),
        manner=manner or Manner(),
    )
