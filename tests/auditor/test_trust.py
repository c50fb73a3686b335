"""What a tool earns by its runs and loses by an incident: messages in, messages out."""

from collections.abc import Sequence

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st
from tests.auditor.people import KEYS, NONE

from toolguild.agent import Process
from toolguild.messages import Event, Message, TaskId, events
from toolguild.policy import Autonomy, Checkpoints, Policy, TrustRules
from toolguild_auditor.trust import LEVELS, Standing, trust_process


def policy(
    start: str = "B", after: int = 4, tasks: int = 2, deciders: tuple[str, ...] = ("*",)
) -> Policy:
    rules = TrustRules.model_validate(
        {"start": start, "raise_after": after, "least_tasks": tasks, "after_incident": "A"}
    )
    return Policy(autonomy=Autonomy(trust=rules), checkpoints=Checkpoints(deciders=deciders))


def process(of: Policy) -> Process[Standing]:
    return trust_process(of, KEYS)


def served(task: int = 1, calls: int = 1, *, verified: bool = True, user: str = "ana") -> Event:
    return events.ToolServed(
        tool=NONE,
        title="adder@1.0",
        task=TaskId(f"t-{task}"),
        user=user,
        calls=calls,
        verified=verified,
    )


INCIDENT = events.IncidentSeen(
    tool=NONE, title="adder@1.0", task=TaskId("t-9"), what="forged an answer", by="executor"
)


def restored(level: str = "B", by: str = "ana", reason: str = "mended") -> events.TrustRestored:
    word = events.TrustRestored.model_validate(
        {"tool": NONE, "level": level, "by": by, "reason": reason}
    )
    return word.model_copy(
        update={"signature": KEYS.sign("decision", word.signed, by=f"person:{by}")}
    )


def after(*happened: Event, of: Policy | None = None) -> tuple[Standing, list[Message]]:
    made = process(of or policy())
    state: Standing = made.start
    said: Sequence[Message] = []
    for event in happened:
        state, said = made.advance(state, event)
    return state, list(said)


def test_enough_verified_runs_from_enough_tasks_raise_the_level_by_one_step() -> None:
    state, said = after(served(1, 2), served(2, 2))

    assert state.level == "C"
    (told,) = said
    assert told == events.TrustChanged(
        tool=NONE,
        title="adder@1.0",
        level="C",
        before="B",
        why="4 verified runs in at least 2 tasks",
    )
    assert (state.verified, state.tasks, state.users) == (4, 2, ("ana",))


def test_many_runs_of_one_task_are_not_enough() -> None:
    assert after(served(1, 1000))[0].level == "B"
    assert after(served(1, 1000), served(1, 1000))[0].level == "B"
    assert after(served(1, 1000), served(2))[0].level == "C"


def test_runs_count_anew_for_each_step_and_none_goes_above_the_highest() -> None:
    up = (served(1, 2), served(2, 2))
    assert after(*up, served(3, 3))[0].level == "C"
    assert after(*up, served(3), served(4))[0].level == "C", "the first step's runs are spent"
    assert after(*up, served(3, 3), served(4))[0].level == "D"
    state, said = after(*up, served(3, 3), served(4), *up)
    assert (state.level, said) == ("D", [])


def test_runs_that_are_not_verified_earn_nothing() -> None:
    state, _ = after(*[served(n, 10, verified=False) for n in range(9)])
    assert (state.level, state.calls, state.verified) == ("B", 90, 0)


def test_one_incident_takes_all_trust_at_once_and_no_run_earns_it_back() -> None:
    state, said = after(served(1, 2), served(2, 2), INCIDENT)
    assert (state.level, state.held, state.incidents) == ("A", True, 1)
    assert isinstance(said[0], events.TrustChanged)
    assert (said[0].before, said[0].level) == ("C", "A")
    assert "forged an answer" in said[0].why
    kept = state.newest_incidents[0]
    assert (kept.what, kept.task, kept.by) == ("forged an answer", "t-9", "executor")

    later, _ = after(INCIDENT, *[served(n, 50) for n in range(20)])
    assert (later.level, later.verified) == ("A", 1000)


def test_an_incident_never_raises_a_level() -> None:
    lenient = TrustRules(start="B", after_incident="C")
    of = Policy(autonomy=Autonomy(trust=lenient))
    assert after(INCIDENT, of=of)[0].level == "B"


def test_a_person_restores_trust_and_runs_count_from_there() -> None:
    state, said = after(served(1, 3), INCIDENT, restored())
    assert (state.level, state.held) == ("B", False)
    assert isinstance(said[0], events.TrustChanged)
    assert "ana said so: mended" in said[0].why
    assert after(INCIDENT, restored(), served(1, 2), served(2, 2))[0].level == "C"
    assert after(served(1, 3), INCIDENT, restored(), served(2, 1))[0].level == "B"


@pytest.mark.parametrize(
    ("word", "of", "why"),
    [
        (restored().model_copy(update={"signature": None}), policy(), "not signed"),
        (restored().model_copy(update={"level": "A"}), policy(), "decision over"),
        (restored().model_copy(update={"by": "bob"}), policy(), "person:bob"),
        (restored(), policy(deciders=("bob",)), "checkpoints.deciders"),
        (restored("C"), policy(), "up to B"),
        (restored(reason=" "), policy(), "for a reason"),
    ],
)
def test_a_word_that_does_not_count_changes_nothing_and_its_sender_is_told(
    word: events.TrustRestored, of: Policy, why: str
) -> None:
    state, said = after(INCIDENT, word, of=of)
    assert (state.level, state.held) == ("A", True)
    (told,) = said
    assert isinstance(told, events.RestoreRefused)
    assert why in told.why


HAPPENS = st.one_of(
    st.builds(served, st.integers(1, 5), st.integers(1, 9), verified=st.booleans()),
    st.just(INCIDENT),
    st.sampled_from(["A", "B"]).map(restored),
)


@forall(st.lists(HAPPENS, max_size=40))
def test_no_level_is_skipped_and_none_is_earned_while_an_incident_stands(
    happened: list[Event],
) -> None:
    made = process(policy())
    state = made.start
    for event in happened:
        before = state
        state, _ = made.advance(state, event)
        if isinstance(event, events.ToolServed):
            assert LEVELS.index(state.level) - LEVELS.index(before.level) in (0, 1)
            if before.held:
                assert state.level == before.level
