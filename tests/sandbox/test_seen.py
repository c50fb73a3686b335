"""What a call did is seen from outside of it: files, programs, processes."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from toolguild.sandbox.checks import QUICK, javascript, python
from toolguild.sandbox.exchange import Exchange
from toolguild.sandbox.frames import Answer
from toolguild.sandbox.interface import MOST_NAMES, Call, Sandbox, Seen
from toolguild.sandbox.opened import Opened
from toolguild.sandbox.opening import open_sandbox
from toolguild.sandbox.written import Written

pytestmark = pytest.mark.asyncio(loop_scope="module")
MANY = QUICK.model_copy(update={"processes": 8})


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["ns", "landlock", pytest.param("docker", marks=pytest.mark.docker)],
)
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Each way to keep calls apart."""
    if request.param == "docker":
        image = request.getfixturevalue("docker_image")
        opened = await open_sandbox("docker", image=image, size=1)
    else:
        opened = await open_sandbox("bubblewrap", modes=(request.param,), size=1)
    yield opened
    await opened.close()


def _shell(script: str, *granted: str) -> Call:
    source = f"import subprocess\ndef run():\n    return subprocess.run({script!r}, shell=True).returncode"
    return replace(python(source), limits=MANY, programs=("sh", *granted))


# Both ends of the pipe live from the answer to its end: whoever looks when the third program starts sees all.
_PIPE = """
import subprocess
def run():
    words = ["sh", "-c", "cat | cat; /bin/true; /nowhere/x; nowhere"]
    pipe = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pipe.stdin.write(b"x\\n"); pipe.stdin.flush(); pipe.stdout.readline()
    subprocess.run(["sleep", "0.02"])
    pipe.stdin.close(); pipe.stdout.close()
    return pipe.wait()
"""


async def _seen(sandbox: Sandbox, call: Call) -> Seen:
    ran = await sandbox.run(call)
    assert ran.seen is not None
    return ran.seen


async def test_a_call_that_touches_nothing_is_seen_to(sandbox: Sandbox) -> None:
    nothing = Seen((), (), (), (), 1)
    assert await _seen(sandbox, python("def run():\n    return 1")) == nothing
    assert await _seen(sandbox, javascript("function run() { return 1; }")) == nothing


async def test_inputs_are_seen_when_they_are_opened_and_not_when_they_are_listed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "c").write_text("on disk")
    inputs: dict[str, Path | bytes] = {"a": b"1", "b": b"2", "c": tmp_path / "c"}
    listed = python(
        "import os\ndef run():\n    return [os.stat('/data/' + n).st_size for n in os.listdir('/data')]"
    )
    one = python("import os\ndef run():\n    os.open('/data/../data/b', os.O_RDONLY)")
    both = javascript(
        "const fs = require('fs');\n"
        "function run() { return fs.readFileSync('/data/a', 'utf8') + fs.readFileSync('/data/c'); }"
    )
    assert (await _seen(sandbox, replace(listed, inputs=inputs))).read == ()
    assert (await _seen(sandbox, replace(one, inputs=inputs))).read == ("b",)
    assert (await _seen(sandbox, replace(both, inputs=inputs))).read == ("a", "c")
    assert (await _seen(sandbox, listed)).read == ()


async def test_what_is_written_is_listed_whatever_the_code_says_about_it(sandbox: Sandbox) -> None:
    source = (
        "import os\ndef run():\n    os.makedirs('/output/d')\n    open('/output/d/a', 'w')\n"
        "    os.symlink('/etc/passwd', '/output/link')\n    os.link('/output/d/a', '/output/d/hard')\n"
        "    open(b'/output/\\xff', 'w')\n    open('/output/gone', 'w')\n    os.unlink('/output/gone')\n"
    )
    wanted = ("\\xff", "d/a", "d/hard", "link")
    assert (
        await _seen(sandbox, python(source + "    os.unlink(b'/output/\\xff')"))
    ).written == wanted[1:]
    forging = source + "    import sys; sys.modules['os'].walk = lambda *a: []"
    assert (await _seen(sandbox, python(forging))).written == wanted
    ended = await sandbox.run(python(source + "    while True: print('x' * 9999)"))
    assert ended.outcome == "printed"
    assert ended.seen is not None
    assert ended.seen.written == wanted


async def test_what_a_call_left_is_seen_even_when_it_is_gone(sandbox: Sandbox) -> None:
    ended = python("import os\ndef run():\n    open('/output/a', 'w')\n    os._exit(0)")
    assert (await _seen(sandbox, ended)).written == ("a",)


