"""Every message has words for people, or is one that only machines care about."""

import pytest
from tests.client import messages as m

from toolguild.canonical import Digest
from toolguild.client.progress import View, fold, follows
from toolguild.client.tell import SILENT, tell
from toolguild.messages import Event, Item, ItemId, TaskId, events
from toolguild.messages.override import (
    Bounds,
    OverrideAnswer,
    OverrideResult,
    OverrideStep,
    OverrideTool,
    OverrideVerdict,
)
from toolguild.screen.flag import Flag

ITEM, TOOL = ItemId("i-1"), Digest("cd" * 32)
ASK = Item(purpose="run", tasks=(m.TASK,), title="adder@1.0", why="level A")


def said(action: str, **what: object) -> events.Intervened:
    base = {"task": m.TASK, "action": action, "by": "ana", "id": action}
    return events.Intervened.model_validate(base | what)


def taken(action: str, outcome: str = "applied") -> events.InterventionTaken:
    base = {"task": m.TASK, "id": action, "action": action, "agent": "planner", "outcome": outcome}
    return events.InterventionTaken.model_validate(base)


HUMAN: list[tuple[Event, str]] = [
    (said("pause", freeze=True), "pause by ana, calls under way stand still"),
    (said("guide", hint="skip the header"), "guide by ana: skip the header"),
    (said("cancel", reason="enough"), "cancel by ana (enough)"),
    (
        said("constrain", bounds=Bounds(usd=0.1, hosts=())),
        "constrain by ana: hosts none, usd 0.1",
    ),
    (
        events.HostAsked.model_validate(
            {"task": m.TASK, "step": "post", "tool": TOOL, "host": "a.example", "port": 443}
            | {"method": "CONNECT", "granted": True}
        ),
        "step post asks a.example:443 (CONNECT)",
    ),
    (
        events.HostAsked.model_validate(
            {"task": m.TASK, "step": "post", "tool": TOOL, "host": "b.example", "port": 80}
            | {"method": "GET", "granted": False, "why": "not granted"}
        ),
        "step post may not ask b.example:80 (GET): not granted",
    ),
    (
        said("override", override=OverrideTool(step="add", tool=TOOL, title="plus@2.0")),
        "override by ana: step add runs plus@2.0",
    ),
    (
        said("override", override=OverrideResult(step="add", value=1)),
        "override by ana: the result of step add",
    ),
    (said("override", override=OverrideAnswer(value=1)), "override by ana: the answer"),
    (
        said("override", override=OverrideStep(step=m.PLAN.steps[0])),
        "override by ana: another step add",
    ),
    (
        said("override", override=OverrideVerdict(build=m.BUILD, draft=TOOL, verdict="allow")),
        "override by ana: allow draft cdcdcdcdcdcd",
    ),
    (taken("pause"), "planner says: pause applied"),
    (
        events.GuidanceTaken(about_key=m.BUILD, task=m.TASK, hints=("h",), of="draft-tool"),
        "the hint stood in the request of draft-tool",
    ),
    (
        events.VerdictOverridden(build=m.BUILD, draft=TOOL, verdict="allow", by="ana"),
        "ana says allow of draft cdcdcdcdcdcd, in place of the review",
    ),
    (events.DecisionAsked(item=ITEM, ask=ASK), "asks a person: adder@1.0: level A"),
    (events.DecisionGiven(item=ITEM, decision="edit", by="ana", id="1"), "ana says edit"),
    (events.DecisionTaken(item=ITEM, decision="approve", by="ana"), "decided by ana: approve"),
    (
        events.DecisionRefused(item=ITEM, id="1", by="eva", why="ana was first"),
        "the decision of eva does not count: ana was first",
    ),
    (events.ItemWithdrawn(item=ITEM, why="it ended"), "no decision is needed any more: it ended"),
    (
        events.TaskDecided(task=m.TASK, item=ITEM, purpose="run", approved=True, by="ana"),
        "ana approved (run)",
    ),
    (
        events.DraftEdited(build=m.BUILD, draft=TOOL, source="", by="ana"),
        "ana wrote another version of draft cdcdcdcdcdcd",
    ),
    (
        events.RunHeld(task=m.TASK, step="add", tool=TOOL, title="adder@1.0", why="level A"),
        "step add waits for a person before it runs adder@1.0: level A",
    ),
    (
        events.Escalated(task=m.TASK, rule="time", why="slow", holds=True, item=ITEM),
        "asks for attention (time): slow; the task waits for the answer",
    ),
    (
        events.Notified(item=ITEM, channel="webhook", delivered=False, detail="503"),
        "webhook could not be told: 503",
    ),
    (
        events.IncidentSeen(tool=TOOL, title="adder@1.0", task=m.TASK, what="forged", by="ana"),
        "an incident of adder@1.0, seen by ana: forged",
    ),
    (
        events.TrustChanged(tool=TOOL, title="adder@1.0", level="A", before="C", why="forged"),
        "adder@1.0 is trusted at level A, before at C: forged",
    ),
    (
        events.TrustRestored(tool=TOOL, title="adder@1.0", level="C", by="ana", reason="mended"),
        "ana trusts adder@1.0 again: mended",
    ),
    (
        events.Alerted(
            tool=TOOL,
            title="adder@1.0",
            task=m.TASK,
            step="add",
            rule="cpu",
            message="60 s",
            action="quarantined",
        ),
        "unusual (cpu): adder@1.0: 60 s; it is quarantined",
    ),
    (
        events.ToolStatusSet(
            tool=TOOL, title="adder@1.0", status="quarantined", reason="60 s", by="monitoring"
        ),
        "adder@1.0 is quarantined, by monitoring: 60 s",
    ),
    (
        events.Halted(target="all", on=True, by="ana", reason="a key has leaked", at="now"),
        "ana halts all: a key has leaked",
    ),
    (
        events.InputFlagged(
            task=m.TASK,
            where="file:notes.txt",
            flags=(
                Flag(rule="injection.override", message="it tells the reader to forget its orders"),
            ),
            action="withheld",
        ),
        "input of file:notes.txt withheld: it tells the reader to forget its orders",
    ),
    (
        events.Revealed(
            task=m.TASK, sealed=TOOL, by="ana", reason="a refund is due", at="2026-11-22T00:00:00Z"
        ),
        "ana opened what was taken out of the result: a refund is due",
    ),
    (
        events.HaltRefused(target="all", by="ana", why="no signature"),
        "the order of ana about all is not followed: no signature",
    ),
    (
        events.RestoreRefused(tool=TOOL, by="ana", why="no signature"),
        "the trust stays as it is: no signature",
    ),
    (
        events.TaskForked(
            task=m.TASK,
            of=TaskId("t-0"),
            at_step="show",
            brief=m.BRIEF,
            goal=m.given().goal,
            plan=m.PLAN,
        ),
        "goes on differently from step show of task t-0",
    ),
    (
        events.TaskPruned(task=m.TASK, status="succeeded", rule="retention.days", removed=3),
        "what is no longer kept was removed (retention.days): 3 messages",
    ),
    (events.TaskUndone(task=m.TASK, bytes=7), "the files that it had stored were removed: 7 bytes"),
]


