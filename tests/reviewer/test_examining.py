"""The examiner writes from the spec alone; examples and regressions are law; disputes are ruled on record."""

from pathlib import Path
from typing import Any

import pytest
from tests.executor.support import BRIEF, BUILD, Scripted, guild

from toolguild.capability import Capabilities
from toolguild.errors import PermanentError
from toolguild.messages.commands import SetExam
from toolguild.policy import ExamRules, Policy
from toolguild.registry import MemoryRegistry
from toolguild.testing import samples
from toolguild.tool import Case, Exam, Example, Property, ToolSpec
from toolguild_reviewer.examining import set_exam
from toolguild_reviewer.written import answer_schema, bounded

ROWS = [{"a": 1}, {"a": 2}]
GOOD = {"arguments": {"rows": ROWS, "column": "a"}, "expected": 3}
EMPTY = {"arguments": {"rows": [], "column": "a"}, "expected": 0}
REPEATS = {"arguments": {"rows": samples.ROWS, "column": "price"}, "expected": 7}
INVALID = {"arguments": {"rows": "none", "column": "a"}, "expected": 3}
SUM = {"reasoning": "a sum", "expected": 11}
NO_ANSWER = {"arguments": {"rows": [], "column": "b"}, "expected": "zero"}


def wanted(**changes: Any) -> SetExam:
    base: dict[str, Any] = {"build": BUILD, "brief": BRIEF, "spec": samples.spec()}
    return SetExam(**(base | changes))


LENIENT = Policy.default().model_copy(update={"exam": ExamRules(min_cases=1)})
STRICT = Policy.default()


async def exam_of(folder: Path, models: Scripted, command: SetExam, **changes: Any) -> Exam:
    changes = {"policy": LENIENT} | changes
    return (await set_exam(guild("reviewer", folder, models=models, **changes), command)).exam


async def test_the_examples_are_law_and_written_cases_join_them(tmp_path: Path) -> None:
    written = {"cases": [GOOD, EMPTY], "properties": [{"kind": "order_free", "argument": "rows"}]}
    models = Scripted(examine=[written])
    exam = await exam_of(tmp_path, models, wanted())
    assert [(case.origin, case.expected) for case in exam.cases] == [
        ("spec", 5),
        ("examiner", 3),
        ("examiner", 0),
    ]
    assert exam.properties == (Property(kind="order_free", argument="rows"),)
    assert exam.spec == samples.spec().digest
    assert exam.generated == 20
    assert len(models.asked) == 1


async def test_the_prompt_shows_the_spec_and_asks_for_json(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [GOOD, EMPTY]}])
    await exam_of(tmp_path, models, wanted())
    ((_, text),) = models.asked
    assert samples.spec().purpose in text
    assert '"price"' in text
    assert "def sum_column" not in text


async def test_for_a_tool_with_hosts_a_case_declares_what_they_answer(tmp_path: Path) -> None:
    declared = [{"name": "guild.responses.json", "text": "[]"}]
    cases = [GOOD | {"files": declared}, EMPTY | {"files": declared}]
    granting = Capabilities(hosts=("api.example.com:443",))
    command = wanted(spec=samples.spec(capabilities=granting))
    models = Scripted(examine=[{"cases": cases}])
    exam = await exam_of(tmp_path, models, command)
    ((_, text),) = models.asked
    assert "a file guild.responses.json: a JSON list of what api.example.com:443 answers" in text
    assert [one.files for one in exam.cases[1:]] == [{"guild.responses.json": "[]"}] * 2

    def files_of(spec: ToolSpec) -> object:
        return answer_schema(spec, 3)["properties"]["cases"]["items"]["properties"].get("files")

    assert files_of(samples.spec()) is None
    assert files_of(command.spec) is not None


async def test_a_written_case_that_repeats_an_example_adds_nothing(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [REPEATS, GOOD, EMPTY]}])
    exam = await exam_of(tmp_path, models, wanted())
    assert [case.expected for case in exam.cases] == [5, 3, 0]