async def test_programs_and_processes_are_seen(sandbox: Sandbox) -> None:
    granted = ("sh", "cat", "sleep", "true")
    seen = await _seen(sandbox, replace(python(_PIPE), limits=MANY, programs=granted))
    assert seen.programs == ("cat", "sh", "sleep", "true")
    assert seen.processes in (4, 5)  # the third program may have been too short
    loop = "i=0; while [ $i -lt 20 ]; do /usr/bin/true; i=$((i+1)); done"
    short = await _seen(sandbox, _shell(loop, "true"))
    assert short.programs == ("sh", "true")
    node = (
        "const { execSync } = require('child_process');\n"
        "function run() { return execSync('/bin/true | cat').length; }"
    )
    seen = await _seen(sandbox, replace(javascript(node), limits=MANY, programs=("sh",)))
    assert seen.programs == ("cat", "sh", "true")
    unused = replace(python("def run():\n    return 1"), limits=MANY, programs=("sh",))
    assert await _seen(sandbox, unused) == Seen((), (), (), (), 1)


async def test_a_program_that_is_no_command_is_told_with_its_path(sandbox: Sandbox) -> None:
    source = (
        "import subprocess, sys\ndef run():\n"
        "    return subprocess.run([sys.executable, '-c', '1']).returncode"
    )
    seen = await _seen(sandbox, replace(python(source), limits=MANY, programs=("python3",)))
    assert len(seen.programs or ()) == 1
    assert "python" in str(seen.programs)


async def test_a_start_without_a_name_hides_no_other(sandbox: Sandbox) -> None:
    source = (
        "import ctypes, os\ndef run():\n    libc = ctypes.CDLL(None)\n"
        "    for where in (0, 1, 0x7fffffffffff, 1 << 63): libc.syscall(59, ctypes.c_void_p(where), None, None)\n"
        "    return os.system('true')"
    )
    seen = await _seen(sandbox, replace(python(source), limits=MANY, programs=("sh",)))
    assert seen.programs == ("sh",)


async def test_hosts_are_seen_those_refused_too(bubblewrap: Sandbox) -> None:
    source = (
        "import urllib.request\ndef run():\n    for host in ('granted.invalid', 'other.invalid:81'):\n"
        "        try: urllib.request.urlopen(f'http://{host}/')\n        except OSError: pass"
    )
    seen = await _seen(bubblewrap, replace(python(source), hosts=("granted.invalid:80",)))
    assert seen.hosts == ("granted.invalid:80", "other.invalid:81")


async def test_more_openings_than_the_kernel_keeps_are_not_taken_for_few(tmp_path: Path) -> None:
    most = int(await asyncio.to_thread(Path("/proc/sys/fs/inotify/max_queued_events").read_text))
    opened = Opened(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).touch()
    assert opened.names() == ("a", "b")
    for turn in range(most + 2):
        os.close(os.open(tmp_path / "ab"[turn % 2], os.O_RDONLY))
    assert opened.names() is None
    assert opened.names() == ()
    opened.close()
    opened.close()


async def test_nobody_can_look_into_a_process_that_is_not_there() -> None:
    assert Written((1 << 22) + 1).names() is None


async def test_what_either_saw_is_joined() -> None:
    one = Seen(read=("a",), written=("x",), programs=("sh",), hosts=("h:1",), processes=2)
    two = Seen(read=("b", "a"), written=None, programs=None, hosts=("g:1",), processes=None)
    both = Seen(("a", "b"), ("x",), ("sh",), ("g:1", "h:1"), 2)
    assert one.join(two) == both == two.join(one)


async def test_where_neither_could_look_nothing_is_claimed() -> None:
    blind = Seen(read=None, written=None, programs=None, processes=None)
    assert blind.join(blind) == blind


async def test_names_that_travel_in_messages_are_few() -> None:
    many = Seen(read=tuple(f"{n:04}" for n in range(MOST_NAMES)))
    assert len((many.join(Seen(read=("a", "b"))).read) or ()) == MOST_NAMES


async def test_a_tool_does_not_begin_before_somebody_looks() -> None:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    printed, printed_end = os.pipe()
    exchange = Exchange(ours, printed)
    answer = Answer(b"n" * 16, 1 << 10, 1 << 20)
    carried = asyncio.create_task(exchange.carry(b"the request", answer, QUICK))
    try:
        await asyncio.sleep(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(100, socket.MSG_DONTWAIT)
        theirs.send(b"R")
        async with asyncio.timeout(10):
            await exchange.ready.wait()
        assert exchange.written is not None
        assert theirs.recv(100, socket.MSG_DONTWAIT) == b"the request"
    finally:
        theirs.close()
        os.close(printed_end)
        await asyncio.wait_for(carried, 10)
        exchange.close()


async def test_a_start_of_a_program_that_was_not_granted_fails_and_is_seen(
    sandbox: Sandbox,
) -> None:
    call = _shell("env true")
    ran = await sandbox.run(call)
    assert (ran.value, ran.seen and ran.seen.programs) == (126, ("env", "sh"))
    granted = replace(call, programs=("sh", "env", "true"))
    assert (await sandbox.run(granted)).value == 0
