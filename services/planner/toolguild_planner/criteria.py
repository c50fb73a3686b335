"""JudgeCriteria -> CriteriaJudged: by program wherever a criterion can be checked, else by a model."""

import json

from pydantic import BaseModel, ConfigDict, Field

from toolguild.errors import OutOfBudget, PermanentError, TemporaryError
from toolguild.goal import Criterion, FileHead, Judgement, evaluate, formalise
from toolguild.guild import Guild
from toolguild.messages import CriterionResult, ModelUsage, add_usage
from toolguild.messages.commands import JudgeCriteria
from toolguild.messages.events import CriteriaJudged
from toolguild_planner.preview import preview
from toolguild_planner.shown import line

_HEAD = 65536
_ANSWER = 4000  # characters of the answer that a model sees
_EVIDENCE = 500


class Opinion(BaseModel):
    """What a model thinks of one criterion: first the evidence, then the verdict."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    evidence: str = Field(min_length=1, max_length=4000)
    met: bool


async def judge_criteria(guild: Guild, command: JudgeCriteria) -> CriteriaJudged:
    """Return a verdict with evidence for every criterion, in the order of the goal.

    What no program can check and no model answers stays open: `met` is None and the evidence says why.
    Raises TemporaryError when the model may answer later.
    """
    heads = {
        file.name: FileHead(file.bytes, await guild.artifacts.head(file, _HEAD))
        for file in command.files
    }
    judged: list[CriterionResult] = []
    usage: tuple[ModelUsage, ...] = ()
    for number, criterion in enumerate(command.goal.success_criteria):
        checked = _by_program(criterion, command, heads)
        if checked is not None:
            judged.append(_result(criterion, checked))
            continue
        try:
            opinion, cost = await _by_model(guild, command, number, heads)
        except TemporaryError:
            raise
        except (OutOfBudget, PermanentError) as error:
            why = f"nobody could judge it: {error}"
            judged.append(
                CriterionResult(text=criterion.text, met=None, evidence=why, judged_by="nobody")
            )
            continue
        usage = add_usage(usage, (cost,))
        evidence = line(opinion.evidence, _EVIDENCE)
        judged.append(
            CriterionResult(
                text=criterion.text, met=opinion.met, evidence=evidence, judged_by="model"
            )
        )
    return CriteriaJudged(task=command.task, criteria=tuple(judged), usage=usage)


def _by_program(
    criterion: Criterion, command: JudgeCriteria, heads: dict[str, FileHead]
) -> Judgement | None:
    check = criterion.check or formalise(criterion.text)
    return None if check is None else evaluate(check, command.answer, heads)


def _result(criterion: Criterion, judgement: Judgement) -> CriterionResult:
    return CriterionResult(
        text=criterion.text, met=judgement.met, evidence=judgement.evidence, judged_by="program"
    )


async def _by_model(
    guild: Guild, command: JudgeCriteria, number: int, heads: dict[str, FileHead]
) -> tuple[Opinion, ModelUsage]:
    answer = json.dumps(command.answer, ensure_ascii=False)
    values = {
        "goal": command.goal.primary,
        "criterion": command.goal.success_criteria[number].text,
        "answer": line(answer, _ANSWER),
        "files": [
            {"name": name, "lines": list(preview(name, head.head, head.size).shown)}
            for name, head in heads.items()
        ],
    }
    said = await guild.models.ask(
        "judge",
        "judge",
        values,
        Opinion,
        brief=command.brief,
        key=f"judge:{command.task}:{command.digest}:{number}",
    )
    return said.value, said.usage
