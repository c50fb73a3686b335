"""A call under way stands still, goes on, and keeps to limits that are narrowed while it runs."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from toolguild.sandbox import tree
from toolguild.sandbox.checks import QUICK, javascript, python
from toolguild.sandbox.interface import Call, Ran, Sandbox
from toolguild.sandbox.opening import open_sandbox
from toolguild.sandbox.reins import HeldReins

pytestmark = pytest.mark.asyncio(loop_scope="module")
WITHIN = 30.0
STANDS = 0.9  # seconds for which a call stands still here; it would have ended long before
BUSY = 0.5  # seconds of processor time that it needs: far more than pass until it is to stand still
SPIN = python(
    "import time\ndef run(seconds):\n    began = time.process_time()\n"
    "    while time.process_time() - began < seconds: pass\n    return 'done'",
    seconds=BUSY,
)
SPIN_JS = javascript(
    "const used = () => process.cpuUsage();\nconst both = () => (used().user + used().system) / 1e6;\n"
    "function run({seconds}) {\n  const began = both();\n  while (both() - began < seconds);\n  return 'done';\n}",
    seconds=BUSY,
)
MANY = QUICK.model_copy(update={"processes": 8})
FAMILY = Call(
    python(
        "import subprocess\ndef run():\n    loop = 'while :; do sleep 0.01; done'\n"
        "    work = [subprocess.Popen(['sh', '-c', loop]) for _ in range(2)]\n"
        "    return [one.wait() for one in work]"
    ).code,
    limits=MANY,
    programs=("sh", "sleep"),
)
NAP = python("import time\ndef run():\n    time.sleep(60)", limits=QUICK)
GROW = python(
    "import time\ndef run():\n    kept = bytearray(180 << 20)\n    time.sleep(60)\n    return len(kept)"
)
ENDLESS = python("def run():\n    while True: pass")
TALK = python(
    "import time\ndef run():\n    while True:\n        print('x' * 99)\n        time.sleep(0.01)"
)
FILL = python(
    "import time\ndef run():\n    with open('/tmp/x', 'wb') as file:\n        file.write(bytes(8 << 20))\n"
    "    time.sleep(60)"
)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["ns", "landlock", pytest.param("docker", marks=pytest.mark.docker)],
)
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Each way to keep calls apart."""
    if request.param == "docker":
        image = request.getfixturevalue("docker_image")
        opened = await open_sandbox("docker", image=image)
    else:
        opened = await open_sandbox("bubblewrap", modes=(request.param,))
    yield opened
    await opened.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 - no event tells of another process
            await asyncio.sleep(0.005)


async def under_way(sandbox: Sandbox, call: Call, reins: HeldReins) -> asyncio.Task[Ran]:
    """Begin a call whose sandbox is warm, so that its code runs a moment later."""
    return asyncio.create_task(sandbox.run(call, reins))


def programs() -> list[int]:
    """The living processes that tools have started here."""
    return [pid for pid in tree.descendants(os.getpid()) if _name(pid) in ("sh", "sleep")]


def stopped() -> bool:
    """Whether all programs of tools stand still: ended unheard, stopped, or waiting for a stopped one."""
    return {_state(pid) for pid in programs()} - {"Z", "D"} == {"T"}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.parametrize("call", [SPIN, SPIN_JS], ids=["python", "javascript"])
async def test_a_frozen_call_stands_still_until_it_goes_on(sandbox: Sandbox, call: Call) -> None:
    reins = HeldReins()
    running = await under_way(sandbox, call, reins)
    await asyncio.sleep(0.02)
    reins.steer(frozen=True, limits=None)
    done, _ = await asyncio.wait({running}, timeout=STANDS)
    assert not done
    reins.steer(frozen=False, limits=None)
    ran = await asyncio.wait_for(running, WITHIN)
    assert (ran.outcome, ran.value) == ("ok", "done")


