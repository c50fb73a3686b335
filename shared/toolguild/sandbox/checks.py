"""The portable suite: what every sandbox has to do and what nothing may get out of one, as data and a runner.

`toolguild sandbox check` and the tests run the same cases against the backends of the machine at hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from toolguild.capability import Language, Limits
from toolguild.sandbox.interface import Call, Code, Ran, Sandbox, SandboxBroken
from toolguild.sandbox.walls import Wall, how

Group = Literal["conformance", "escape"]
Expect = Callable[[Sequence[Ran]], str | None]

QUICK = Limits(wall_seconds=30, cpu_seconds=30, memory_mb=256, disk_mb=16)


@dataclass(frozen=True)
class Check:
    """Calls made one after another, and what must be seen of them: None, or a sentence about what was not."""

    name: str
    group: Group
    calls: tuple[Call, ...]
    expect: Expect
    family: str = ""  # of an escape: what kind of attack it is
    by: tuple[Wall, ...] = ()  # and what is to stop it, the first wall first


@dataclass(frozen=True)
class CheckResult:
    """How a check went on this machine."""

    name: str
    group: Group
    passed: bool
    detail: str
    family: str = ""  # of an escape: what kind of attack it is
    how: str = ""  # and which walls stop it


async def check(sandbox: Sandbox, only: Sequence[str] = ()) -> list[CheckResult]:
    """Run every check, or those named, one after another. A hostile call is followed by an innocent one."""
    from toolguild.sandbox import conformance, escapes  # here: the cases are built with this module

    cases = [*conformance.checks(), *escapes.checks()]
    return [await run(sandbox, case) for case in cases if not only or case.name in only]


async def run(sandbox: Sandbox, case: Check) -> CheckResult:
    """Run one check."""
    try:
        ran = [await sandbox.run(call) for call in case.calls]
        problem = _judge(case, ran)
        if problem is None and case.group == "escape":
            problem = _innocent(await sandbox.run(_CANARY))
    except SandboxBroken as error:
        problem = f"the sandbox broke: {error}"
    return CheckResult(
        case.name, case.group, problem is None, problem or "", case.family, how(case.by)
    )


def python(source: str, *, limits: Limits = QUICK, **arguments: object) -> Call:
    """Return a call of `run` in Python source."""
    return Call(Code("python", source, "run"), arguments, limits=limits)


def javascript(source: str, *, limits: Limits = QUICK, **arguments: object) -> Call:
    """Return a call of `run` in JavaScript source."""
    return Call(Code("javascript", source, "run"), arguments, limits=limits)


def code(language: Language, source: str, entry: str = "run") -> Code:
    """Return code whose entry is `run`."""
    return Code(language, source, entry)


def ends_as(*outcomes: str) -> Expect:
    """Expect the last call to end in one of these ways."""

    def expect(ran: Sequence[Ran]) -> str | None:
        return None if ran[-1].outcome in outcomes else f"it ended as {_told(ran[-1])}"

    return expect


def returns(wanted: object) -> Expect:
    """Expect the last call to return exactly this."""
    return holds(lambda value: value == wanted)


def holds(test: Callable[[object], bool]) -> Expect:
    """Expect the last call to return a value for which the test is true."""

    def expect(ran: Sequence[Ran]) -> str | None:
        good = ran[-1].outcome == "ok" and test(ran[-1].value)
        return None if good else f"it ended as {_told(ran[-1])}"

    return expect


def _judge(case: Check, ran: Sequence[Ran]) -> str | None:
    try:
        return case.expect(ran)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        return f"it answered in another shape ({error}): {_told(ran[-1])}"


def _told(ran: Ran) -> str:
    return f"{ran.outcome}: value {str(ran.value)[:300]}, fault {ran.fault}, printed {ran.printed[:200]!r}"


_CANARY = python("def run():\n    return 42")


def _innocent(ran: Ran) -> str | None:
    good = ran.outcome == "ok" and ran.value == 42 and not ran.files and not ran.printed
    return None if good else f"the next call suffered: {_told(ran)}"
