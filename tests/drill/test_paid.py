"""Which model calls count as paid twice."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from toolguild.drill import script
from toolguild.drill.paid import ModelCall, call_of, calls_in, paid
from toolguild.drill.strikes import Strike, struck

FIRST = ModelCall("f" * 32, "request", "plan", pid=10, asked=1.0, answered=2.0)
AGAIN = ModelCall("a" * 32, "request", "plan", pid=11, asked=5.0, answered=6.0)
KILLED = Strike(at=2.5, how="kill", service="planner", name="planner", pid=10)


def test_an_answer_in_the_journal_that_is_asked_for_again_is_paid_twice_whoever_died() -> None:
    found = paid([FIRST, AGAIN], {FIRST.call: 2.1}, (KILLED,))
    assert [one.then for one in found.twice] == [AGAIN]
    assert "3.0" not in str(found.twice[0])
    assert "2.90 s before" in str(found.twice[0])


def test_an_answer_that_died_with_its_process_is_rightly_asked_for_again() -> None:
    found = paid([FIRST, AGAIN], {AGAIN.call: 6.1}, (KILLED,))
    assert (found.twice, found.again, found.calls) == ((), (AGAIN,), 2)


def test_an_answer_that_a_living_process_dropped_is_paid_twice() -> None:
    server = Strike(at=2.5, how="kill", service="nats", name="nats", pid=99)
    assert len(paid([FIRST, AGAIN], {AGAIN.call: 6.1}, (server,)).twice) == 1


def test_asking_while_a_living_process_waits_for_the_same_answer_is_paid_twice() -> None:
    waiting = ModelCall("w" * 32, "request", "plan", pid=10, asked=4.9)
    assert len(paid([waiting, AGAIN], {}, ()).twice) == 1


def test_a_process_that_stood_still_may_be_overtaken() -> None:
    cut = Strike(at=0.5, how="cut", service="planner", name="planner", pid=10, until=7.0)
    assert paid([FIRST, AGAIN], {AGAIN.call: 6.1}, (cut,)).twice == ()


def test_a_kill_before_the_first_call_excuses_nothing() -> None:
    early = Strike(at=0.5, how="kill", service="planner", name="planner", pid=10)
    assert len(paid([FIRST, AGAIN], {}, (early,)).twice) == 1


def test_other_requests_are_other_calls() -> None:
    other = ModelCall("b" * 32, "another", "plan", pid=10, asked=5.0, answered=6.0)
    assert paid([FIRST, other], {FIRST.call: 2.1}, ()).twice == ()


def test_a_call_without_its_second_line_was_never_answered() -> None:
    asked = {"call": "c", "request": "r", "prompt": "plan", "pid": 1, "at": 1.0, "is": "asked"}
    answered = {"call": "c", "is": "answered", "pid": 1, "at": 2.0}
    lines = [json.dumps(asked), json.dumps(asked | {"call": "d"}), json.dumps(answered), '{"cu']
    assert [one.answered for one in calls_in(lines)] == [2.0, None]


VALUES: dict[str, Any] = {"goal": "Drill 0000 make 1000: Amber Birch", "tools": []}


async def test_the_script_notes_each_call_and_its_answer_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(script.CALLS, str(tmp_path / "calls"))
    monkeypatch.setattr(script, "SPREAD", 0.0)
    said = await asyncio.gather(*(script.answer("planner", "plan", VALUES, 0) for _ in range(2)))
    calls = calls_in((tmp_path / "calls").read_text().splitlines())
    assert {call_of(text) for text in said} == {one.call for one in calls}
    assert len({one.request for one in calls}) == 1
    assert all(one.answered for one in calls)


def test_what_the_guild_has_learned_meanwhile_makes_no_other_request() -> None:
    first = script.request_of("planner", "plan", VALUES, 0)
    assert script.request_of("planner", "plan", VALUES | {"tools": ["slug_1"]}, 0) == first
    assert script.request_of("planner", "plan", VALUES | {"goal": "another"}, 0) != first
    assert script.request_of("planner", "plan", VALUES, 1) != first


def test_who_is_killed_lives_on_for_a_moment_and_what_it_asked_then_died_with_it() -> None:
    """A kill is dated before it is sent; the process may begin a call in between."""
    first = 2.55  # KILLED is at 2.5

    assert struck((KILLED,), 10, first, 7.0)
    assert not struck((KILLED,), 10, 3.0, 7.0)
