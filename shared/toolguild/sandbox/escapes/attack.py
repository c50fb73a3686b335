"""How attacks are written down: hostile programs, the walls that are to stop them, and what must be seen."""

from collections.abc import Iterable, Sequence

from toolguild.capability import Limits
from toolguild.sandbox.checks import QUICK, Check, Expect, python
from toolguild.sandbox.interface import Call, Ran
from toolguild.sandbox.walls import Wall

BRIEF = QUICK.model_copy(update={"wall_seconds": 0.7})
FORKING = QUICK.model_copy(update={"processes": 8})
BOMB = FORKING.model_copy(update={"wall_seconds": 1.0})  # for what does not end by itself
Case = tuple[str, tuple[Wall, ...], Call | tuple[Call, ...], Expect]

_TOOLS = """
import os, sys, time, ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def syscall(*numbers):
    result = libc.syscall(*(ctypes.c_long(n) if isinstance(n, int) else n for n in numbers))
    number = ctypes.get_errno()
    return result if result >= 0 else errno.errorcode.get(number, str(number))
def attempt(what):
    try:
        got = what()
        return 1 if got is None else got
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)[:90]
def listing(path):
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []
"""
_FILTERED = {"EPERM", "EACCES", "ENOSYS", "ENOTTY"}


def family(name: str, cases: Iterable[Case]) -> list[Check]:
    """Return the checks of attacks of one kind."""
    return [
        Check(what, "escape", calls if isinstance(calls, tuple) else (calls,), expect, name, by)
        for what, by, calls, expect in cases
    ]


def attack(source: str, **options: object) -> Call:
    """Return a call of hostile Python, with `syscall` and `attempt` at hand."""
    call = python(_TOOLS + source)
    return Call(**{**call.__dict__, **options})


def forking(source: str, limits: Limits = FORKING) -> Call:
    """Return one that may start programs."""
    return attack(source, limits=limits, programs=("sh", "true", "sleep", "yes"))


def _attempts(ran: Sequence[Ran]) -> dict[str, object] | str:
    value = ran[-1].value
    if ran[-1].outcome == "ok" and isinstance(value, dict) and value:
        return value
    return f"it ended as {ran[-1].outcome}: {ran[-1].fault} {ran[-1].printed[:300]}"


def refused(ran: Sequence[Ran]) -> str | None:
    """Expect that every attempt of the last call was answered with an error."""
    attempts = _attempts(ran)
    if isinstance(attempts, str):
        return attempts
    through = [f"{k}={v!r}" for k, v in attempts.items() if not isinstance(v, str)]
    return f"this was possible: {', '.join(through)}" if through else None


def filtered(ran: Sequence[Ran]) -> str | None:
    """Expect that the filter answered every attempt, before the kernel looked at its arguments."""
    attempts = _attempts(ran)
    if isinstance(attempts, str):
        return attempts
    through = [f"{k}={v!r}" for k, v in attempts.items() if v not in _FILTERED]
    return f"these passed the filter: {', '.join(through)}" if through else None


def unchanged(ran: Sequence[Ran]) -> str | None:
    """Expect that the first call and the last one saw the same."""
    first, last = ran[0], ran[-1]
    if first.outcome != "ok" or last.outcome != "ok" or first.value is None:
        return f"they ended as {first.outcome} and {last.outcome}: {first.fault} {last.fault}"
    if first.value == last.value:
        return None
    if isinstance(first.value, dict) and isinstance(last.value, dict):
        now = last.value
        new = {k: (v, now.get(k)) for k, v in first.value.items() if v != now.get(k)}
        return f"something was left: {str(new)[:500]}"
    return f"it was {str(first.value)[:200]} and is {str(last.value)[:200]}"


SERVER = python("def run():\n    return hash('which fork server am I from?')")


def survived(*calls: Call) -> tuple[Call, ...]:
    """Put calls between two that tell one fork server from another: see `unchanged`."""
    return (SERVER, *calls, SERVER)
