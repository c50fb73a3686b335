"""The one door to language models: budget, journal, re-asking, fallbacks and labels are behind it.

Made for small local models as well as for large ones: answers are constrained by a JSON Schema where the
model's server can do that, certain faults are mended, and the rest is asked again with the reasons.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from toolguild.budget.ledger import Amount, Ledgers, affordable
from toolguild.budget.spending import allowed, reserved
from toolguild.errors import (
    Misconfigured,
    OutOfBudget,
    PermanentError,
    Promised,
    TemporaryError,
    Unavailable,
)
from toolguild.guild import Answer, Journal, Role, Steering
from toolguild.messages import Brief
from toolguild.messages.events import ModelCalled
from toolguild.model import doubt
from toolguild.model.called import AGAIN, Tell, model_called, untold
from toolguild.model.conversation import again, answered, checked
from toolguild.model.hints import hinted
from toolguild.model.library import PromptLibrary
from toolguild.model.observe import ChatObserver, ChatStart, unobserved
from toolguild.model.prompt import Prompt
from toolguild.model.provider import Provider
from toolguild.model.reply import Unusable, read_answer, read_code
from toolguild.model.request import Call, ChatMessage, Completion, Request
from toolguild.model.screening import Screening, TellFlagged, unflagged
from toolguild.policy import Policy
from toolguild.tool.value import Value
from toolguild.unsteered import Unsteered

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)

Route = Callable[[Role, str | None], Sequence[Provider]]


@dataclass(frozen=True)
class Manner:
    """How requests are made, whatever they ask."""

    temperature: float = 0.1  # of the first sample
    # Of further samples, and after an unusable answer: the same would come again.
    sample_temperature: float = 0.8
    max_output_tokens: int = 4096
    timeout: float = 300.0
    reasks: int = 2


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class AskedModels:
    """Implements `toolguild.guild.Models`."""

    route: Route  # who answers for a role, best first; the second argument is the task's own choice
    prompts: PromptLibrary
    policy: Policy
    journal: Journal
    ledgers: Ledgers
    manner: Manner = Manner()
    observe: ChatObserver = unobserved
    steering: Steering = field(default_factory=Unsteered)
    flagged: TellFlagged = unflagged  # hears of each text in a request that reads like an order
    now: Callable[[], datetime] = _now
    tell: Tell = untold  # of every call that takes place

    async def ask(
        self,
        role: Role,
        prompt: str,
        values: Mapping[str, Any],
        answer: type[B],
        *,
        brief: Brief,
        key: str,
        sample: int = 0,
        schema: Mapping[str, Any] | None = None,
        check: Callable[[B], Sequence[str]] | None = None,
    ) -> Answer[B]:
        """See `toolguild.guild.Models.ask`."""
        wanted = dict(schema) if schema is not None else answer.model_json_schema()
        brief = self.steering.narrowed(brief, brief.task)
        request = await self._request(role, prompt, values, wanted, sample, brief)

        def read(text: str) -> B:
            return checked(read_answer(text, answer), check)

        return await self._converse(request, values, brief, key, read)

    async def ask_code(
        self,
        role: Role,
        prompt: str,
        values: Mapping[str, Any],
        *,
        brief: Brief,
        key: str,
        sample: int = 0,
        check: Callable[[str], Sequence[str]] | None = None,
    ) -> Answer[str]:
        """See `toolguild.guild.Models.ask_code`."""
        brief = self.steering.narrowed(brief, brief.task)
        request = await self._request(role, prompt, values, None, sample, brief)

        def read(text: str) -> str:
            return checked(read_code(text), check)

        return await self._converse(request, values, brief, key, read)

    async def _request(
        self,
        role: Role,
        name: str,
        values: Mapping[str, Any],
        schema: dict[str, Any] | None,
        sample: int,
        brief: Brief,
    ) -> Request:
        prompt = self.prompts.get(name)
        if prompt.role != role:
            raise Misconfigured(f"{prompt.path} is a prompt for the {prompt.role}, not the {role}")
        asking = self.policy.input.model and name != doubt.PROMPT
        doubts = doubt.Doubts() if asking else None
        screening, messages = self._screened(prompt, values, schema, brief, doubts)
        if doubts is not None and doubts.open:
            doubts = await doubt.settled(doubts, brief, partial(self._opinion, brief))
            screening, messages = self._screened(prompt, values, schema, brief, doubts)
        await screening.settle(brief.task, self.flagged)
        return Request(
            role=role,
            prompt=name,
            prompt_digest=prompt.digest,
            messages=messages,
            answer_schema=schema,
            sample=sample,
        )

    def _screened(
        self,
        prompt: Prompt,
        values: Mapping[str, Any],
        schema: dict[str, Any] | None,
        brief: Brief,
        doubts: doubt.Doubts | None,
    ) -> tuple[Screening, tuple[ChatMessage, ...]]:
        screening = Screening.of(self.policy, values, doubts)
        if prompt.name == doubt.PROMPT:  # what stands there is in doubt: it has to be seen
            screening = Screening("off", values)
        shown = {"answer_schema": schema, **screening.shown()}
        messages = hinted(prompt.render(shown, screening.screen), brief.hints)
        for hint in brief.hints:
            screening.hint(hint.text)
        return screening, messages

    async def _opinion(self, brief: Brief, passages: str, key: str) -> doubt.Opinion:
        """Ask about passages in doubt, for the task's budget and without what a person advises."""
        plain = brief.model_copy(update={"hints": ()})
        values = {"passages": passages}
        answer = await self.ask("judge", doubt.PROMPT, values, doubt.Opinion, brief=plain, key=key)
        return answer.value

    async def _converse(
        self,
        first: Request,
        values: Mapping[str, Any],
        brief: Brief,
        key: str,
        read: Callable[[str], T],
    ) -> Answer[T]:
        """Ask until an answer is usable: each model a bounded number of times, then the next one."""

        known: dict[
            str, T
        ] = {}  # an answer is looked at when it comes, and again once it is remembered

        def reading(text: str) -> T:
            if text not in known:
                known[text] = read(text)
            return known[text]

        def usable(text: str) -> bool:
            try:
                reading(text)
            except Unusable:
                return False
            return True

        made: list[Completion] = []
        complaints: Sequence[str] = ()
        providers = tuple(self.route(first.role, brief.model))
        rank = 0
        while rank < len(providers):
            request = first
            for attempt in range(2, self.manner.reasks + 3):
                name = f"{key}.{first.prompt}.{first.sample}.{attempt - 1}"
                effect = _Effect(request, values, brief, name, providers, rank, usable)
                reply = await self._once(effect)
                made.append(reply.completion)
                rank = reply.rank
                try:
                    return answered(reading(reply.completion.text), first, made)
                except Unusable as error:
                    complaints = error.complaints
                    request = again(first, reply.completion, complaints, attempt)
            rank += 1
        raise PermanentError(
            f"{made[-1].model} gave no usable answer to the prompt {first.prompt!r} "
            f"in {len(made)} calls: {'; '.join(complaints)[:600]}. "
            "Try a stronger model, or name a fallback after a comma"
        )

    async def _once(self, effect: "_Effect") -> "_Reply":
        """Return the journal's answer to this very request, or else ask for one."""

        async def ask() -> bytes:
            reply = await self._first_that_answers(effect)
            self._told(effect, reply)
            return reply.model_dump_json().encode()

        try:
            reply = _Reply.model_validate_json(await self.journal.once(effect.name, ask))
            if not effect.settling and reply.since(self.now()) < AGAIN:
                self._told(effect, reply)
            return reply
        finally:
            await asyncio.gather(*effect.settling)

    def _told(self, effect: "_Effect", reply: "_Reply") -> None:
        """Begin to tell of a call, beside what else has to be done."""
        if reply.called is not None:
            effect.settling.append(asyncio.create_task(_awaited(self.tell(reply.called))))

    async def _first_that_answers(self, effect: "_Effect") -> "_Reply":
        """Ask the models from `rank` on until one answers; raise what the first of them raised."""
        failure: TemporaryError | PermanentError | None = None
        for rank, provider in enumerate(effect.providers[effect.rank :], effect.rank):
            try:
                began = self.now()
                done = await self._paid(effect, provider)
                at, name, task = self.now(), effect.name, effect.brief.task
                seconds = (at - began).total_seconds()
                called = model_called(task, name, effect.request, done, seconds)
                return _Reply(completion=done, rank=rank, called=called, at=at.isoformat())
            except (OutOfBudget, Promised, Unavailable):
                raise  # no model's fault: another one would fare no better
            except (TemporaryError, PermanentError) as error:
                failure = failure or error
        assert failure is not None, "there is at least one provider"
        raise failure

    async def _paid(self, effect: "_Effect", provider: Provider) -> Completion:
        """Reserve, ask, settle. A call that failed cost nothing; one that was cut short may have."""
        price, output = await provider.price(), 0
        brief, wanted, size = effect.brief, self.manner.max_output_tokens, effect.request.size
        limits = allowed(self.policy, brief)

        def wish(spent: Amount) -> Amount:
            nonlocal output
            output = affordable(spent, limits, size, price, wanted)
            return price.of(size, output)

        async with reserved(self.ledgers, brief.task, effect.name, wish, limits) as promise:
            timeout = min(self.manner.timeout, self._seconds_left(brief))
            done = await self._observed(provider, effect, effect.call(self.manner, output, timeout))
            tokens = done.input_tokens + done.output_tokens
            cost = Amount(calls=1, tokens=tokens, usd=done.usd)
            # Beside, not before: what is paid for has to be in the journal first of all.
            effect.settling.append(asyncio.create_task(promise.settle(cost)))
            await asyncio.sleep(0)  # it has begun, so the block leaves the promise to it
        return done

    async def _observed(self, provider: Provider, effect: "_Effect", call: Call) -> Completion:
        request = call.request
        start = ChatStart(
            role=request.role,
            prompt=request.prompt,
            model=provider.model,
            source=provider.source,
            repeated=request.repeated,
            sample=request.sample,
            temperature=call.temperature,
            max_output_tokens=call.max_output_tokens,
        )
        with self.observe(start) as done:
            completion = await provider.complete(call)
            done.completion, done.usable = completion, effect.usable(completion.text)
            return completion

    def _seconds_left(self, brief: Brief) -> float:
        if brief.deadline is None:
            return self.manner.timeout
        left = (datetime.fromisoformat(brief.deadline) - self.now()).total_seconds()
        if left <= 0:
            raise OutOfBudget(f"the task's time was over at {brief.deadline}")
        return left


