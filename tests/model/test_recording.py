"""Recorded answers: making a recording, playing it, and saying why it does not fit."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from toolguild.budget.ledger import Price
from toolguild.errors import Misconfigured, TemporaryError
from toolguild.guild import Role
from toolguild.messages import Brief
from toolguild.model.library import PromptLibrary
from toolguild.model.memory import memory_models
from toolguild.model.recording import load_recording
from toolguild.model.replay import RecordedModel, RecordingModel
from toolguild.model.scripted import ScriptedModel


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


class Counting(ScriptedModel):
    """Answers with how often it was asked."""

    def __init__(self, start: int = 0) -> None:
        self.asked = start
        super().__init__(self._answer, model="openai/small", price=Price(input=0.001))

    def _answer(self, role: Role, prompt: str, values: Mapping[str, Any], sample: int) -> str:
        self.asked += 1
        return f"x = {self.asked}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "answers.jsonl"


Code = Callable[..., Any]


@pytest.fixture
def code(prompts: PromptLibrary, brief: Brief) -> Code:
    async def ask(provider: Any, goal: str = "g", sample: int = 0, library: Any = prompts) -> Any:
        models = memory_models(provider, library)
        return await models.ask_code(
            "synthesizer", "code", {"goal": goal}, brief=brief, key="k", sample=sample
        )

    return ask


async def test_what_was_recorded_is_played_and_labelled_so(path: Path, code: Code) -> None:
    live = await code(RecordingModel(Counting(), path))
    played = await code(RecordedModel(path))

    assert (live.source, played.source) == ("scripted", "recorded")
    assert played.value == live.value
    assert played.model == "openai/small"
    assert played.usage.input_tokens == live.usage.input_tokens
    assert live.usage.usd > played.usage.usd == 0


async def test_the_first_line_says_where_the_answers_come_from(
    path: Path, code: Code, prompts: PromptLibrary
) -> None:
    await code(RecordingModel(Counting(), path))

    header = json.loads(lines(path)[0])
    assert header["toolguild_recording"] == 1
    assert header["model"] == "openai/small"
    assert header["generator"].startswith("toolguild ")
    assert header["recorded_at"].startswith("20")
    assert header["prompts"] == {"code": prompts.get("code").digest}


async def test_a_request_is_recorded_once(path: Path, code: Code) -> None:
    model = Counting()
    recorder = RecordingModel(model, path)

    first, again, other = await code(recorder), await code(recorder), await code(recorder, sample=1)

    assert (first.value, again.value, other.value) == ("x = 1\n", "x = 1\n", "x = 2\n")
    assert again.source == "recorded"
    assert model.asked == 2
    assert len(load_recording(path).entries) == 2


async def test_many_writers_agree_lose_nothing_and_leave_nothing_behind(
    path: Path, code: Code
) -> None:
    recorders = [RecordingModel(Counting(start=100 * n), path) for n in range(4)]

    answers = await asyncio.gather(
        *(code(recorders[n % 4], goal=f"goal {n // 2}") for n in range(16))
    )

    played = [await code(RecordedModel(path), goal=f"goal {n // 2}") for n in range(16)]
    assert [answer.value for answer in answers] == [answer.value for answer in played]
    assert len({answer.value for answer in answers}) == 8
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_failed_call_records_nothing(path: Path, code: Code) -> None:
    def fail(*_: object) -> str:
        raise TemporaryError("down")

    with pytest.raises(TemporaryError):
        await code(RecordingModel(ScriptedModel(fail), path))

    assert lines(path) == []


async def test_a_miss_shows_the_lines_that_differ(path: Path, code: Code) -> None:
    await code(RecordingModel(Counting(), path), goal="sum\nthe prices")
    await code(RecordingModel(Counting(), path), goal="something else")

    with pytest.raises(Misconfigured) as caught:
        await code(RecordedModel(path), goal="sum\nthe costs")

    text = str(caught.value)
    assert str(path) in text
    assert "prompt 'code' is the same, but not: messages" in text
    assert "-the prices" in text
    assert "+the costs" in text
    assert "something else" not in text
    assert "choose a model" in text


async def test_a_miss_names_the_sample(path: Path, code: Code) -> None:
    await code(RecordingModel(Counting(), path))

    with pytest.raises(Misconfigured, match=r"not: sample\n(?s:.*)-sample: 0\n\+sample: 3"):
        await code(RecordedModel(path), sample=3)


async def test_a_miss_names_the_prompt_that_changed(
    path: Path, code: Code, prompt_folder: Path
) -> None:
    await code(RecordingModel(Counting(), path))
    file = prompt_folder / "code.md"
    file.write_text(file.read_text() + "\nBe brief.")
    changed = PromptLibrary.of_directories(prompt_folder)

    with pytest.raises(Misconfigured, match="prompt file 'code' has changed since"):
        await code(RecordedModel(path), library=changed)
    assert load_recording(path).stale(changed.digests()) == ["code"]


async def test_a_recording_of_unchanged_prompts_is_not_stale(
    path: Path, code: Code, prompts: PromptLibrary
) -> None:
    await code(RecordingModel(Counting(), path))

    assert load_recording(path).stale(prompts.digests()) == []


async def test_recording_again_drops_the_answers_to_an_earlier_wording(
    path: Path, code: Code, prompt_folder: Path
) -> None:
    await code(RecordingModel(Counting(), path))
    (prompt_folder / "code.md").write_text("---\nrole: synthesizer\n---\n# User\nNew")
    changed = PromptLibrary.of_directories(prompt_folder)
    await code(RecordingModel(Counting(), path), library=changed)

    recording = load_recording(path)
    assert len(recording.entries) == 1
    assert recording.stale(changed.digests()) == []


async def test_a_prompt_that_was_never_recorded_is_named(
    path: Path, code: Code, prompts: PromptLibrary, brief: Brief
) -> None:
    await code(RecordingModel(Counting(), path))

    with pytest.raises(
        Misconfigured, match=r"'plan' was never recorded \(recorded prompts: code\)"
    ):
        await memory_models(RecordedModel(path), prompts).ask_code(
            "planner", "plan", {"goal": "g"}, brief=brief, key="k"
        )


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no recording .*gone\.jsonl"):
        RecordedModel(tmp_path / "gone.jsonl")


@pytest.mark.parametrize("data", [b"", b"{}\n", b"hello", b"\xff\xfe\x00", b'{"model": 1}\n'])
def test_a_file_that_is_no_recording_is_refused_and_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)

    for use in (RecordedModel, lambda p: RecordingModel(Counting(), p)):
        with pytest.raises(Misconfigured, match=r"notes\.txt"):
            use(path)
    assert path.read_bytes() == data


async def test_an_edited_question_is_noticed_by_line(path: Path, code: Code) -> None:
    await code(RecordingModel(Counting(), path))
    edit(path, "Write g", "Write h")

    with pytest.raises(Misconfigured, match=r"line 2.* it was edited"):
        RecordedModel(path)
