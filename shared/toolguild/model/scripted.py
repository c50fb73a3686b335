"""Answers from a Python function: for tests, and labelled so."""

import inspect
from collections.abc import Awaitable, Callable
from importlib import import_module

from pydantic import BaseModel

from toolguild.budget.ledger import Price
from toolguild.errors import Misconfigured
from toolguild.model.request import Call, Completion
from toolguild.tool.draft import ModelSource

Script = Callable[..., str | BaseModel | Awaitable[str | BaseModel]]


class ScriptedModel:
    """Asks `script(role, prompt_name, values, sample)`: text as a model would write it, or a whole answer.

    A script with a parameter `request` gets what is really sent, as the prompt shows it, as well. The script
    may be asynchronous and may raise what a provider raises.
    """

    source: ModelSource = "scripted"

    def __init__(
        self, script: Script, *, model: str = "scripted", price: Price | None = None
    ) -> None:
        self.model = model
        self._script = script
        self._reads = "request" in inspect.signature(script).parameters
        self._price = price or Price()

    async def price(self) -> Price:
        return self._price

    async def complete(self, call: Call) -> Completion:
        request = call.request
        extra = {"request": request} if self._reads else {}
        said = self._script(request.role, request.prompt, call.values, request.sample, **extra)
        if inspect.isawaitable(said):
            said = await said
        text = said.model_dump_json() if isinstance(said, BaseModel) else said
        size = request.size, max(1, len(text) // 4)
        cost = self._price.of(*size)
        return Completion(
            text=text,
            model=self.model,
            source=self.source,
            input_tokens=size[0],
            output_tokens=size[1],
            usd=cost.usd,
        )

    async def aclose(self) -> None:
        """Nothing to close."""


def load_script(name: str) -> ScriptedModel:
    """Return the model "MODULE:FUNCTION". Raises Misconfigured if there is none."""
    module, _, function = name.partition(":")
    try:
        script = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise Misconfigured(f"scripted:{name}: {error}") from error
    return ScriptedModel(script, model=f"scripted:{name}")
