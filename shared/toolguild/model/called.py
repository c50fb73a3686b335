"""What is told to the guild of a call of a model that took place."""

from collections.abc import Awaitable, Callable

from toolguild.canonical import digest_of_bytes
from toolguild.messages import TaskId
from toolguild.messages.events import ModelCalled
from toolguild.model.request import Completion, Request

Tell = Callable[[ModelCalled], Awaitable[None]]
# Seconds for which a call is told again when its answer is served from the journal: whoever asked may have died
# before it was told. The log drops what it has had within twice that time.
AGAIN = 300.0


async def untold(called: ModelCalled) -> None:
    """Tell nobody."""


def model_called(
    task: TaskId, question: str, request: Request, done: Completion, seconds: float
) -> ModelCalled:
    """Return what names a call: whose, which question, what it cost. What was said is in the journal."""
    return ModelCalled(
        task=task,
        question=question,
        role=request.role,
        prompt=request.prompt,
        prompt_digest=request.prompt_digest,
        model=done.model,
        source=done.source,
        request=request.digest,
        answer=digest_of_bytes(done.text.encode()),
        input_tokens=done.input_tokens,
        output_tokens=done.output_tokens,
        usd=done.usd,
        seconds=round(seconds, 3),
    )
