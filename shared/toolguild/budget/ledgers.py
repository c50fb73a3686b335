"""The tasks' ledgers in the key-value bucket `budgets`, by compare-and-swap."""

import asyncio
import random
from collections.abc import Callable

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
)
from nats.js.kv import KeyValue

from toolguild.budget.ledger import Ledger
from toolguild.errors import Misconfigured, Unavailable
from toolguild.messages import TaskId

BUCKET = "budgets"
_RACES = 200  # lost in a row before the message is delivered again later
_LOST: tuple[type[Exception], ...] = (KeyWrongLastSequenceError,)


class JetStreamLedgers:
    """Ledgers that all services of a guild share. The bucket is opened on first use."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._bucket: KeyValue | None = None

    async def change(self, task: TaskId, step: Callable[[Ledger], Ledger]) -> Ledger:
        try:
            return await self._change(await self._open(), task, step)
        except (TimeoutError, nats.errors.Error, APIError) as error:
            raise Unavailable(f"the budget of {task} cannot be reached: {error!r}") from error

    async def _open(self) -> KeyValue:
        if self._bucket is None:
            try:
                self._bucket = await self._js.key_value(BUCKET)
            except BucketNotFoundError as error:
                raise Misconfigured(
                    f"the key-value bucket {BUCKET!r} is missing; `toolguild up` makes it"
                ) from error
        return self._bucket

    async def _change(
        self, bucket: KeyValue, task: TaskId, step: Callable[[Ledger], Ledger]
    ) -> Ledger:
        for _ in range(_RACES):
            ledger, revision = await self._load(bucket, task)
            new = step(ledger)
            try:
                await self._save(bucket, task, new, revision)
            except _LOST:
                await asyncio.sleep(random.uniform(0, 0.005))  # let another one win
            else:
                return new
        raise Unavailable(f"the budget of {task} is contended", after=1.0)

    async def _load(self, bucket: KeyValue, task: TaskId) -> tuple[Ledger, int | None]:
        try:
            entry = await bucket.get(task)
        except KeyNotFoundError:
            return Ledger(), None
        return Ledger.model_validate_json(entry.value or b"{}"), entry.revision

    async def _save(
        self, bucket: KeyValue, task: TaskId, ledger: Ledger, revision: int | None
    ) -> None:
        data = ledger.model_dump_json().encode()
        if revision is None:
            await bucket.create(task, data)
        else:
            await bucket.update(task, data, last=revision)
