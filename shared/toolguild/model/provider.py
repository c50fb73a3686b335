"""Whoever answers: a live or local model, a recording, a script."""

from typing import Protocol

from toolguild.budget.ledger import Price
from toolguild.model.request import Call, Completion
from toolguild.tool.draft import ModelSource


class Provider(Protocol):
    """Answers requests. The budget is not its business."""

    @property
    def model(self) -> str:
        """The name that answers are labelled with."""
        ...

    @property
    def source(self) -> ModelSource:
        """Where answers come from."""
        ...

    async def price(self) -> Price:
        """Return what a token costs."""
        ...

    async def complete(self, call: Call) -> Completion:
        """Return one answer. Raises TemporaryError, Misconfigured or PermanentError, saying what to do."""
        ...

    async def aclose(self) -> None:
        """Close connections. Safe to call twice."""
        ...