async def test_the_wall_clock_of_a_frozen_call_stands_still_too(sandbox: Sandbox) -> None:
    call = Call(NAP.code, limits=QUICK.model_copy(update={"wall_seconds": STANDS / 2}))
    reins = HeldReins()
    began = time.monotonic()
    running = await under_way(sandbox, call, reins)
    await asyncio.sleep(0.02)
    reins.steer(frozen=True, limits=None)
    done, _ = await asyncio.wait({running}, timeout=STANDS)
    assert not done
    reins.steer(frozen=False, limits=None)
    ran = await asyncio.wait_for(running, WITHIN)
    assert ran.outcome == "timeout"
    assert ran.usage.wall_seconds < time.monotonic() - began - STANDS / 2


async def test_a_call_does_not_begin_while_it_is_to_stand_still(sandbox: Sandbox) -> None:
    reins = HeldReins(frozen=True)
    running = await under_way(sandbox, SPIN, reins)
    done, _ = await asyncio.wait({running}, timeout=STANDS)
    assert not done
    reins.steer(frozen=False, limits=None)
    assert (await asyncio.wait_for(running, WITHIN)).value == "done"


async def test_every_process_that_a_call_has_started_stands_still_and_goes_on(
    bubblewrap: Sandbox,
) -> None:
    reins = HeldReins()
    running = await under_way(bubblewrap, FAMILY, reins)
    try:
        await until(lambda: len(programs()) >= 3)
        reins.steer(frozen=True, limits=None)
        await until(stopped)
        before = set(programs())
        await asyncio.sleep(0.1)  # in which a loop that goes on starts others
        assert set(programs()) == before
        reins.steer(frozen=False, limits=None)
        await until(lambda: bool(set(programs()) - before))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert programs() == []


@pytest.mark.parametrize("frozen", [False, True])
async def test_cancelling_kills_every_process_before_the_error_leaves(
    bubblewrap: Sandbox, frozen: bool
) -> None:
    took = []
    for _ in range(5):
        reins = HeldReins()
        running = await under_way(bubblewrap, FAMILY, reins)
        await until(lambda: len(programs()) >= 2)
        if frozen:
            reins.steer(frozen=True, limits=None)
            await until(stopped)
        began = time.monotonic()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        took.append(time.monotonic() - began)
        assert programs() == []
    assert max(took) < 5.0, took  # tens of milliseconds where there is nothing else to do
    assert (await bubblewrap.run(SPIN)).value == "done"  # and nothing is left in the way


async def begun(sandbox: Sandbox, call: Call) -> None:
    """Return once a call has done what is to be too much. What a container does is not seen: it gets time."""
    if sandbox.name == "docker":
        await asyncio.sleep(1.0)
    elif call is GROW:
        await until(lambda: any(tree.use([one]).memory_mb > 180 for one in below()))
    elif call is FILL:
        await until(lambda: any(8 <= tree.scratch_used_mb(one) <= 16 for one in below()))
    else:
        await asyncio.sleep(0.2)


def below() -> list[int]:
    return tree.descendants(os.getpid())


@pytest.mark.parametrize(
    ("call", "field", "value", "outcome"),
    [
        (NAP, "wall_seconds", 0.3, "timeout"),
        (ENDLESS, "cpu_seconds", 0.3, "timeout"),
        (GROW, "memory_mb", 64, "memory"),
        (TALK, "printed_kb", 1, "printed"),
    ],
)
async def test_a_limit_narrowed_while_a_call_runs_ends_it_as_from_the_start(
    sandbox: Sandbox, call: Call, field: str, value: float, outcome: str
) -> None:
    reins = HeldReins()
    running = await under_way(sandbox, call, reins)
    await begun(sandbox, call)
    reins.steer(frozen=False, limits=QUICK.model_copy(update={field: value}))
    ran = await asyncio.wait_for(running, WITHIN)
    assert ran.outcome == outcome, ran
    assert ran.fault is not None
    assert f"{value:g}" in ran.fault.message


