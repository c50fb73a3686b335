"""Taking answers out of what models write."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from toolguild.model.reply import Unusable, read_answer, read_code, read_json


class Plan(BaseModel):
    steps: list[str]
    cost: int = 0


@pytest.mark.parametrize(
    "text",
    [
        '{"steps": ["a"], "cost": 1}',
        '  \n{"steps": ["a"], "cost": 1}\n\n',
        '```json\n{"steps": ["a"], "cost": 1}\n```',
        '~~~\n{"steps": ["a"], "cost": 1}\n~~~\n',
        'Sure! Here it is:\n```json\n{"steps": ["a"], "cost": 1}\n```\nHope this helps {really}.',
        'Here is the plan: {"steps": ["a"], "cost": 1} which has one step.',
        'Using {braces} first: {"steps": ["a"], "cost": 1}',
        '{"steps": ["a",], "cost": 1,}',
        '<think>{"steps": ["no"]}</think>\n{"steps": ["a"], "cost": 1}',
        '```json\n{"steps": ["a"], "cost": 1}',  # the fence was never closed
    ],
)
def test_json_is_found_in_what_surrounds_it(text: str) -> None:
    assert read_answer(text, Plan) == Plan(steps=["a"], cost=1)


def test_a_line_break_inside_a_string_is_kept() -> None:
    assert read_json('{"a": "one\ntwo"}') == {"a": "one\ntwo"}


def test_a_comma_inside_a_string_is_not_taken_for_a_trailing_one() -> None:
    assert read_json('{"a": "x,}", "b": [1,]}') == {"a": "x,}", "b": [1]}


@pytest.mark.parametrize(
    "text", ["", "no answer", "{", '{"steps": ["a"', "[" * 100_000, '{"a": NaN}', "true", "7"]
)
def test_what_holds_no_complete_json_is_unusable(text: str) -> None:
    with pytest.raises(Unusable, match="no complete JSON"):
        read_json(text)


def test_an_invalid_answer_is_explained_field_by_field() -> None:
    with pytest.raises(Unusable) as caught:
        read_answer('{"steps": "a", "cost": "much"}', Plan)

    assert [c.split(":")[0] for c in caught.value.complaints] == ["steps", "cost"]
    assert '"much"' in caught.value.complaints[1]


def test_complaints_are_few_and_short() -> None:
    text = json.dumps({"steps": [{"x": "y" * 1000}] * 500})

    with pytest.raises(Unusable) as caught:
        read_answer(text, Plan)

    assert len(caught.value.complaints) == 10
    assert max(map(len, caught.value.complaints)) < 400


CODE = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"```python\n{CODE}```",
        f"```python\n{CODE}\n```\n",
        f"Here is the function you asked for:\n\n```python\n{CODE}```\n\nIt returns x. Usage: `f(1)`",
        f"```\n{CODE}```\nA test:\n```python\nf(1)\n```",
        f"```bash\npip install x\n```\n```python\n{CODE}```",
        f"```python\n{CODE}",  # cut off before the fence was closed
        f"Here is the function you asked for:\n\n{CODE}\nThis function returns its argument.",
        f"<think>def g(): ...</think>\n{CODE}",
        CODE.replace("\n", "\r\n"),
        f"  ```python\n{CODE}  ```",
    ],
)
def test_code_is_freed_of_fences_and_prose(text: str) -> None:
    assert read_code(text) == CODE


@pytest.mark.parametrize(
    "code",
    [
        '"""Reads a file. It returns its lines."""\n\nimport csv\n\nX = 1\n',
        "# A comment that is a sentence.\n\ndef f():\n    pass\n",
        "import os\n\n\nclass A:\n    pass\n",
        "// Adds two numbers.\n\nconst f = (a, b) => a + b;\n",
    ],
)
def test_code_that_looks_a_little_like_prose_is_kept(code: str) -> None:
    assert read_code(code) == code


@pytest.mark.parametrize("text", ["", "   \n", "```python\n```", "<think>hm</think>"])
def test_a_reply_without_code_is_unusable(text: str) -> None:
    with pytest.raises(Unusable, match="no code"):
        read_code(text)


json_objects = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


@given(json_objects, st.booleans())
def test_whatever_json_a_model_writes_comes_back(value: dict[str, object], fenced: bool) -> None:
    text = json.dumps(value)

    assert read_json(f"```json\n{text}\n```" if fenced else text) == value


@given(st.text(alphabet='{}[]",:`~\n ax1\\', max_size=60))
def test_no_reply_breaks_the_reader(text: str) -> None:
    for read in (read_json, read_code):
        with suppress(Unusable):
            assert read(text) is not None