async def test_invalid_cases_are_complained_about_and_asked_again(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [GOOD, INVALID, NO_ANSWER]}, {"cases": [GOOD, EMPTY]}])
    exam = await exam_of(tmp_path, models, wanted())
    assert [case.expected for case in exam.cases] == [5, 3, 0]
    assert any("case 2: arguments at /rows" in one for one in models.complaints)
    assert any("case 3: expected" in one for one in models.complaints)


async def test_what_is_right_in_an_answer_counts_when_the_rest_stays_wrong(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [GOOD, EMPTY, INVALID]}])
    exam = await exam_of(tmp_path, models, wanted())
    assert [case.expected for case in exam.cases] == [5, 3, 0]


async def test_without_a_usable_answer_the_examples_stand_alone_if_they_are_enough(
    tmp_path: Path,
) -> None:
    models = Scripted(examine=[{"cases": "garbage"}])
    exam = await exam_of(tmp_path, models, wanted())
    assert [case.origin for case in exam.cases] == ["spec"]
    with pytest.raises(PermanentError, match=r"1 usable cases, and the policy asks for 3"):
        await exam_of(tmp_path, models, wanted(), policy=STRICT)


async def test_where_a_model_only_repeats_the_example_it_answers_inputs_made_by_program(
    tmp_path: Path,
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    spec = samples.spec(input_schema=schema, examples=(Example(arguments={"n": 1}, expected=5),))
    answers = [{"reasoning": "a sum", "expected": number} for number in (11, 12, 13)]
    repeats = {"arguments": {"n": 1}, "expected": 7}
    models = Scripted(examine=[{"cases": [repeats]}], reconsider=answers)
    exam = await exam_of(tmp_path, models, wanted(spec=spec), policy=STRICT)
    assert [(case.origin, case.expected) for case in exam.cases] == [
        ("spec", 5),
        ("examiner", 11),
        ("examiner", 12),
        ("examiner", 13),
    ]
    assert len({Case(arguments=one.arguments).digest for one in exam.cases}) == 4
    assert [prompt for prompt, _ in models.asked] == ["examine", *["reconsider"] * 3]


async def test_without_a_single_case_there_is_no_exam(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": []}])
    with pytest.raises(PermanentError, match="add an example"):
        await exam_of(tmp_path, models, wanted(spec=samples.spec(examples=())))


async def test_a_case_with_a_file_needs_its_text(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string", "format": "path"}},
        "required": ["path"],
    }
    example = Example(arguments={"path": "/data/a.csv"}, files={"a.csv": "x\n1\n"}, expected=1)
    spec = samples.spec(input_schema=schema, examples=(example,))
    file = {"name": "b.csv", "text": "x\n2\n"}
    right = {"arguments": {"path": "/data/b.csv"}, "files": [file], "expected": 2}
    lacks = {"arguments": {"path": "/data/c.csv"}, "files": [], "expected": 2}
    models = Scripted(examine=[{"cases": [lacks]}, {"cases": [right]}])
    exam = await exam_of(tmp_path, models, wanted(spec=spec))
    assert exam.cases[1].files == {"b.csv": "x\n2\n"}
    assert any("has no such file" in one for one in models.complaints)


async def test_properties_of_the_wrong_type_or_against_the_examples_are_left_out(
    tmp_path: Path,
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "path": {"type": "string", "format": "path"},
            "xs": {"type": "array"},
            "n": {"type": "integer"},
        },
    }
    example = Example(arguments={"xs": [3, 1, 1]}, expected=[3, 1])
    spec = samples.spec(input_schema=schema, output_schema={"type": "array"}, examples=(example,))
    properties = [
        {"kind": "same_length", "argument": "path"},
        {"kind": "same_length", "argument": "xs"},
        {"kind": "sorted", "argument": None},
        {"kind": "idempotent", "argument": "n"},
        {"kind": "no_duplicates", "argument": None},
        {"kind": "subset", "argument": "xs"},
        {"kind": "idempotent", "argument": "xs"},
    ]
    case = {"arguments": {"xs": [2]}, "expected": [2]}
    models = Scripted(examine=[{"cases": [case], "properties": properties}])
    exam = await exam_of(tmp_path, models, wanted(spec=spec))
    assert [one.kind for one in exam.properties] == ["no_duplicates", "subset", "idempotent"]


async def test_properties_about_unknown_arguments_are_left_out(tmp_path: Path) -> None:
    properties = [
        {"kind": "order_free", "argument": "nobody"},
        {"kind": "subset", "argument": None},
        {"kind": "deterministic", "argument": "rows"},
    ]
    models = Scripted(examine=[{"cases": [GOOD, EMPTY], "properties": properties}])
    exam = await exam_of(tmp_path, models, wanted())
    assert exam.properties == (Property(kind="deterministic"),)


async def test_a_repair_keeps_its_parents_exam_and_adds_the_regression(tmp_path: Path) -> None:
    registry = MemoryRegistry()
    parent = samples.tool()
    await registry.publish(parent, samples.published(parent).publication)
    regression = Case(arguments={"rows": [{}], "column": "a"}, origin="regression", only_runs=True)
    models = Scripted()
    command = wanted(parent=parent.digest, regressions=(regression,))
    exam = await exam_of(tmp_path, models, command, registry=registry)
    assert regression in exam.cases
    assert {case.digest for case in parent.exam.cases} <= {case.digest for case in exam.cases}
    assert models.asked == []


def dispute(*disputed: Case | Property, answers: tuple[Any, ...], **changes: Any) -> SetExam:
    exam = samples.exam(properties=(Property(kind="sorted"),))
    return wanted(exam=exam, disputed=disputed, answers=answers, **changes)


TAX = samples.exam().cases[1]


@pytest.mark.parametrize(
    ("second", "decision", "expected"),
    [(2, "kept", [5, 2, 0]), (9, "corrected", [5, 9, 0]), (4, "set_aside", [5, 0])],
)
async def test_a_disputed_case_is_ruled_by_a_fresh_look(
    tmp_path: Path, second: int, decision: str, expected: list[int]
) -> None:
    models = Scripted(reconsider=[{"expected": second}], examine=[{"cases": []}])
    exam = await exam_of(tmp_path, models, dispute(TAX, answers=(9,)))
    assert [case.expected for case in exam.cases] == expected
    (ruling,) = exam.rulings
    assert (ruling.subject, ruling.decision) == (TAX.digest, decision)
    assert '"tax"' in ruling.why


async def test_the_fresh_look_sees_neither_the_first_answer_nor_the_drafts(tmp_path: Path) -> None:
    case = Case(arguments={"rows": ROWS, "column": "a"}, expected=77771)
    models = Scripted(reconsider=[{"expected": 77772}])
    exam = samples.exam(cases=(*samples.exam().cases, case))
    command = wanted(exam=exam, disputed=(case,), answers=(77772,))
    await exam_of(tmp_path, models, command)
    ((prompt, text),) = models.asked
    assert prompt == "reconsider"
    assert "7777" not in text


async def test_a_disputed_property_that_the_examiner_doubts_is_set_aside(tmp_path: Path) -> None:
    models = Scripted(doubt=[{"holds": False}])
    exam = await exam_of(tmp_path, models, dispute(Property(kind="sorted"), answers=(None,)))
    assert exam.properties == ()
    assert exam.rulings[0].decision == "set_aside"


async def test_what_was_set_aside_is_filled_up_but_never_with_itself(tmp_path: Path) -> None:
    again = {"arguments": TAX.arguments, "expected": TAX.expected}
    models = Scripted(reconsider=[{"expected": 4}], examine=[{"cases": [again, GOOD]}])
    exam = await exam_of(tmp_path, models, dispute(TAX, answers=(9,)), policy=STRICT)
    assert [case.expected for case in exam.cases] == [5, 0, 3]


async def test_an_exam_that_notices_too_little_gets_more_cases(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [GOOD, EMPTY]}])
    before = samples.exam(cases=(Case(arguments=REPEATS["arguments"], expected=5, origin="spec"),))
    exam = await exam_of(tmp_path, models, wanted(exam=before, more=3))
    assert [case.expected for case in exam.cases] == [5, 3, 0]