@pytest.mark.parametrize(("body", "words"), HUMAN, ids=lambda one: getattr(one, "kind", ""))
def test_what_people_do_and_are_asked_is_told(body: Event, words: str) -> None:
    assert tell(body) == words


# Told, and tested in words, beside these.
TOLD = (
    "goal-given plan-made tool-tried tool-wanted tool-ready tool-denied tool-ran criteria-judged task-ended "
    "result-released tool-drafted exam-set draft-reviewed draft-tested tool-published draft-refused "
    "approval-asked approval-given task-waits work-failed dead-letter-requeued dead-letter-discarded"
)


def test_every_event_has_words_or_is_silent_on_purpose() -> None:
    every = {
        one.kind_name()
        for one in vars(events).values()
        if isinstance(one, type) and issubclass(one, Event) and one is not Event
    }
    silent = {one.kind_name() for one in SILENT}
    told = {body.kind for body, _ in HUMAN} | set(TOLD.split())
    assert told & silent == set()
    assert every - told - silent == set()


def folded(*bodies: Event) -> View:
    view = View()
    for body in bodies:
        view = fold(view, m.sent(body))
    return view


def test_a_pause_shows_from_when_it_is_taken_until_the_task_goes_on() -> None:
    assert folded(said("pause")).paused == ""
    assert folded(said("pause"), taken("pause", "refused")).paused == ""
    assert folded(said("pause"), taken("pause")).paused.startswith("by ana")
    assert folded(said("pause"), taken("pause"), taken("resume")).paused == ""


def test_a_question_shows_until_it_is_decided() -> None:
    asked = events.DecisionAsked(item=ITEM, ask=ASK)
    other = events.DecisionAsked(item=ItemId("i-2"), ask=ASK.model_copy(update={"why": "slow"}))
    decided = events.TaskDecided(task=m.TASK, item=ITEM, purpose="run", approved=True, by="ana")
    withdrawn = events.ItemWithdrawn(item=ItemId("i-2"), why="over")
    assert folded(asked).waits == "level A"
    assert folded(asked, other, decided).waits == "slow"
    assert folded(asked, other, decided, withdrawn).waits == ""


def test_a_step_that_a_person_changed_is_marked() -> None:
    view = folded(m.planned(), said("override", override=OverrideResult(step="add", value=1)))
    assert [step.how for step in view.steps] == ["human", "found"]


def test_questions_that_the_task_waits_for_are_followed_and_others_are_not() -> None:
    asked = events.DecisionAsked(item=ITEM, ask=ASK)
    watched = follows(frozenset(), m.TASK, asked)
    assert watched == frozenset((str(ITEM),))
    assert follows(watched, m.TASK, events.ItemWithdrawn(item=ITEM, why="")) == watched
    assert follows(frozenset(), "t-9", asked) is None
    later = ASK.model_copy(update={"blocks": False})
    assert follows(frozenset(), m.TASK, events.DecisionAsked(item=ITEM, ask=later)) is None
