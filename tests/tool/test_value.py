"""A value is named by what it holds, whoever asked for its name before."""

import copy
import pickle
from typing import Any

from pydantic import JsonValue

from toolguild import canonical
from toolguild.tool import Value


class Note(Value):
    text: str
    about: dict[str, JsonValue] = {}
    parts: tuple["Note | Mark", ...] = ()


class Mark(Value):
    number: int


def test_a_changed_copy_has_a_name_of_its_own() -> None:
    first = Note(text="a")
    assert first.digest == canonical.digest({"about": {}, "parts": [], "text": "a"})
    changed = first.model_copy(update={"text": "b"})
    assert changed.digest == Note(text="b").digest != first.digest


def test_asking_for_the_name_changes_nothing_else() -> None:
    asked = Note(text="a", parts=(Mark(number=1), Note(text="b")))
    fresh = Note(text="a", parts=(Mark(number=1), Note(text="b")))
    before: Any = asked.model_dump_json()
    assert len({asked.digest, *(part.digest for part in asked.parts)}) == 3
    assert asked == fresh
    assert asked.model_dump_json() == before
    assert repr(asked) == repr(fresh)
    for other in (copy.copy(asked), copy.deepcopy(asked), pickle.loads(pickle.dumps(asked))):
        assert other == fresh
        assert other.digest == fresh.digest


def test_it_is_computed_once() -> None:
    about: dict[str, JsonValue] = {"n": 1}
    note = Note(text="a", about=about)
    assert note.digest is note.digest
