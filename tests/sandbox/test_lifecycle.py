"""Sandboxes end when they should, and leave nothing behind on this machine."""

import asyncio
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import toolguild
from toolguild.capability import Limits
from toolguild.errors import UsageError
from toolguild.sandbox import bubblewrap, tree, warm
from toolguild.sandbox.bubblewrap import Bubblewrap
from toolguild.sandbox.checks import QUICK, code, javascript, python
from toolguild.sandbox.interface import Call, Sandbox, SandboxBroken, SandboxUnavailable
from toolguild.sandbox.opening import open_sandbox
from toolguild.sandbox.outer import Mode, ModeRefused, Outer, Template
from toolguild.sandbox.pool import Pool

_ENDLESS = python(
    "def run():\n    while True: pass", limits=Limits(wall_seconds=60, cpu_seconds=60)
)
_ANSWER = python("def run():\n    return 42")
_TRACES = ("toolguild-sandbox-", "toolguild-container-", "toolguild-probe-")


def _left_behind(pid: int) -> list[str]:
    """Name every process, folder and control group that belongs to a supervisor's sandboxes."""
    folders = [p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith(_TRACES)]
    groups = [p.name for p in Path("/sys/fs/cgroup").glob(f"*/toolguild-{pid}-*")]
    groups += [p.name for p in Path("/sys/fs/cgroup").glob(f"toolguild-{pid}-*")]
    processes = [
        str(p) for p in tree.descendants(pid) if _command(p).find("inside import template") >= 0
    ]
    return [name for name in folders if f"-{pid}-" in name] + groups + processes


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


async def _until_gone(pids: list[int], seconds: float = 30.0) -> list[int]:
    """Wait, with a bound, until none of the processes lives, and return those that still do."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(map(_lives, pids)):
            return []
        await asyncio.sleep(0.02)
    return [pid for pid in pids if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_closing_leaves_no_process_folder_or_group() -> None:
    sandbox = await open_sandbox("bubblewrap")
    await asyncio.gather(
        sandbox.run(_ANSWER), sandbox.run(_ANSWER), sandbox.run(javascript("function run() {}"))
    )
    assert len(_left_behind(os.getpid())) > 0
    await sandbox.close()
    await sandbox.close()
    assert _left_behind(os.getpid()) == []


async def test_cancelling_a_call_kills_its_tree_before_it_returns() -> None:
    sandbox = await open_sandbox("bubblewrap")
    try:
        running = asyncio.create_task(sandbox.run(_ENDLESS))
        burning = await _burning()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not _lives(burning)
        assert (await sandbox.run(_ANSWER)).value == 42
    finally:
        await sandbox.close()


async def _burning() -> int:
    """Return the process below us that has begun to burn processor time: the call under way."""
    seen: dict[int, float] = {}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for pid in tree.descendants(os.getpid()):
            used = tree.use([pid]).cpu_seconds
            if used - seen.setdefault(pid, used) > 0.05 and "template" in _command(pid):
                return pid
        await asyncio.sleep(0.02)
    raise AssertionError("no call is running")


async def test_closing_ends_a_call_under_way_as_killed() -> None:
    sandbox = await open_sandbox("bubblewrap")
    running = asyncio.create_task(sandbox.run(_ENDLESS))
    await _burning()
    await sandbox.close()
    async with asyncio.timeout(30):
        assert (await running).outcome == "killed"
    with pytest.raises(SandboxBroken):
        await sandbox.run(_ANSWER)


_SUPERVISOR = """
import asyncio, sys
from toolguild.sandbox.checks import python
from toolguild.capability import Limits
from toolguild.sandbox.opening import open_sandbox
async def main():
    sandbox = await open_sandbox(sys.argv[1])
    print("open", flush=True)
    limits = Limits(wall_seconds=60, cpu_seconds=60)
    await sandbox.run(python("def run():\\n    while True: pass", limits=limits))
