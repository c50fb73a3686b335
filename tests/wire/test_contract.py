"""What was ever sent must load today, and what is published must be what the code says."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from toolguild.messages import KINDS, Command, Envelope, Event
from toolguild.messages.contract import asyncapi

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = sorted((HERE / "golden").glob("*.json"))


def test_the_published_contract_is_the_one_in_the_code() -> None:
    """After a change on purpose: python -m toolguild.messages.contract > docs/asyncapi.json"""
    published = json.loads((ROOT / "docs" / "asyncapi.json").read_text())

    assert published == asyncapi()


def test_every_kind_of_our_own_is_a_command_or_an_event_with_a_docstring() -> None:
    for kind in KINDS.values():
        assert issubclass(kind, Command | Event)
        assert kind.__doc__


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_bytes_of_yesterday_load_today_and_say_the_same(path: Path) -> None:
    sent = json.loads(path.read_bytes())
    loaded = Envelope.model_validate_json(path.read_bytes())

    now = json.loads(loaded.model_dump_json())
    assert _within(sent, now), "a field that was sent is lost or changed"


def test_there_is_a_golden_message_of_every_kind_of_the_main_flow() -> None:
    flow = {"goal-given", "make-plan", "plan-made", "tool-wanted", "draft-tool", "tool-drafted"}
    flow |= {"set-exam", "exam-set", "review-draft", "draft-reviewed", "test-draft", "draft-tested"}
    flow |= {"judge-test", "tool-published", "tool-ready", "run-tool", "tool-ran"}
    flow |= {"judge-criteria", "criteria-judged", "task-ended", "filter-result", "result-released"}

    assert flow <= {path.stem for path in GOLDEN}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema_version": 2}, "newer than this service knows"),
        ({"body": {"kind": "no-such-kind"}}, "unknown kind"),
        ({"extra": 1}, "Extra inputs"),
    ],
)
def test_what_this_service_does_not_know_is_refused(
    change: dict[str, object], complaint: str
) -> None:
    sent = json.loads(GOLDEN[0].read_bytes())

    with pytest.raises(ValidationError, match=complaint):
        Envelope.model_validate(sent | change)


def _within(old: object, new: object) -> bool:
    match old, new:
        case dict(), dict():
            return all(name in new and _within(inner, new[name]) for name, inner in old.items())
        case list(), list():
            return len(old) == len(new) and all(map(_within, old, new))
        case _:
            return old == new