async def test_an_exam_of_which_nothing_stands_is_no_exam(tmp_path: Path) -> None:
    one = Case(arguments={"rows": ROWS, "column": "a"}, expected=4)
    models = Scripted(reconsider=[{"expected": 5}], examine=[{"cases": []}])
    command = wanted(exam=samples.exam(cases=(one,)), disputed=(one,), answers=(3,))
    with pytest.raises(PermanentError, match="no case"):
        await exam_of(tmp_path, models, command)


async def test_the_policy_says_how_many_cases_are_asked_for(tmp_path: Path) -> None:
    policy = Policy.default().model_copy(update={"exam": ExamRules(min_cases=4)})
    models = Scripted(examine=[{"cases": [GOOD]}, {"cases": [EMPTY]}], reconsider=[SUM])
    exam = await exam_of(tmp_path, models, wanted(), policy=policy)
    assert len(exam.cases) == 5


def test_what_the_model_may_write_has_an_end() -> None:
    schema: Any = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "mode": {"type": "string", "enum": ["a" * 300]},
            "long": {"type": "string", "minLength": 500},
            "type": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        },
    }
    made = bounded(schema)["properties"]
    assert made["text"]["maxLength"] == 200
    assert made["mode"] == schema["properties"]["mode"]
    assert made["long"]["maxLength"] == 500
    assert made["type"]["maxItems"] == 8
    assert made["type"]["items"]["maxLength"] == 3