asyncio.run(main())
"""


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder of the test's own that sandboxes can reach into as nobody, which pytest's cannot be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


async def test_no_tool_survives_a_supervisor_that_is_killed(
    passable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder for temporary files of its own: whoever opens a sandbox on this machine sweeps the usual one."""
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SUPERVISOR, "bubblewrap"),
        env={**os.environ, "TMPDIR": str(passable)},
        stdout=subprocess.PIPE,
    )
    monkeypatch.setattr(tempfile, "tempdir", str(passable))
    assert supervisor.stdout is not None
    async with asyncio.timeout(60):
        assert await supervisor.stdout.readline() == b"open\n"
    below = tree.descendants(supervisor.pid)
    assert len(below) >= 3
    supervisor.send_signal(signal.SIGKILL)
    await supervisor.wait()
    assert await _until_gone(below) == []
    assert _left_behind(supervisor.pid) != []
    await (await open_sandbox("bubblewrap")).close()  # sweeps what the dead one left
    assert _left_behind(supervisor.pid) == []


@pytest.mark.docker
async def test_no_container_survives_a_supervisor_that_is_killed(docker_image: str) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISOR, "docker", stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    async with asyncio.timeout(60):
        assert await supervisor.stdout.readline() == b"open\n"
    assert _containers(supervisor.pid) != []
    supervisor.send_signal(signal.SIGKILL)
    await supervisor.wait()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not _containers(supervisor.pid):
            break
        await asyncio.sleep(0.1)
    assert _containers(supervisor.pid) == []
    await (await open_sandbox("docker")).close()  # sweeps the folders of the dead one
    assert _left_behind(supervisor.pid) == []


def _containers(pid: int) -> list[str]:
    words = ["docker", "ps", "-aq", "--filter", f"label=toolguild.sandbox={pid}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.docker
async def test_closing_leaves_no_container(docker_image: str) -> None:
    sandbox = await open_sandbox("docker", image=docker_image)
    assert (await sandbox.run(_ANSWER)).value == 42
    assert _containers(os.getpid()) != []
    await sandbox.close()
    assert _containers(os.getpid()) == []
    assert _left_behind(os.getpid()) == []


@pytest.mark.docker
async def test_a_missing_image_is_refused_with_the_command_that_builds_it(
    docker_image: str,
) -> None:
    with pytest.raises(SandboxUnavailable, match="docker build -t no-such-image:1 deploy/sandbox"):
        await open_sandbox("docker", image="no-such-image:1")


# The docker SDK leaves the socket open with which it did not reach the engine.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_missing_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(
        SandboxUnavailable, match=r"this sandbox does not work here\. docker: .*start Docker"
    ):
        await open_sandbox("docker")
    gc.collect()


async def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="bubblewrap, docker"):
        await open_sandbox("chroot")


class _Refusing(Bubblewrap):
    """A machine on which some modes do not work."""

    def __init__(self, *refused: Mode) -> None:
        super().__init__()
        self._refused = refused

    async def boot(self, template: Template, mode: Mode) -> Outer:
        if mode in self._refused:
            raise ModeRefused(f"no {mode} here")
        return await super().boot(template, mode)


async def test_the_next_weaker_mode_is_taken_where_namespaces_are_refused() -> None:
    pool = Pool(_Refusing("ns"), size=1)
    try:
        await pool.warm_up()
        assert "Landlock" in pool.isolation
        assert (await pool.run(_ANSWER)).value == 42
    finally:
        await pool.close()


async def test_a_machine_without_any_mode_is_refused_with_the_reasons() -> None:
    pool = Pool(_Refusing("ns", "landlock", "single"), size=1)
    with pytest.raises(
        SandboxUnavailable, match="ns: no ns here; landlock: no landlock here; single: no single"
    ):
        await pool.warm_up()
    await pool.close()