async def _awaited(telling: Awaitable[None]) -> None:
    await telling


class _Reply(Value):
    """What the journal keeps: the answer, and which of the models gave it."""

    completion: Completion
    rank: int
    called: ModelCalled | None = None  # what is told of the call
    at: str = ""  # ISO 8601, UTC: when it was answered

    def since(self, now: datetime) -> float:
        """Return how many seconds ago it was answered."""
        return (now - datetime.fromisoformat(self.at)).total_seconds() if self.at else math.inf


@dataclass(frozen=True)
class _Effect:
    """One request on behalf of one task; it happens once under its name."""

    request: Request
    values: Mapping[str, Any]
    brief: Brief
    turn: str  # which question it is, and which asking of it
    providers: tuple[Provider, ...]
    rank: int  # the first of them to ask
    usable: Callable[[str], bool]
    settling: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def name(self) -> str:
        # Not by what the request says: a command that comes again is answered as it was, even where
        # the registry or a prompt has changed in between.
        return f"{self.turn}.{self.rank}"

    def call(self, manner: Manner, output: int, timeout: float) -> Call:
        repeated = self.request.sample > 0 or self.request.repeated
        return Call(
            request=self.request,
            values=self.values,
            temperature=manner.sample_temperature if repeated else manner.temperature,
            max_output_tokens=output,
            timeout=timeout,
        )