async def test_scratch_beyond_a_narrowed_limit_ends_a_call(bubblewrap: Sandbox) -> None:
    reins = HeldReins()
    running = await under_way(bubblewrap, FILL, reins)
    await begun(bubblewrap, FILL)
    reins.steer(frozen=False, limits=QUICK.model_copy(update={"disk_mb": 4}))
    ran = await asyncio.wait_for(running, WITHIN)
    assert (ran.outcome, ran.fault and ran.fault.message) == (
        "disk",
        "more than 4 MB in scratch and /output",
    )


async def test_reins_never_widen_a_limit(sandbox: Sandbox) -> None:
    short = Call(NAP.code, limits=QUICK.model_copy(update={"wall_seconds": 0.3}))
    reins = HeldReins(limits=QUICK)
    ran = await asyncio.wait_for(sandbox.run(short, reins), WITHIN)
    assert ran.outcome == "timeout"


async def test_a_call_that_stands_still_gives_its_place_to_another() -> None:
    sandbox = await open_sandbox("bubblewrap", size=1)
    try:
        reins = HeldReins()
        running = await under_way(sandbox, NAP, reins)
        await asyncio.sleep(0.2)
        reins.steer(frozen=True, limits=None)
        assert (await asyncio.wait_for(sandbox.run(SPIN), WITHIN)).value == "done"
        reins.steer(frozen=False, limits=QUICK.model_copy(update={"wall_seconds": 0.4}))
        assert (await asyncio.wait_for(running, WITHIN)).outcome == "timeout"
        assert (await asyncio.wait_for(sandbox.run(SPIN), WITHIN)).value == "done"
    finally:
        await sandbox.close()


async def test_closing_the_sandbox_ends_a_call_that_stands_still() -> None:
    sandbox = await open_sandbox("bubblewrap")
    reins = HeldReins()
    running = await under_way(sandbox, FAMILY, reins)
    await until(lambda: len(programs()) >= 2)
    reins.steer(frozen=True, limits=None)
    await until(stopped)
    await asyncio.wait_for(sandbox.close(), WITHIN)
    assert (await running).outcome == "killed"
    assert programs() == []


@contextlib.contextmanager
def _in_the_group_of_docker() -> Iterator[None]:
    """Be a user who may speak to the engine and is not root: what runs in containers is not theirs to signal."""
    os.setegid(Path("/var/run/docker.sock").stat().st_gid)
    os.seteuid(12345)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.docker
async def test_the_engine_freezes_what_the_supervisor_may_not_signal(docker_image: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user for a moment")
    sandbox = await open_sandbox("docker", image=docker_image, size=1)
    try:
        reins = HeldReins()
        running = await under_way(sandbox, SPIN, reins)
        await asyncio.sleep(0.02)
        with _in_the_group_of_docker():
            reins.steer(frozen=True, limits=None)
            done, _ = await asyncio.wait({running}, timeout=STANDS)
            assert not done
            reins.steer(frozen=False, limits=None)
            ran = await asyncio.wait_for(asyncio.shield(running), WITHIN)
        assert (ran.outcome, ran.value) == ("ok", "done")
        assert (await sandbox.run(SPIN)).value == "done"

        running = await under_way(sandbox, SPIN, reins)
        await asyncio.sleep(0.02)
        with _in_the_group_of_docker():
            reins.steer(frozen=True, limits=None)
            await asyncio.wait({running}, timeout=STANDS)
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert (await sandbox.run(SPIN)).value == "done"
    finally:
        await sandbox.close()


async def test_a_call_is_ended_when_it_must_not_reach_one_of_its_hosts_any_more(
    bubblewrap: Sandbox,
) -> None:
    reins = HeldReins()
    call = Call(NAP.code, limits=QUICK, hosts=("localhost:9", "localhost:10"))
    running = await under_way(bubblewrap, call, reins)
    reins.steer(frozen=False, limits=None, hosts=call.hosts)
    done, _ = await asyncio.wait({running}, timeout=0.3)
    assert not done
    reins.steer(frozen=False, limits=None, hosts=call.hosts[:1])
    assert (await asyncio.wait_for(running, WITHIN)).outcome == "killed"
