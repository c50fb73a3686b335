"""The turns of asking: an answer is checked, labelled, or asked again with the reasons. Pure."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from toolguild.guild import Answer
from toolguild.messages import ModelUsage
from toolguild.model.reply import Unusable
from toolguild.model.request import ChatMessage, Completion, Request

T = TypeVar("T")
MAX_QUOTED = 4000  # characters of an unusable answer that are shown to the model again


def checked(value: T, check: Callable[[T], Sequence[str]] | None) -> T:
    """Return the value. Raises Unusable if the check has complaints."""
    if check is not None and (complaints := check(value)):
        raise Unusable(complaints)
    return value


def answered(value: T, request: Request, made: Sequence[Completion]) -> Answer[T]:
    """Label an answer; its usage counts every call that led to it, under the model that gave it."""
    last = made[-1]
    usage = ModelUsage(
        role=request.role,
        model=last.model,
        source=last.source,
        calls=len(made),
        input_tokens=sum(one.input_tokens for one in made),
        output_tokens=sum(one.output_tokens for one in made),
        usd=sum(one.usd for one in made),
    )
    return Answer(value, last.model, last.source, request.prompt_digest, usage)


def again(first: Request, made: Completion, complaints: Sequence[str], attempt: int) -> Request:
    """Return the request with the last unusable answer and what is wrong with it.

    Earlier ones are left out: they would fill a small model's context and teach it their faults. The number
    of the attempt makes each a request of its own, even after the same answer.
    """
    reasons = "\n".join(f"- {complaint}" for complaint in complaints)
    if made.cut:
        reasons += "\n- the answer was too long and was cut off: be much shorter"
    shape = "Answer again in full, with nothing but the source code."
    if first.answer_schema is not None:
        schema = json.dumps(first.answer_schema, ensure_ascii=False, separators=(",", ":"))
        shape = f"Answer again in full, with nothing but one JSON value that fits this JSON Schema:\n{schema}"
    turns = (
        ChatMessage(role="assistant", content=made.text[:MAX_QUOTED] or "(nothing)"),
        ChatMessage(
            role="user",
            content=f"This answer cannot be used:\n{reasons}\n{shape} (Attempt {attempt}.)",
        ),
    )
    return first.model_copy(update={"messages": first.messages + turns})
