"""The escape suite itself: every attack says what stops it, can fail, and leaves no process behind."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from toolguild.sandbox import conformance, escapes
from toolguild.sandbox.checks import Check, run
from toolguild.sandbox.escapes import Attacked, attack_all
from toolguild.sandbox.interface import Call, Ran, Reins, Sandbox, Usage
from toolguild.sandbox.limits import LIMITS
from toolguild.sandbox.opening import open_sandbox
from toolguild.sandbox.walls import HOW, how

pytestmark = pytest.mark.asyncio(loop_scope="module")
_PAGE = Path(__file__).parents[2] / "docs/safety/sandbox.md"
_DAEMONS = ("daemons that left their session", "daemons that ignore their end")
# These only have to leave the next call in peace: to come through them is no breach.
_HARMLESS = {
    "a fork bomb of shells", "signals to everybody", "a process that stops itself",
    "threads that go on after the answer", "javascript: a thread of its own outlives nothing",
    "a deep nest of closed folders", "restartable sequences with a false signature",
    "a patched harness", "a folder that nobody may read", "a file that changes while it is collected",
    "daemons that left their session",
}  # fmt: skip


class Open:
    """A sandbox without walls, as its answers look: whatever is tried works."""

    name, isolation = "open", "none"

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        return Ran("ok", {"tried": 0, **os.environ}, (), "", Usage(0.1, 0.1, 1), None)

    async def close(self) -> None:
        pass


async def test_every_attack_says_what_kind_it_is_and_which_walls_stop_it() -> None:
    for check in escapes.checks():
        assert check.group == "escape"
        assert check.family
        assert check.by
        assert how(check.by).startswith(HOW[check.by[0]])


async def test_no_wall_stands_for_nothing() -> None:
    used = {wall for check in escapes.checks() for wall in check.by}
    assert used == set(HOW)


async def test_where_there_are_no_walls_every_attack_is_found_to_get_through() -> None:
    canary_holds = Ran("ok", 42, (), "", Usage(0.1, 0.1, 1), None)

    class OpenButSane(Open):
        async def run(self, call: Call, reins: Reins | None = None) -> Ran:
            innocent = call.code.source == "def run():\n    return 42"
            return canary_holds if innocent else await super().run(call, reins)

    unnoticed = {one.name for one in await attack_all(OpenButSane()) if one.stopped}
    same_before_and_after = {
        check.name for check in escapes.checks() if check.expect.__name__ == "unchanged"
    }
    assert unnoticed == _HARMLESS | same_before_and_after


async def test_an_attack_after_which_the_next_call_suffers_is_not_stopped() -> None:
    (one,) = await attack_all(Open(), ["a deep nest of closed folders"])
    assert not one.stopped
    assert "the next call suffered" in one.detail


async def test_those_named_are_tried_and_told(bubblewrap: Sandbox) -> None:
    (one,) = await attack_all(bubblewrap, ["pairs of sockets of other families"])
    name = "pairs of sockets of other families"
    assert one == Attacked(name, "no network", True, how(("filter",)), "")


@pytest.mark.parametrize(
    "mode", ["ns", "landlock", pytest.param("docker", marks=pytest.mark.docker)]
)
async def test_no_daemon_outlives_its_call(mode: str, request: pytest.FixtureRequest) -> None:
    if mode == "docker":
        image = request.getfixturevalue("docker_image")
        sandbox = await open_sandbox("docker", image=image, size=1)
    else:
        sandbox = await open_sandbox("bubblewrap", modes=(mode,), size=1)  # type: ignore[arg-type]  # a literal
    seconds = str(10_000_000 + os.getpid())  # other tests may try the same attacks just now
    try:
        tried = [await run(sandbox, _sleeping(check, seconds)) for check in _daemonic()]
        left = await asyncio.to_thread(_living_with, seconds)
    finally:
        await sandbox.close()
    assert [one.passed for one in tried] == [True, True]
    assert left == []


def _daemonic() -> list[Check]:
    return [check for check in escapes.checks() if check.name in _DAEMONS]


def _sleeping(check: Check, seconds: str) -> Check:
    """The same attack with daemons that sleep for so long, and are found by that."""
    (call,) = check.calls
    assert "31337" in call.code.source
    code = replace(call.code, source=call.code.source.replace("31337", seconds))
    return replace(check, calls=(replace(call, code=code),))


async def test_limits_say_what_they_are_and_what_helps() -> None:
    assert all(limit.name and limit.what and limit.helps for limit in LIMITS)
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)


async def test_the_command_tells_attacks_and_limits() -> None:
    few = ("a segmentation fault", "pairs of sockets of other families")
    chosen = [check for check in escapes.checks() if check.name in few]
    whole = conformance.checks()[:1]
    program = (
        "import toolguild.sandbox.escapes as e, toolguild.sandbox.conformance as c\n"
        f"known, names = e.checks(), {few!r}\n"
        "e.checks = lambda: [one for one in known if one.name in names]\n"
        "first = c.checks()[:1]\nc.checks = lambda: first\n"
        "from toolguild.cli import main\nraise SystemExit(main())\n"
    )
    words = [sys.executable, "-c", program, "sandbox", "check", "--backend", "bubblewrap", "--json"]
    ended = await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert [one["name"] for one in told["checks"]] == [c.name for c in (*whole, *chosen)]
    assert "stopped" not in told["checks"][0]
    for one, check in zip(told["checks"][1:], chosen, strict=True):
        assert (one["stopped"], one["how"], one["family"]) == (True, how(check.by), check.family)
    assert [limit["name"] for limit in told["limits"]] == [limit.name for limit in LIMITS]


def _living_with(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(str(path))
    return found


async def test_the_page_about_the_sandbox_names_every_attack_wall_and_limit() -> None:
    page = await asyncio.to_thread(_PAGE.read_text)
    for check in escapes.checks():
        assert f"| {check.name} | {', '.join(check.by)} |" in page
    for name, text in HOW.items():
        assert f"| {name} | {text} |" in page
    for limit in LIMITS:
        assert f"| {limit.name} | {limit.what} | {limit.helps} |" in page
