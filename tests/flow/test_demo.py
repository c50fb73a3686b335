"""The demo as shipped: recorded answers of a real model, everything else for real."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from toolguild.model.library import PromptLibrary
from toolguild.model.recording import load_recording

DEMO = Path(__file__).parents[2] / "examples" / "demo"


def play(*options: str, folder: Path) -> list[dict[str, object]]:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "toolguild.cli",
            "demo",
            "--json",
            "--output",
            str(folder),
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    tasks: list[dict[str, object]] = json.loads(ended.stdout)["tasks"]
    return tasks


def test_the_recording_is_of_the_prompts_that_ship() -> None:
    """After a change of prompts: record anew, as docs/models.md says."""
    recording = load_recording(DEMO / "recording.jsonl")

    assert recording.stale(PromptLibrary.installed(None).digests()) == []


def test_the_first_task_makes_the_tool_and_the_second_reuses_it(tmp_path: Path) -> None:
    first, second = play(folder=tmp_path / "demo")

    assert (first["status"], second["status"]) == ("succeeded", "succeeded")
    assert first["answer"] == {
        "groceries": 312.75,
        "rent": 2600,
        "health": 1058.5,
        "travel": 229.5,
        "books": 293.25,
    }
    assert first["model"]["source"] == "recorded"  # type: ignore[index]  # JSON
    made, reused = first["tools"]["made"], second["tools"]["reused"]  # type: ignore[index]  # JSON
    assert [tool["digest"] for tool in made] == [tool["digest"] for tool in reused]
    assert second["tools"]["made"] == []  # type: ignore[index]  # JSON
    assert second["model"]["calls"] == 1  # type: ignore[index]  # JSON: the plan, and no code


def test_other_data_give_another_answer(tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(DEMO, changed)
    with (changed / "expenses.csv").open("a") as file:
        file.write("2026-12-30,books,1000.00\n2026-12-31,gifts,5.00\n")
    first, _ = play("--examples", str(changed), folder=tmp_path / "demo")

    answer = first["answer"]
    assert isinstance(answer, dict)
    assert answer["books"] == 1293.25
    assert answer["gifts"] == 5