WRITES: Any = {"type": "string", "format": "path"}


async def test_a_tool_that_writes_a_file_is_examined_by_the_files_text(tmp_path: Path) -> None:
    spec = samples.spec(output_schema=WRITES, examples=())
    text = {"arguments": GOOD["arguments"], "text": "a\n3\n"}
    drawing = {"arguments": EMPTY["arguments"], "text": None}
    models = Scripted(examine=[{"cases": [text, drawing]}])
    first, second = (await exam_of(tmp_path, models, wanted(spec=spec))).cases
    assert (first.expected_files, first.only_runs) == ({"*": "a\n3\n"}, False)
    assert (second.expected_files, second.only_runs) == ({}, True)
    assert '"text": "..."' in models.asked[0][1]


async def test_a_case_without_an_answer_is_no_case(tmp_path: Path) -> None:
    models = Scripted(examine=[{"cases": [{"arguments": GOOD["arguments"]}]}, {"cases": [GOOD]}])
    exam = await exam_of(tmp_path, models, wanted())
    assert [case.expected for case in exam.cases] == [5, 3]
    assert "case 1: expected is missing" in models.complaints


async def test_whole_files_get_no_second_look(tmp_path: Path) -> None:
    case = Case(arguments={"rows": ROWS, "column": "a"}, expected_files={"*": "3"})
    models = Scripted(examine=[{"cases": []}])
    exam = samples.exam(cases=(*samples.exam().cases, case))
    settled = await exam_of(
        tmp_path, models, wanted(exam=exam, disputed=(case,), answers=("/output/a",))
    )
    assert settled.rulings[0].decision == "set_aside"
    assert models.asked == []


async def test_a_tool_that_writes_a_file_must_at_least_run_on_inputs_made_by_program(
    tmp_path: Path,
) -> None:
    numbers: Any = {
        "type": "object",
        "properties": {"xs": {"type": "array", "items": {"type": "integer"}}},
        "required": ["xs"],
    }
    example = Example(arguments={"xs": [1]}, expected_files={"a.csv": "1"})
    spec = samples.spec(input_schema=numbers, output_schema=WRITES, examples=(example,))
    properties = [{"kind": "no_duplicates"}, {"kind": "deterministic"}]
    models = Scripted(examine=[{"cases": [], "properties": properties}])
    policy = Policy.default().model_copy(update={"exam": ExamRules(min_cases=3)})
    exam = await exam_of(tmp_path, models, wanted(spec=spec), policy=policy)
    assert [case.only_runs for case in exam.cases] == [False, True, True, True]
    assert exam.properties == ()
    assert [prompt for prompt, _ in models.asked] == ["examine"]
