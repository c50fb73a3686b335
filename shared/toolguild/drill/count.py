"""What became of the tasks: counted from the whole log, and from what was said beside it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from pydantic import JsonValue

from toolguild.client.task import Noted
from toolguild.messages import Envelope, Result, events

INTERRUPTED = "interrupted"  # of a run that was begun, may have had its effect, and is not repeated
END = ("task-ended", "result-released")


@dataclass(frozen=True)
class Outcome:
    """What of a result must be the same whatever happened on the way. Files by name, as SHA-256."""

    status: str
    answer: JsonValue = None
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, result: Result) -> "Outcome":
        """Return what a result comes to."""
        return cls(result.status, result.answer, {one.name: one.sha256 for one in result.files})


def results(log: Iterable[Noted]) -> dict[str, Result]:
    """Return the result of each task that has one: the first that was released."""
    found: dict[str, Result] = {}
    for noted in log:
        body = noted.envelope.body
        if isinstance(body, events.ResultReleased):
            found.setdefault(body.task, body.result)
    return found


def lost(accepted: Set[str], log: Iterable[Noted]) -> set[str]:
    """Return the tasks that were accepted and never ended."""
    return set(accepted) - results(log).keys()


def interrupted(log: Iterable[Noted]) -> set[str]:
    """Return the tasks that a run with effects outside was lost to: it is not repeated, a person has to look."""
    return {
        noted.envelope.key
        for noted in log
        if isinstance(noted.envelope.body, events.WorkFailed)
        and (noted.envelope.body.of, noted.envelope.body.code) == ("run-tool", INTERRUPTED)
    }


def ended_twice(log: Iterable[Noted], said: Iterable[Envelope]) -> set[str]:
    """Return the tasks with two ends.

    Two `task-ended` or two `result-released` of one task in the log are two ends, even under one id: the
    stream keeps one message for each id within its duplicate window only. What that window hides is looked
    at too: `said` are all publications of those two kinds, kept or not, and two of one task that tell
    different ends are two ends, though the log shows one.
    """
    places: dict[tuple[str, str], int] = defaultdict(int)
    for noted in log:
        if noted.envelope.body.kind in END:
            places[noted.envelope.body.kind, noted.envelope.key] += 1
    found = {key for (_, key), many in places.items() if many > 1}
    told: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for envelope in said:
        body = envelope.body
        if isinstance(body, events.TaskEnded | events.ResultReleased):
            told[body.kind, envelope.key].append(Outcome.of(body.result))
    return found | {
        key for (_, key), ends in told.items() if any(end != ends[0] for end in ends[1:])
    }


def differing(
    found: Mapping[str, Outcome], wanted: Mapping[str, Sequence[Outcome]]
) -> dict[str, Outcome]:
    """Return the outcomes that are not as every one of those wanted for their task."""
    return {
        task: outcome
        for task, outcome in found.items()
        if any(outcome != one for one in wanted.get(task, ()))
    }