async def test_as_many_calls_run_at_once_as_the_sandbox_is_large() -> None:
    sandbox = await open_sandbox("bubblewrap", size=3)
    source = "import os\ndef run():\n    return os.system('exec sleep 3131')"
    many = QUICK.model_copy(update={"processes": 4})
    call = Call(code("python", source), limits=many, programs=("sh", "sleep"))
    calls = [asyncio.create_task(sandbox.run(call)) for _ in range(4)]
    try:
        async with asyncio.timeout(60):
            while _sleepers() < 3:  # noqa: ASYNC110 - no event tells of another process
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # in which a fourth would begin
        assert _sleepers() == 3
        calls[0].cancel()
        await asyncio.wait(calls[:1])
        async with asyncio.timeout(60):
            while _sleepers() < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await sandbox.close()
        await asyncio.gather(*calls, return_exceptions=True)


def _sleepers() -> int:
    return sum(_command(pid) == "sleep\x003131\x00" for pid in tree.descendants(os.getpid()))


async def test_calls_at_once_see_their_own_inputs_only_while_sandboxes_are_recycled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(warm, "_MOST_CALLS", 3)
    sandbox = await open_sandbox("bubblewrap", size=2)
    source = code(
        "python",
        "import os\ndef run():\n    return {n: open('/data/' + n).read() for n in os.listdir('/data')}",
    )
    calls = [Call(source, inputs={f"file{n}": str(n).encode()}) for n in range(12)]
    try:
        ran = await asyncio.gather(*map(sandbox.run, calls))
    finally:
        await sandbox.close()
    assert [one.value for one in ran] == [{f"file{n}": str(n)} for n in range(12)]


async def test_a_broken_fork_server_is_replaced_before_the_call_notices() -> None:
    sandbox = await open_sandbox("bubblewrap")
    try:
        for pid in tree.descendants(os.getpid()):
            if "inside import template" in _command(pid):
                os.kill(pid, signal.SIGKILL)
        assert (await sandbox.run(_ANSWER)).value == 42
    finally:
        await sandbox.close()


async def test_a_call_that_was_killed_from_outside_does_not_count_against_the_tool() -> None:
    sandbox = await open_sandbox("bubblewrap", size=1)
    try:
        slow = python("import time\ndef run():\n    time.sleep(1)\n    return 42")
        running = asyncio.create_task(sandbox.run(slow))
        await asyncio.sleep(0.5)
        os.kill(tree.descendants(os.getpid())[-1], signal.SIGKILL)
        ran = await asyncio.wait_for(running, 30)
        assert (ran.outcome, ran.value) == ("ok", 42)
    finally:
        await sandbox.close()


