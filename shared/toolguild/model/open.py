"""Putting the models together from settings: what the runtime calls."""

from collections.abc import Sequence
from pathlib import Path

from nats.js import JetStreamContext

from toolguild.budget.ledger import Ledgers
from toolguild.budget.ledgers import JetStreamLedgers
from toolguild.errors import Misconfigured
from toolguild.guild import Journal, Role, Steering
from toolguild.model.ask import AskedModels, Manner
from toolguild.model.called import Tell, untold
from toolguild.model.library import PromptLibrary
from toolguild.model.lite import LiteLLMModel
from toolguild.model.measured import measured
from toolguild.model.observe import ChatObserver
from toolguild.model.provider import Provider
from toolguild.model.replay import RecordedModel, RecordingModel
from toolguild.model.screening import TellFlagged, unflagged
from toolguild.model.scripted import load_script
from toolguild.model.settings import ModelSettings, Target
from toolguild.policy import Policy
from toolguild.unsteered import Unsteered


class Routes:
    """Finds the providers of a role, and keeps each open for the next call."""

    def __init__(self, settings: ModelSettings, operators: str | None = None) -> None:
        self.settings = settings
        self._operators = operators  # a model that the policy names: it may be any
        self._providers: dict[Target, Provider] = {}

    def __call__(self, role: Role, override: str | None) -> Sequence[Provider]:
        """Return who answers for a role, best first. Raises Misconfigured, saying what to choose."""
        if override and "scripted:" in override and override != self._operators:
            raise Misconfigured("a task cannot choose a scripted model: it would name code to run")
        return [self._provider(target) for target in self.settings.targets(role, override)]

    async def aclose(self) -> None:
        """Close what was opened."""
        for provider in self._providers.values():
            await provider.aclose()

    def _provider(self, target: Target) -> Provider:
        if target not in self._providers:
            self._providers[target] = self._open(target)
        return self._providers[target]

    def _open(self, target: Target) -> Provider:
        kind, _, rest = target.name.partition(":")
        if kind == "recorded":
            return RecordedModel(Path(rest))
        if kind == "scripted":
            return load_script(rest)
        model = LiteLLMModel(target, retries=self.settings.retries)
        return RecordingModel(model, self.settings.record) if self.settings.record else model


class OpenModels(AskedModels):
    """Models with connections of their own; whoever opens them closes them."""

    async def aclose(self) -> None:
        """Close the connections to providers."""
        assert isinstance(self.route, Routes)
        await self.route.aclose()


def open_models(
    settings: ModelSettings,
    policy: Policy,
    journal: Journal,
    js: JetStreamContext | None = None,
    *,
    ledgers: Ledgers | None = None,
    prompts: PromptLibrary | None = None,
    observe: ChatObserver = measured,
    steering: Steering | None = None,
    tell: Tell = untold,
    flagged: TellFlagged = unflagged,
) -> OpenModels:
    """Return the models of a service. Nothing is connected or imported before the first question.

    Budgets are kept in the bucket `budgets` of `js`, or in `ledgers`. `tell` hears of every call that takes
    place. Raises Misconfigured when prompt files clash; a missing model is only missed when it is asked.
    """
    if ledgers is None:
        if js is None:
            raise ValueError("budgets need a JetStream context or ledgers")
        ledgers = JetStreamLedgers(js)
    return OpenModels(
        route=Routes(settings, policy.build.stronger),
        prompts=prompts or PromptLibrary.installed(settings.prompts),
        policy=policy,
        journal=journal,
        ledgers=ledgers,
        manner=Manner(
            temperature=settings.temperature,
            sample_temperature=settings.sample_temperature,
            max_output_tokens=settings.max_output_tokens,
            timeout=settings.timeout,
            reasks=settings.reasks,
        ),
        observe=observe,
        steering=steering or Unsteered(),
        tell=tell,
        flagged=flagged,
    )
