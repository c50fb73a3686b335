"""Which files have to be startable for a program to run."""

from pathlib import Path

import pytest

from toolguild.sandbox.inside import programs

PATH = "/usr/local/bin:/usr/bin:/bin"


def test_a_program_comes_with_its_loader() -> None:
    found = programs.files(["sh"], PATH)
    assert {"/usr/bin/sh", "/bin/sh"} & set(found)
    assert any("ld-" in one for one in found)


def test_a_script_comes_with_what_it_is_read_by_and_its_loader(tmp_path: Path) -> None:
    script = tmp_path / "greet"
    script.write_text("#!/bin/sh -e\necho hello\n")
    found = programs.files(["greet"], str(tmp_path))
    assert found[:2] == [str(script), "/bin/sh"]
    assert any("ld-" in one for one in found)
    assert programs.files([str(script)], PATH) == found


def test_a_script_that_reads_itself_ends(tmp_path: Path) -> None:
    script = tmp_path / "loop"
    script.write_text(f"#!{tmp_path}/loop\n")
    assert programs.files(["loop"], str(tmp_path)) == [str(script)]


@pytest.mark.parametrize(
    "content", [b"", b"#!", b"#!\n", b"\x7fELF\x02", b"\x7fELF\x02" + b"\xff" * 80]
)
def test_a_broken_file_stands_for_itself_at_most(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(content)
    assert set(programs.files(["odd"], str(tmp_path))) <= {str(tmp_path / "odd")}


def test_names_of_nothing_stand_for_nothing(tmp_path: Path) -> None:
    assert programs.files(["no-such-program", "../x", "a\0b"], str(tmp_path)) == []
