"""Make a process durable: load, advance, save, send. Any step may be the last before a crash."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from toolguild.agent import Process, Record
from toolguild.errors import Conflict
from toolguild.messages import Envelope, Event
from toolguild.runtime.outbox import Send, send_all
from toolguild.runtime.store import RecordStore

Clock = Callable[[], str]  # ISO 8601, UTC
RACES = 8  # lost in a row before the message goes back to the stream


async def drive(
    process: Process[Any],
    cause: Envelope,
    *,
    store: RecordStore,
    send: Send,
    source: str,
    now: Clock,
) -> None:
    """Apply one event to its record and send what follows from it.

    Returning means: the record is saved and everything in its outbox is in the stream. The event may
    then be acknowledged. Raises Conflict when the record is saved by others again and again.
    """
    key = process.key(cast("Event", cause.body))
    apply = partial(_applied, process, cause, key, store, source, now)
    begins = isinstance(cause.body, process.begins)
    for _ in range(RACES):
        try:
            record, revision = await apply(begins=begins)
            break
        except Conflict:
            begins = False
            continue  # somebody was faster: load what they saved and advance from there
    else:
        raise Conflict(key)
    if record.outbox:
        await send_all(record.outbox, send)  # again after a crash: same ids, so streams keep one
        sent = record.model_copy(update={"outbox": ()})
        # Whoever saved in between took our outbox along, sends it once more and clears it.
        with suppress(Conflict):
            await store.save(key, _bytes(sent), revision)


async def _applied(
    process: Process[Any],
    cause: Envelope,
    key: str,
    store: RecordStore,
    source: str,
    now: Clock,
    *,
    begins: bool,
) -> tuple[Record[Any], int]:
    """Return the record with the event applied, saved. With `begins`, none is looked for first: if there is one,
    saving raises Conflict.
    """
    raw, revision, record = await _loaded(process, key, None if begins else store)
    if cause.id in record.applied:
        # It came again. What the store gave may be behind (RememberedStore), and nothing is saved here that would
        # show it: of what is given without a save, the newest counts.
        raw, revision, record = await _loaded(process, key, store)
    if cause.id in record.applied:
        return record, revision
    state, messages = process.advance(record.state, cast("Event", cause.body))
    if raw is None and not messages and state == record.state:
        if begins:
            raise Conflict(key)  # nothing would be saved that shows whether there is a record
        return record, revision  # it concerns nothing that this process knows: no record is begun
    record = record.after(cause, state, messages, source=source, at=now())
    return record, await store.save(key, _bytes(record), revision)


async def _loaded(
    process: Process[Any], key: str, store: RecordStore | None
) -> tuple[bytes | None, int, Record[Any]]:
    raw, revision = await store.load(key) if store is not None else (None, 0)
    new = process.record(state=process.start)
    return raw, revision, new if raw is None else process.record.model_validate_json(raw)


def _bytes(record: Record[Any]) -> bytes:
    return record.model_dump_json().encode()