@pytest.mark.parametrize("depth", [0, -1])
async def test_a_sandbox_that_is_killed_while_it_starts_is_broken_and_not_unavailable(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello, others = bubblewrap._hello, set(tree.descendants(os.getpid()))

    async def killed(control: socket.socket) -> None:
        ours = [pid for pid in tree.descendants(os.getpid()) if pid not in others]
        os.kill(ours[depth], signal.SIGKILL)
        await hello(control)

    monkeypatch.setattr(bubblewrap, "_hello", killed)
    backend = Bubblewrap()
    try:
        with pytest.raises(SandboxBroken, match="killed"):
            await backend.boot(Template("python"), "ns")
    finally:
        await backend.close()


async def test_calls_that_make_no_sense_are_refused_before_anything_runs() -> None:
    sandbox = await open_sandbox("bubblewrap")
    source = code("python", "def run(): pass")
    wrong = [
        Call(source, inputs={"../x": b""}),
        Call(source, inputs={"x": Path("/nonexistent/file")}),
        Call(source, {"x": float("nan")}),
        Call(code("python", "", "run()")),
        Call(source, uses={"js": code("javascript", "")}),
    ]
    try:
        for call in wrong:
            with pytest.raises(UsageError):
                await sandbox.run(call)
    finally:
        await sandbox.close()


async def test_libraries_are_there_only_for_those_who_asked() -> None:
    sandbox = await open_sandbox("bubblewrap")
    source = (
        "def run():\n    import numpy as np, pandas as pd\n    import matplotlib.pyplot as plt\n"
        "    plt.plot([1, 2]); plt.savefig('/output/plot.png')\n"
        "    return [float(pd.DataFrame({'a': [1, 2]}).a.mean()), np.random.random(), np.int64(3)]"
    )
    asked = Call(
        code("python", source), imports=("numpy", "pandas", "matplotlib.pyplot"), limits=QUICK
    )
    try:
        first, second = await sandbox.run(asked), await sandbox.run(asked)
        assert (first.outcome, first.fault) == ("ok", None)
        assert first.files[0].content.startswith(b"\x89PNG")
        assert isinstance(first.value, list)
        assert isinstance(second.value, list)
        assert (first.value[0], first.value[2]) == (1.5, 3)
        assert first.value[1] != second.value[1]  # a fork copies numpy's random state
        without = await sandbox.run(Call(code("python", source)))
        assert without.fault is not None
        assert without.fault.type == "ModuleNotFoundError"
    finally:
        await sandbox.close()


async def test_an_input_larger_than_memory_is_copied_not_read(tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        file.truncate(300 << 20)  # a call may use 256
    big.chmod(0o600)
    sandbox: Sandbox = await open_sandbox("bubblewrap")
    try:
        size = python("import os\ndef run():\n    return os.path.getsize('/data/big.bin')")
        ran = await sandbox.run(Call(size.code, inputs={"big.bin": big}))
    finally:
        await sandbox.close()
    assert ran.value == 300 << 20


_ORDINARY = """
import asyncio
from dataclasses import replace
from toolguild.sandbox.checks import QUICK, javascript, python
from toolguild.sandbox.opening import open_sandbox
async def main():
    sandbox = await open_sandbox("bubblewrap")
    ran = await sandbox.run(python("def run():\\n    return 42"))
    fork = await sandbox.run(python("import os\\ndef run():\\n    return os.fork()"))
    memory = await sandbox.run(python("def run():\\n    return len(bytearray(1 << 30))"))
    bomb = "function run() { const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1)); }"
    heap = await sandbox.run(javascript(bomb))
    shell = python("import os\\ndef run():\\n    open('/output/a', 'w')\\n    return os.system('true')")
    limits = QUICK.model_copy(update={"processes": 8})
    seen = (await sandbox.run(replace(shell, programs=("sh",), limits=limits))).seen
    await sandbox.close()
    print(ran.value, fork.outcome, memory.outcome, heap.outcome, seen.programs, seen.written, seen.processes)
asyncio.run(main())
"""


_ENDED = ("42", "error", "memory", "memory")


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests already run as an ordinary user")
async def test_it_works_for_an_ordinary_user_without_groups(tmp_path: Path) -> None:
    interpreter = _reachable_python()
    if interpreter is None:
        pytest.skip("there is no Python of this version that an ordinary user can reach")
    where = [
        str(Path(toolguild.__file__).parents[1]),
        *(p for p in sys.path if p.endswith("site-packages")),
    ]
    os.chown(tmp_path, 1000, 1000)
    process = await asyncio.create_subprocess_exec(
        interpreter,
        "-c",
        _ORDINARY,
        user=1000,
        group=1000,
        extra_groups=[],
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join(where),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 100)
    assert out.decode().split(maxsplit=4) == [*_ENDED, "('sh',) ('a',) 2\n"]


def _reachable_python() -> str | None:
    """Return a Python of this very version that everybody can execute."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix, "bin", name), Path("/usr/bin", name)):
        parts = (candidate, *candidate.parents)
        if candidate.exists() and all(part.stat().st_mode & 1 for part in parts):
            return str(candidate)
    return None
