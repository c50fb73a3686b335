"""Judging criteria: by program where that is possible, else by a model, else by nobody."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from scripted_guild import Says, scripted_guild

from toolguild.errors import OutOfBudget, PermanentError, TemporaryError
from toolguild.goal import Criterion, EqualsCheck, Goal
from toolguild.messages import Brief, TaskId
from toolguild.messages.commands import JudgeCriteria
from toolguild.messages.events import CriteriaJudged
from toolguild_planner.criteria import judge_criteria

TASK = TaskId("t-1")


async def judged(
    says: Says, *criteria: Criterion | str, answer: Any = None, **files: bytes
) -> CriteriaJudged:
    guild, _, held = scripted_guild("toolguild_planner", says)
    wanted = tuple(Criterion(text=one) if isinstance(one, str) else one for one in criteria)
    command = JudgeCriteria(
        task=TASK,
        brief=Brief(task=TASK),
        goal=Goal(primary="a goal", success_criteria=wanted),
        answer=answer,
        files=tuple(held.hold(name.replace("_", "."), data) for name, data in files.items()),
    )
    return await judge_criteria(guild, command)


def silent(prompt: str, values: Mapping[str, Any], sample: int) -> str:
    raise AssertionError("no model is needed")


async def test_a_check_is_judged_by_program_and_no_model_is_asked() -> None:
    made = await judged(silent, Criterion(text="it is 3", check=EqualsCheck(value=3)), answer=3)

    (only,) = made.criteria
    assert (only.met, only.judged_by) == (True, "program")
    assert only.evidence == "the answer is 3, expected 3"
    assert made.usage == ()


async def test_a_plain_sentence_with_a_clear_meaning_is_judged_by_program() -> None:
    made = await judged(silent, "the answer has the keys food, rent", answer={"food": 1})

    (only,) = made.criteria
    assert (only.met, only.judged_by) == (False, "program")
    assert "rent" in only.evidence


async def test_files_are_looked_at_by_their_heads() -> None:
    made = await judged(silent, "a file out.csv is written", out_csv=b"a,b\n1,2\n")

    assert made.criteria[0].met is True


async def test_what_no_program_can_check_is_judged_by_a_model_with_evidence() -> None:
    asked: list[Mapping[str, Any]] = []

    def says(prompt: str, values: Mapping[str, Any], sample: int) -> str:
        asked.append(values)
        return json.dumps({"evidence": "the tone is friendly", "met": True})

    made = await judged(says, "the tone is friendly", answer="Dear Anna", note_txt=b"hello\n")

    (only,) = made.criteria
    assert (only.met, only.judged_by, only.evidence) == (True, "model", "the tone is friendly")
    assert made.usage[0].role == "judge"
    assert asked[0]["answer"] == '"Dear Anna"'
    assert asked[0]["files"][0]["name"] == "note.txt"


@pytest.mark.parametrize("error", [PermanentError("no such model"), OutOfBudget("no tokens left")])
async def test_a_model_that_cannot_answer_leaves_the_criterion_open_with_the_reason(
    error: Exception,
) -> None:
    def says(prompt: str, values: Mapping[str, Any], sample: int) -> str:
        raise error

    made = await judged(says, "the tone is friendly", "the answer is 3", answer=3)

    assert [(one.met, one.judged_by) for one in made.criteria] == [
        (None, "nobody"),
        (True, "program"),
    ]
    assert str(error) in made.criteria[0].evidence


async def test_a_model_that_answers_garbage_leaves_the_criterion_open() -> None:
    made = await judged(lambda prompt, values, sample: "well, perhaps", "the tone is friendly")

    assert made.criteria[0].met is None
    assert "no usable answer" in made.criteria[0].evidence


async def test_a_busy_model_is_asked_again_later() -> None:
    def says(prompt: str, values: Mapping[str, Any], sample: int) -> str:
        raise TemporaryError("busy")

    with pytest.raises(TemporaryError):
        await judged(says, "the tone is friendly")


async def test_no_criteria_are_no_verdicts() -> None:
    assert (await judged(silent)).criteria == ()
