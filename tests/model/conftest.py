"""Prompt files of the tests' own, and a brief."""

from collections.abc import Callable
from pathlib import Path

import pytest

from toolguild.messages import Brief, TaskId
from toolguild.model.library import PromptLibrary

PLAN = """---
role: planner
purpose: Break a goal into steps.
---
# System
You plan.
# User
Goal: {{ goal }}
"""
CODE = """---
role: synthesizer
purpose: Write a tool.
---
# System
You write Python.
# User
Write {{ goal }}
"""


@pytest.fixture
def prompt_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "plan.md").write_text(PLAN)
    (folder / "code.md").write_text(CODE)
    return folder


@pytest.fixture
def prompts(prompt_folder: Path) -> PromptLibrary:
    return PromptLibrary.of_directories(prompt_folder)


@pytest.fixture
def brief() -> Brief:
    return Brief(task=TaskId("t-1"))


@pytest.fixture
def write_prompt(prompt_folder: Path) -> Callable[[str, str], Path]:
    """Writes a prompt file of the planner's whose body is given whole."""

    def write(name: str, body: str) -> Path:
        path = prompt_folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nrole: planner\npurpose: test\n---\n{body}")
        return path

    return write
