"""Running `toolguild` as a person does: in a process of its own, with data of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SUPPORT = HERE.parent / "support"
WITHIN = 90.0  # seconds for one command


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A folder to work in and the environment of commands."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command; the caller waits for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "toolguild.cli", *arguments],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **variables: str) -> Ended:
        """Run a command to its end."""
        with self.start(*arguments, **variables) as process:
            try:
                out, err = process.communicate(timeout=WITHIN)
            finally:
                process.kill()
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell whose guild is scripted and keeps its data below the test's own directory."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    folder = tmp_path / "work"
    folder.mkdir()
    shell = Shell(
        folder,
        {
            **kept,
            "TOOLGUILD_DATA_DIR": str(tmp_path / "data"),
            "TOOLGUILD_MODEL": "scripted:cli_script:answer",
            "PYTHONPATH": os.pathsep.join((str(SUPPORT), str(HERE))),
        },
    )
    yield shell
    shell.run("down")
