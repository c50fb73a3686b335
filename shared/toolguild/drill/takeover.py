"""How long a message lay in the hands of a dead process before another one got it. Pure.

Measured from the kill to the next delivery of the message. It counts for the first kill of its service after
the last sign of life that its holder gave the stream (a delivery, a heartbeat): with several executors it is
not known which one held it, and this errs towards longer times. Where the server was killed too before the
message moved on, `seconds` counts from the last kill of the server: a server that starts again waits anew for
each message. `lying` counts from the holder's death all the same. A message that its holder handed back itself
was not taken over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from toolguild.drill.strikes import SERVER, Strike


@dataclass(frozen=True)
class Sign:
    """What the stream and the holder of a message said to each other. `at` is seconds of the wall clock."""

    at: float
    consumer: str  # "executor-run"
    stream: str
    sequence: int
    what: Literal["delivered", "alive", "handed back", "done"]


@dataclass(frozen=True)
class Takeover:
    """One message that outlived its holder."""

    strike: Strike
    consumer: str
    sequence: int
    seconds: float  # since the last kill that bore on it: the holder's, or the server's after it
    lying: float  # since the holder's death


def takeovers(signs: Iterable[Sign], strikes: Sequence[Strike]) -> list[Takeover]:
    """Return every take-over after one of these strikes, in order of the strikes."""
    messages: dict[tuple[str, str, int], list[Sign]] = defaultdict(list)
    for sign in sorted(signs, key=lambda one: one.at):
        messages[sign.stream, sign.consumer, sign.sequence].append(sign)
    found = [taken for about in messages.values() for taken in _of(about, sorted(strikes, key=_at))]
    return sorted(found, key=lambda one: one.strike.at)


def _of(signs: Sequence[Sign], strikes: Sequence[Strike]) -> Iterable[Takeover]:
    last: Sign | None = None  # sign of life of its holder
    for sign in signs:
        if sign.what == "delivered" and last is not None:
            first = _first(strikes, sign.consumer, last.at, sign.at)
            if first is not None:
                since = _server_killed(strikes, first.at, sign.at)
                lying = sign.at - first.at
                yield Takeover(first, sign.consumer, sign.sequence, sign.at - since, lying)
        last = sign if sign.what in ("delivered", "alive") else None


def _first(strikes: Sequence[Strike], consumer: str, after: float, before: float) -> Strike | None:
    return next(
        (
            one
            for one in strikes
            if after < one.at < before and consumer.startswith(f"{one.service}-")
        ),
        None,
    )


def _server_killed(strikes: Sequence[Strike], after: float, before: float) -> float:
    """Return when the server was killed last between two times, else the first of them."""
    times = [one.at for one in strikes if one.service == SERVER and after < one.at < before]
    return max(times, default=after)


def _at(strike: Strike) -> float:
    return strike.at
