"""Running `toolguild` as a person does, with data of its own: in this process, or in one of its own."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolguild.cli import main

HERE = Path(__file__).parent
SUPPORT = HERE.parent / "support"
WITHIN = 100.0  # seconds for one command on a machine with much else to do


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
    """A folder to work in, which is the current one, and commands over a scripted guild."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Ended:
        """Run a command in this process."""
        self.capsys.readouterr()
        code = main(arguments)
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        return Ended(code, said.out, said.err)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own; the caller waits for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "toolguild.cli", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A shell whose guild is scripted and keeps its data below the test's own directory."""
    for name in [name for name in os.environ if name.startswith("TOOLGUILD_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(SUPPORT))
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(SUPPORT), str(HERE))))
    monkeypatch.setenv("TOOLGUILD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TOOLGUILD_MODEL", "scripted:cli_script:answer")
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield Shell(folder, capsys)
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
