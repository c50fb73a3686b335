"""Whatever happens in whatever order, and however often: what holds of every build at every moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.synthesizer.support import (
    ANA,
    BEN,
    BUILD,
    EXAM,
    RULES,
    TOOL,
    approval,
    crashed,
    draft,
    drafted,
    exam_set,
    failure,
    published,
    ran_exam,
    refused,
    report,
    reviewed,
    sign,
    steered,
    wanted,
)

from toolguild.agent import Record
from toolguild.canonical import Digest
from toolguild.messages import Command, Event, commands, events
from toolguild.tool import Case
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Build, Building, Done, GivenUp, New

numbers = st.integers(1, 5)
sources = st.sampled_from(["one", "two", "three", "edited"])
tasks = st.sampled_from([ANA, BEN])
people = st.sampled_from(["eva", "person:max"])
steps = st.sampled_from(
    ["draft-tool", "set-exam", "review-draft", "test-draft", "judge-test", "no-such"]
)
refs = st.sampled_from(["", "1", "2", "x", "candidate:1:x:y", "rival:1:x:y", "predecessor:1"])
RIVAL = draft("rival")
stronger = EXAM.model_copy(update={"cases": (*EXAM.cases, Case(arguments={"x": 9}, expected=18))})


def rivals_of(n: int) -> events.RivalsFound:
    rivals = ((RIVAL, sign(RIVAL.digest, "clearance")),)
    return events.RivalsFound(build=BUILD, attempt=n, rivals=rivals, rival_tools=(TOOL,))


any_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(wanted, tasks),
    st.builds(drafted, numbers, sources),
    st.builds(reviewed, numbers, sources, st.sampled_from(["allow", "ask", "block"])),
    st.builds(exam_set, st.sampled_from([EXAM, stronger])),
    st.builds(ran_exam, numbers, sources, st.tuples(st.booleans(), st.booleans())),
    st.builds(lambda n, source: crashed(n, source, "bad")[2], numbers, sources),
    st.builds(refused, numbers),
    st.builds(
        lambda n: refused(n).model_copy(update={"weak_exam": True}),
        numbers,
    ),
    st.builds(published, numbers),
    st.builds(lambda n: rivals_of(n), numbers),
    st.builds(approval, sources, st.booleans(), people),
    st.builds(
        lambda source, new, by: events.DraftEdited(
            build=BUILD, draft=draft(source).digest, source=new, by=by
        ),
        sources,
        st.sampled_from(["edited", "", "def ("]),
        people,
    ),
    st.builds(
        lambda source, verdict, by: events.VerdictOverridden(
            build=BUILD, draft=draft(source).digest, verdict=verdict, by=by
        ),
        sources,
        st.sampled_from(["allow", "block"]),
        people,
    ),
    st.builds(
        steered,
        tasks,
        st.sampled_from(["going", "paused", "left"]),
        st.booleans(),
        max_usd=st.sampled_from([None, 0.5]),
    ),
    st.builds(
        failure, steps, refs, st.sampled_from(["failed", "cancelled", "temporary", "out_of_budget"])
    ),
)


@dataclass(frozen=True)
class To:
    """What a worker says to one of the orders that were sent, counted from the newest."""

    order: int
    says: Literal["well", "badly", "back", "doubtful"]


says = st.sampled_from(["well", "well", "badly", "back", "doubtful"])
histories = st.lists(
    st.one_of(st.builds(To, st.integers(0, 3), says), any_event), min_size=10, max_size=40
)


def answer(order: Command, how: str) -> Event:
    """Return a worker's answer to an order."""
    if how == "back":
        return events.PutBack(about_key=BUILD, command=order, order=1)
    match order:
        case commands.DraftTool(attempt=n):
            source = "one" if how == "doubtful" else f"{how} {n}"
            return drafted(n, source)
        case commands.SetExam():
            return exam_set(EXAM if how == "well" else stronger)
        case commands.ReviewDraft(attempt=n, draft=code):
            verdict = {"well": "allow", "badly": "block", "doubtful": "ask"}[how]
            cleared = sign(code.digest, "clearance") if how == "well" else None
            review = reviewed(n, "one", verdict)  # type: ignore[arg-type]
            return review.model_copy(update={"draft": code.digest, "clearance": cleared})
        case commands.TestDraft(attempt=n, draft=code, exam=exam, role=role):
            passed = [how == "well" or case.is_law for case in exam.cases]
            told = report("one", passed, exam).model_copy(update={"draft": code.digest})
            signed = sign(told.digest, "report")
            return events.DraftTested(
                build=BUILD, attempt=n, role=role, report=told, signature=signed
            )
        case commands.JudgeTest(attempt=n, rivals=None) if how == "well":
            return rivals_of(n)
        case commands.JudgeTest(attempt=n):
            return published(n) if how == "well" else refused(n)
    raise AssertionError(order)


