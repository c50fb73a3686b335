"""Control groups of version 2, tried on a tree of plain files, and of whichever version this machine has."""

import subprocess
from pathlib import Path

import pytest

from toolguild.sandbox.cgroup import Group

_FILES = {
    "cgroup.procs": "",
    "memory.current": str(30 << 20),
    "memory.events": "low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\noom_group_kill 0\n",
    "memory.max": "max",
    "memory.swap.max": "max",
    "pids.max": "max",
}


def _make(folder: Path) -> None:
    """Do as mkdir does in a control group file system of version 2."""
    folder.mkdir()
    for name, text in _FILES.items():
        (folder / name).write_text(text)


def _tree(root: Path, *, controls: str = "cpu memory pids") -> Path:
    root.mkdir()
    (root / "cgroup.controllers").write_text("cpu io memory pids")
    (root / "cgroup.subtree_control").write_text(controls)
    return root


def _own(folder: Path, line: str) -> Path:
    (folder / "own").write_text(f"{line}\n")
    return folder / "own"


def _created(root: Path, own: Path) -> Group:
    group = Group.create(root, own, _make)
    assert group is not None
    return group


def test_limits_are_written_on_top_of_what_the_idle_sandbox_uses(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root")
    group = _created(root, _own(tmp_path, "0::/"))
    (folder,) = group.folders
    assert group.unified
    assert folder.parent == root
    group.join([1234567])
    assert (folder / "cgroup.procs").read_text() == "1234567"
    group.allow(memory_mb=100, processes=4)
    assert (folder / "memory.max").read_text() == str((30 + 100 + 96) << 20)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert (folder / "pids.max").read_text() == str(4 + 128)


def test_a_limit_that_holds_already_is_not_written_again(tmp_path: Path) -> None:
    group = _created(_tree(tmp_path / "root"), _own(tmp_path, "0::/"))
    group.allow(memory_mb=100, processes=4)
    (group.folders[0] / "memory.max").write_text("untouched")
    group.allow(memory_mb=100, processes=4)
    assert (group.folders[0] / "memory.max").read_text() == "untouched"


def test_each_kill_for_want_of_memory_is_told_once(tmp_path: Path) -> None:
    group = _created(_tree(tmp_path / "root"), _own(tmp_path, "0::/"))
    events = group.folders[0] / "memory.events"
    assert group.kills() == 0
    events.write_text(_FILES["memory.events"].replace("oom_kill 0", "oom_kill 2"))
    assert group.kills() == 2
    assert group.kills() == 0


def test_a_user_makes_groups_beside_its_own(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root", controls="cpu")
    root.joinpath("cgroup.subtree_control").chmod(0o444)
    (root / "cgroup.subtree_control").unlink()  # as root it could be written all the same
    _tree(root / "app.slice")
    own = _own(tmp_path, "0::/app.slice/guild.service")
    assert _created(root, own).folders[0].parent == root / "app.slice"


def test_controllers_are_asked_for_where_groups_lack_them(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root", controls="")
    assert Group.create(root, _own(tmp_path, "0::/"), _make) is None  # plain files do not obey
    assert (root / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_without_the_right_files_there_is_no_group(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root")
    assert Group.create(root, tmp_path / "none", Path.mkdir) is None


def test_a_group_of_this_machine_holds_processes_and_goes_away() -> None:
    group = Group.create()
    if group is None:
        pytest.skip("this process may make no control groups")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        group.join([sleeper.pid])
        group.allow(memory_mb=64, processes=2)
        held = [(folder / "cgroup.procs").read_text().split() for folder in group.folders]
        sleeper.kill()
    group.remove()
    assert held == [[str(sleeper.pid)]] * len(group.folders)
    assert not any(folder.exists() for folder in group.folders)
