"""What a call's end means: one outcome and one fault, from what was seen outside. Pure.

A sandbox's own failure never reaches this module: it is SandboxBroken.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from signal import Signals
from typing import Literal, cast

from toolguild.capability import Limits
from toolguild.sandbox import frames
from toolguild.sandbox.interface import Code, Fault, Outcome

Stop = Literal["wall", "cpu", "memory", "printed", "result", "disk", "forged", "closed"]

_SIGKILL, _SIGXCPU = 9, 24
_GIVING_UP = {Signals.SIGABRT, Signals.SIGTRAP, Signals.SIGILL, Signals.SIGSEGV, Signals.SIGBUS}


@dataclass(frozen=True)
class End:
    """What the supervisor saw of a call that is over."""

    limits: Limits
    stopped: Stop | None  # why the supervisor ended it, None: it ended by itself or answered
    answer: frames.Answer
    signal: int = 0
    status: int = 0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    out_of_memory_kills: int = 0  # by the kernel, in this call's group


@dataclass(frozen=True)
class Told:
    """An exception as the harness described it."""

    type: str
    message: str
    frames: Sequence[tuple[str, int, str]] = field(default_factory=tuple)
    errno: int | None = None


def classify(end: End, code: Code) -> tuple[Outcome, object, Fault | None]:
    """Return the outcome, the value where there is one, and the fault where there is one."""
    try:
        return _classify(end, code)
    except frames.Forged as error:
        return "forged", None, _plain("forged", "Forged", str(error))


def _classify(end: End, code: Code) -> tuple[Outcome, object, Fault | None]:
    answer = end.answer
    if end.out_of_memory_kills:
        return "memory", None, _memory(end)
    if end.stopped is not None:
        return _stopped(end)
    if not answer.ended:
        return _died(end)
    if answer.too_much_output:
        return "disk", None, _disk(end)
    if answer.bad_name is not None:
        return "error", None, _file_name(answer.bad_name)
    if answer.fault is not None:
        return _raised(frames.fault_of(answer.fault), end, code)
    assert answer.value is not None
    return "ok", frames.value_of(answer.value), None


def _stopped(end: End) -> tuple[Outcome, object, Fault | None]:
    limits = end.limits
    match end.stopped:
        case "wall":
            text = f"stopped after {limits.wall_seconds:g} seconds of wall clock"
            return "timeout", None, _plain("timeout", "Timeout", text)
        case "cpu":
            return "timeout", None, _cpu(end)
        case "memory":
            return "memory", None, _memory(end)
        case "printed":
            text = f"printed more than {limits.printed_kb} KB"
            return "printed", None, _plain("printed", "TooMuchPrinted", text)
        case "result":
            text = f"returned more than {limits.result_kb} KB of JSON"
            return "result", None, _plain("result", "ResultTooLarge", text)
        case "disk":
            return "disk", None, _disk(end)
        case "closed":
            return "killed", None, _plain("killed", "Killed", "ended from outside")
        case _:
            text = "wrote to the supervisor's channel what the harness did not write"
            return "forged", None, _plain("forged", "Forged", text)


def _died(end: End) -> tuple[Outcome, object, Fault | None]:
    limits = end.limits
    # The kernel enforces by clock ticks and reports precisely: on a busy machine they differ much.
    if end.signal in (_SIGKILL, _SIGXCPU) and end.cpu_seconds >= 0.5 * limits.cpu_seconds:
        return "timeout", None, _cpu(end)
    if end.signal in _GIVING_UP and end.peak_memory_mb >= 0.6 * limits.memory_mb:
        return "memory", None, _memory(end)
    if end.signal:
        name = _signal_name(end.signal)
        return "exited", None, _plain("exited", name, f"killed by {name} without an answer")
    text = f"ended with status {end.status} without an answer"
    return "exited", None, _plain("exited", "Exit", text)


def _raised(
    told: "dict[str, object] | object", end: End, code: Code
) -> tuple[Outcome, object, Fault | None]:
    seen = Told(**cast("dict[str, object]", told))  # type: ignore[arg-type]  # checked by fault_of
    outcome: Outcome = "error"
    if seen.type == "MemoryError" or seen.type.endswith("ArrayMemoryError"):
        outcome = "memory"
    elif seen.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        outcome = "disk"
    elif seen.type in ("SystemExit", "KeyboardInterrupt"):
        outcome = "exited"
    return outcome, None, _fault(outcome, seen, code)


def _fault(outcome: Outcome, told: Told, code: Code) -> Fault:
    lines = code.source.splitlines()
    own = [line for filename, line, _ in told.frames if filename == "<tool>"]
    line = own[-1] if own and 1 <= own[-1] <= len(lines) + 1 else None
    shown = lines[line - 1].strip() if line is not None and line <= len(lines) else None
    rows = []
    for filename, at, name in told.frames:
        rows.append(f'  File "{filename}", line {at}, in {name}')
        if filename == "<tool>" and 1 <= at <= len(lines):
            rows.append(f"    {lines[at - 1].strip()}")
    trace = "\n".join([*rows, f"{told.type}: {told.message}"])
    return Fault(outcome, told.type, told.message, line, shown, trace)


def _plain(kind: Outcome, type: str, message: str) -> Fault:
    return Fault(kind, type, message)


def _cpu(end: End) -> Fault:
    text = f"stopped after {end.limits.cpu_seconds:g} seconds of processor time"
    return _plain("timeout", "CpuTimeout", text)


def _memory(end: End) -> Fault:
    return _plain("memory", "OutOfMemory", f"needed more than {end.limits.memory_mb} MB of memory")


def _disk(end: End) -> Fault:
    text = f"more than {end.limits.disk_mb} MB in scratch and /output"
    return _plain("disk", "DiskFull", text)


def _file_name(name: str) -> Fault:
    text = f"left a file below /output whose name cannot be handed on: {name}; use printable characters"
    return _plain("error", "FileName", text)


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