class Seen:
    """What went over the wire, for one build."""

    def __init__(self) -> None:
        self.state: Build = New()
        self.sent: list[Command] = []
        self.under_way: list[Command] = []
        self.cleared: set[Digest] = set()
        self.steered: list[events.Steered] = []
        self.asked = self.answered = 0

    def take(self, event: Event) -> None:
        if isinstance(event, events.DraftReviewed) and event.clearance:
            self.cleared.add(event.draft)
        self.asked += isinstance(event, events.ToolWanted)
        self.state, said = advance(RULES, self.state, event)
        orders = [one for one in said if isinstance(one, Command)]
        self.answered += sum(isinstance(one, events.ToolReady | events.ToolDenied) for one in said)
        self.steered += [one for one in said if isinstance(one, events.Steered)]
        for order in orders:
            self.under_way.append(order)
            if isinstance(order, commands.TestDraft) and order.role == "candidate":
                assert order.draft.digest in self.cleared
                assert order.clearance.over == order.draft.digest
        self.sent += orders
        self._holds(orders)

    def hear(self, one: Event | To) -> None:
        if isinstance(one, Event):
            self.take(one)
        elif self.sent:
            order = self.sent[-1 - one.order % len(self.sent)]
            if one.says == "back":
                self.under_way = [other for other in self.under_way if other != order]
            self.take(answer(order, one.says))

    def _holds(self, orders: Sequence[Command]) -> None:
        state = self.state
        assert [one.order for one in self.steered] == sorted(one.order for one in self.steered)
        if not isinstance(state, Building):
            return
        assert not (state.paused and orders), "an order went out while nobody goes on"
        assert not (state.held and not state.paused), "an order is held though somebody goes on"
        assert len(state.tried) <= RULES.attempts
        assert state.active or state.looking_again, "nothing goes on, and it has not ended"
        at_work = [one for one in state.attempts if one.phase in ("judging", "comparing")]
        assert len(at_work) <= 1, "two could be published"
        if self.steered and self.steered[-1].state != "ended":
            assert (self.steered[-1].state == "paused") == state.paused
        self._no_order_is_lost(state)

    def _no_order_is_lost(self, state: Building) -> None:
        kinds = {"drafting": "draft-tool", "reviewing": "review-draft", "judging": "judge-test"}
        there = {(one.kind, one.ref) for one in (*self.under_way, *state.held)}
        for attempt in state.attempts:
            if attempt.phase in kinds:
                assert (kinds[attempt.phase], str(attempt.number)) in there
            elif attempt.phase == "testing":
                assert any(
                    kind == "test-draft" and ref.startswith(f"candidate:{attempt.number}:")
                    for kind, ref in there
                )


OVERRULED = events.VerdictOverridden(
    build=BUILD, draft=draft("one").digest, verdict="allow", by="eva"
)
PUT_BACK_LATE = [
    *(To(1, "back"), To(0, "doubtful"), wanted(), wanted(), wanted()),
    *(To(0, "badly"), wanted(), wanted(), OVERRULED, To(2, "back")),
]


@settings(max_examples=300, deadline=None)
@given(histories)
@example(PUT_BACK_LATE)
def test_nothing_runs_uncleared_nothing_goes_out_while_paused_and_no_order_is_lost(
    history: Sequence[Event | To],
) -> None:
    seen = Seen()
    for event in (wanted(), *history):
        seen.hear(event)

    assert seen.answered <= seen.asked, "a task was told the end twice"
    record = Record[Build](state=seen.state)
    assert Record[Build].model_validate_json(record.model_dump_json()) == record


@settings(max_examples=60, deadline=None)
@given(histories)
def test_once_everybody_has_left_it_ends_for_good_and_workers_are_told(
    history: Sequence[Event | To],
) -> None:
    seen = Seen()
    for event in (wanted(), *history):
        seen.hear(event)
    was_building = isinstance(seen.state, Building)
    for task in (ANA, BEN):
        seen.take(steered(task, "left"))

    assert isinstance(seen.state, GivenUp | Done)
    if was_building:
        assert isinstance(seen.state, GivenUp)
        assert (seen.state.code, seen.state.best) == ("cancelled", None)
        assert seen.steered[-1].state == "ended"
        orders = len(seen.sent)
        for late in (drafted(1), exam_set(), reviewed(1), refused(1), failure("draft-tool")):
            seen.take(late)
        assert len(seen.sent) == orders
