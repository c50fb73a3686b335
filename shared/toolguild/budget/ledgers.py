"""The tasks' ledgers in the key-value bucket `budgets`, by compare-and-swap."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

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
_REMEMBERED = 256  # ledgers
_FRESH = 0.1  # seconds
_LOST: tuple[type[Exception], ...] = (KeyWrongLastSequenceError,)


class JetStreamLedgers:
    """Ledgers that all services of a guild share. The bucket is opened on first use.

    What was saved here a moment ago is changed without asking for it: if another service was faster, the
    compare-and-swap fails and the ledger is loaded. Calls of one task in one process do not race each other.
    """

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._bucket: KeyValue | None = None
        # Ledger, revision, and when it was saved (monotonic, seconds); each is used once.
        self._saved: OrderedDict[TaskId, tuple[Ledger, int, float]] = OrderedDict()
        self._locks: WeakValueDictionary[TaskId, asyncio.Lock] = WeakValueDictionary()

    async def change(self, task: TaskId, step: Callable[[Ledger], Ledger]) -> Ledger:
        try:
            async with self._locks.setdefault(task, asyncio.Lock()):
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
            known = self._remembered(task)
            ledger, revision = known or await self._load(bucket, task)
            try:
                new = step(ledger)
            except Exception:
                if known is None:
                    raise
                continue  # others may have settled since: nothing is refused for what is remembered
            try:
                saved = await self._save(bucket, task, new, revision)
            except _LOST:
                if known is None:
                    await asyncio.sleep(random.uniform(0, 0.005))  # let another one win
            else:
                self._remember(task, new, saved)
                return new
        raise Unavailable(f"the budget of {task} is contended", after=1.0)

    def _remembered(self, task: TaskId) -> tuple[Ledger, int] | None:
        """Return what was saved here a moment ago; later, calls elsewhere have probably changed it."""
        ledger, revision, at = self._saved.pop(task, (None, 0, 0.0))
        if ledger is None or time.monotonic() - at > _FRESH:
            return None
        return ledger, revision

    def _remember(self, task: TaskId, ledger: Ledger, revision: int) -> None:
        self._saved[task] = ledger, revision, time.monotonic()
        if len(self._saved) > _REMEMBERED:
            self._saved.popitem(last=False)

    async def _load(self, bucket: KeyValue, task: TaskId) -> tuple[Ledger, int | None]:
        try:
            entry = await bucket.get(task)
        except KeyNotFoundError:
            return Ledger(), None
        return Ledger.model_validate_json(entry.value or b"{}"), entry.revision

    async def _save(
        self, bucket: KeyValue, task: TaskId, ledger: Ledger, revision: int | None
    ) -> int:
        data = ledger.model_dump_json().encode()
        if revision is None:
            return await bucket.create(task, data)
        return await bucket.update(task, data, last=revision)
