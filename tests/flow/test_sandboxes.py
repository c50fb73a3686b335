"""The same flow in the other sandbox, with data libraries, and after the guild: exported and run alone."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hall import Hall, open_hall

from toolguild.registry import open_registry
from toolguild.registry.export import export_tool
from toolguild.sandbox.interface import SandboxUnavailable

EXPENSES = "date,category,amount\n2026-01-01,food,2.50\n2026-01-02,rent,700\n2026-01-03,food,3\n"


async def test_a_tool_with_pandas_and_matplotlib_returns_a_value_and_a_plot(
    hall: Hall, tmp_path: Path
) -> None:
    expenses = tmp_path / "expenses.csv"
    expenses.write_text(EXPENSES)
    result, _ = await hall.run("Plot the amounts with matplotlib", expenses)

    assert result.status == "succeeded", result.reason
    assert result.answer == pytest.approx(705.5 / 3)
    assert [(file.name, file.media_type) for file in result.files] == [("amounts.png", "image/png")]
    picture = await hall.artifacts.path(result.files[0])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_guild_without_a_sandbox_does_not_start_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(SandboxUnavailable, match="docker"):
        async with open_hall(tmp_path, sandbox="docker"):
            pytest.fail("it started")
    gc.collect()  # the Docker SDK leaves its socket open when no engine answers: not in another test


@pytest.mark.docker
async def test_the_same_tool_is_made_and_run_in_docker(tmp_path: Path, docker_image: str) -> None:
    async with open_hall(tmp_path, sandbox="docker") as hall:
        result, seen = await hall.run("Slug of the title")

    assert result.status == "succeeded", result.reason
    assert result.answer == "hello-big-world"
    reports = [m.envelope.body for m in seen if m.envelope.body.kind == "draft-tested"]
    assert all("docker" in one.model_dump_json() for one in reports)


async def test_an_exported_tool_runs_and_passes_its_tests_without_toolguild(
    hall: Hall, tmp_path: Path
) -> None:
    result, _ = await hall.run("Slug of the title")
    async with open_registry(hall.bus.js) as registry:
        folder = export_tool(registry.closure(result.made[0].digest), tmp_path / "export")

    blocker = tmp_path / "blocker" / "toolguild"
    blocker.mkdir(parents=True)
    (blocker / "__init__.py").write_text("raise ImportError('an export must not need toolguild')\n")
    paths = os.pathsep.join([str(blocker.parent), str(folder)])
    ended = subprocess.run(  # noqa: ASYNC221  # the guild has nothing to do meanwhile
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
