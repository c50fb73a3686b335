"""The processes, advanced once more by the events of the log. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from toolguild.agent import Process, Record
from toolguild.messages import Event, Result, events
from toolguild.replay.difference import Difference, differing
from toolguild.replay.history import History, Said


class Replayed:
    """The records that the processes come to, and where that parts from the log."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Record[Any]] = {}
        self.differences: list[Difference] = []
        self.events = 0
        self.result: Result | None = None  # what the task came to, this time


def advance_all(
    history: History,
    processes: Sequence[tuple[str, Process[Any]]],
    applied: Mapping[tuple[str, str], Sequence[UUID]],
) -> Replayed:
    """Advance every process (with its source, "planner/planner") by the events that it reads.

    `applied` has, for the records that are still there, the order in which events were applied: replicas and
    retries may have changed it against the log's.
    """
    done = Replayed()
    for source, process in processes:
        for key in sorted(history.keys):
            read = [
                one
                for one in history.events
                if isinstance(one.body, process.reads) and process.key(one.body) == key
            ]
            for said in _ordered(read, applied.get((source, key), ())):
                _apply(done, history, source, process, said, key)
    return done


def _ordered(read: list[Said], applied: Sequence[UUID]) -> list[Said]:
    """Return events in the order in which they were applied, where that is known of all of them."""
    order = {event: place for place, event in enumerate(applied)}
    if not all(one.envelope.id in order for one in read):
        return read
    return sorted(read, key=lambda one: order[one.envelope.id])


def _apply(
    done: Replayed, history: History, source: str, process: Process[Any], said: Said, key: str
) -> None:
    record = done.records.get((source, key)) or process.record(state=process.start)
    cause = said.envelope
    try:
        state, messages = process.advance(record.state, cast("Event", cause.body))
    except Exception as error:  # whatever it is: it is what the replay has to show
        told = f"{cause.body.kind} makes the process fail: {type(error).__name__}: {error}"
        done.differences.append(Difference(said.sequence, source, told))
        return
    done.events += 1
    after = record.after(cause, state, messages, source=source, at=cause.at)
    new = after.outbox[len(record.outbox) :]
    done.records[source, key] = after
    for envelope in new:
        body = envelope.body
        if isinstance(body, events.TaskEnded):
            done.result = body.result
        logged = history.by_id.get(envelope.id)
        if body.key not in history.keys or (logged is None and isinstance(body, events.TimeCame)):
            continue  # about something else, or not due yet
        if logged is None:
            told = f"after {cause.body.kind} it says {body.kind}, which the log does not have"
            done.differences.append(Difference(said.sequence, source, told))
            continue
        parted = differing(logged.body, body)
        if parted is not None:
            told = f"{body.kind} says something else at {parted[0]}"
            done.differences.append(Difference(logged.sequence, source, told, *parted[1:]))
