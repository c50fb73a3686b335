"""What can go wrong, and what becomes of the message that went wrong.

The classes say what happens next, which is all that the author of an agent has to know::

    ToolguildError
    ├── TemporaryError        the same message may succeed later
    │   ├── Conflict          somebody saved this record since it was loaded
    │   ├── Promised          what is left of a budget is promised to calls under way
    │   └── Unavailable       streams and buckets cannot be reached, or take nothing now
    ├── PermanentError        the same message will never succeed
    │   ├── Refused           policy, review or a signature says no
    │   ├── Forged            it is not from the one who may say or write it
    │   ├── OutOfBudget       a limit in tokens, money or time is reached
    │   └── Misconfigured     the operator has to change something
    └── UsageError            a person gave bad input; the text says what to do about it

Anything else that a handler raises is a bug of ours: it is tried again, later each time, and then
becomes a dead letter.
"""

from dataclasses import dataclass

MAX_DELIVERIES = 5


class ToolguildError(Exception):
    """Base of every error of ours."""

    code = "failed"


class TemporaryError(ToolguildError):
    """The same message may succeed later: a rate limit, a busy sandbox."""

    code = "temporary"

    def __init__(self, why: str, *, after: float = 5.0) -> None:
        super().__init__(why)
        self.after = after


class Conflict(TemporaryError):
    """Somebody saved this record since it was loaded: load it again and advance again."""

    def __init__(self, key: str) -> None:
        super().__init__(f"record {key} was saved by somebody else", after=0.05)


class Promised(TemporaryError):
    """Enough is left of a budget, but it is promised to calls under way: they may not need it all."""

    code = "promised"

    def __init__(self, why: str) -> None:
        super().__init__(why, after=0.2)


class Unavailable(TemporaryError):
    """Streams and buckets cannot be reached, or take nothing now: nothing is wrong with the message."""

    code = "unavailable"

    def __init__(self, why: str, *, after: float = 2.0) -> None:
        super().__init__(why, after=after)


class PermanentError(ToolguildError):
    """The same message will never succeed."""


class Refused(PermanentError):
    """Policy, review or a missing signature forbids it."""

    code = "refused"


class Forged(PermanentError):
    """A message, or a record in a bucket, is not from one who may send or write it.

    `revision` is that of a record, so that its rightful writer can replace it; 0 for a message.
    """

    code = "forged"

    def __init__(self, why: str, *, revision: int = 0) -> None:
        super().__init__(why)
        self.revision = revision


class OutOfBudget(PermanentError):
    """A hard limit in tokens, money or seconds is reached."""

    code = "out_of_budget"


class Misconfigured(PermanentError):
    """The operator has to change something first: a key, a model name, a missing sandbox."""

    code = "misconfigured"


class UsageError(ToolguildError):
    """A person gave input that cannot be used. The text says what was wrong, where, and what to do."""

    code = "usage"


@dataclass(frozen=True)
class Retry:
    """Deliver the message again after so many seconds."""

    after: float


@dataclass(frozen=True)
class Wait:
    """Keep the message, and handle it again after so many seconds: it did not fail, we did."""

    after: float


@dataclass(frozen=True)
class GiveUp:
    """Never deliver the message again."""

    code: str
    reason: str


def verdict(error: Exception, delivery: int) -> Retry | Wait | GiveUp:
    """Say what becomes of a message whose n-th delivery raised `error`."""
    code = error.code if isinstance(error, ToolguildError) else "bug"
    if isinstance(error, Conflict | Promised | Unavailable):
        return Wait(error.after)
    if isinstance(error, PermanentError | UsageError) or delivery >= MAX_DELIVERIES:
        return GiveUp(code, _reason(error))
    if isinstance(error, TemporaryError):
        return Retry(error.after)
    return Retry(
        min(2.0**delivery, 30.0)
    )  # a bug of ours: back off, so that a roll-out can mend it


def _reason(error: Exception) -> str:
    """Say what was wrong; a bug of ours says little for itself, so its kind goes before it."""
    if isinstance(error, ToolguildError):
        return str(error) or type(error).__name__
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"a fault of Toolguild, not yours: {what}; `toolguild dead list` keeps where it happened"
