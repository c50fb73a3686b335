"""One item of the inbox from question to decision: messages in, messages out."""

from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st
from tests.auditor.people import BUILD, ITEM, KEYS, NONE, TASK, approval, draft, question, says

from toolguild.canonical import Digest
from toolguild.messages import Event, ItemId, Message, commands, events
from toolguild.policy import Policy
from toolguild_auditor import inbox
from toolguild_auditor.inbox import Open, Settled, State, Unasked, inbox_process

POLICY = Policy()
WATCHED = POLICY.model_copy(
    update={"webhook": POLICY.webhook.model_copy(update={"url": "https://example.com/x"})}
)


def rules(policy: Policy = POLICY, **changed: object) -> Policy:
    checkpoints = policy.checkpoints.model_copy(update=changed)
    return policy.model_copy(update={"checkpoints": checkpoints})


def after(*events_: Event, policy: Policy = POLICY) -> tuple[State, list[Message]]:
    """The state after these events, and what the last one made it say."""
    process = inbox_process(policy, KEYS)
    state: State = process.start
    said: Sequence[Message] = []
    for event in events_:
        state, said = process.advance(state, event)
    return state, list(said)


def kinds(said: Sequence[Message]) -> list[str]:
    return [str(one.kind) for one in said]


def refusal(said: Sequence[Message]) -> str:
    (only,) = said
    assert isinstance(only, events.DecisionRefused)
    return only.why


def tick(note: str, item: str = ITEM) -> events.TimeCame:
    return events.TimeCame(about_key=item, note=note, after=1)


def test_an_approved_draft_is_told_to_its_build_before_the_decision_is_announced() -> None:
    asked = approval()
    state, said = after(asked, says("approve", asked))

    assert isinstance(state, Settled)
    assert said == [
        events.ApprovalGiven(
            build=BUILD, draft=asked.draft.digest, approved=True, by="ana", reason="because"
        ),
        events.DecisionTaken(
            item=state.item, decision="approve", by="ana", reason="because", id="ana approve"
        ),
    ]


def test_a_rejected_draft_is_told_to_its_build_with_the_reason() -> None:
    asked = approval()
    _, said = after(asked, says("reject", asked, reason="reads too much"))

    told = said[0]
    assert isinstance(told, events.ApprovalGiven)
    assert (told.approved, told.reason) == (False, "reads too much")


def test_an_edit_goes_to_the_build_and_approves_nothing() -> None:
    asked = approval()
    _, said = after(asked, says("edit", asked, source="def f():\n    return 2\n"))

    assert kinds(said) == ["draft-edited", "decision-taken"]
    edited = said[0]
    assert isinstance(edited, events.DraftEdited)
    assert (edited.draft, edited.by) == (asked.draft.digest, "ana")
    assert edited.source.endswith("return 2\n")


@pytest.mark.parametrize("purpose", ["run", "exception"])
def test_a_decision_about_a_run_or_an_exception_is_told_to_the_task(purpose: str) -> None:
    asked = question(purpose)
    _, said = after(asked, says("approve", asked))

    assert said[0] == events.TaskDecided.model_validate(
        {
            "task": TASK,
            "item": ITEM,
            "purpose": purpose,
            "approved": True,
            "by": "ana",
            "reason": "because",
        }
    )


def test_an_audit_that_finds_fault_is_an_incident_of_every_tool_that_took_part() -> None:
    other = Digest("cd" * 32)
    asked = question("audit", blocks=False, tools=(NONE, other))
    _, said = after(asked, says("reject", asked, reason="the sum is wrong"))

    incidents = [one for one in said if isinstance(one, events.IncidentSeen)]
    assert [(one.tool, one.by) for one in incidents] == [(NONE, "ana"), (other, "ana")]
    assert "the sum is wrong" in incidents[0].what
    assert kinds(after(asked, says("approve", asked))[1]) == ["decision-taken"]


def test_the_second_decision_is_refused_and_told_who_won() -> None:
    asked = approval()
    state, said = after(asked, says("approve", asked), says("reject", asked, by="bob"))

    assert isinstance(state, Settled)
    assert state.taken.by == "ana"
    assert refusal(said) == "already approved by ana at 2026-01-01T12:00:00.000+00:00: because"


def test_the_same_decision_sent_twice_counts_once_and_is_not_refused() -> None:
    asked = approval()
    assert after(asked, says("approve", asked), says("approve", asked))[1] == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"signature": None}, "not signed"),
        ({"by": "bob"}, "person:bob"),
        ({"reason": "another"}, "decision over"),
        ({"decision": "reject"}, "decision over"),
    ],
)
def test_a_decision_that_the_person_did_not_sign_as_it_stands_is_refused(
    changed: dict[str, object], why: str
) -> None:
    asked = approval()
    forged = says("approve", asked).model_copy(update=changed)
    state, said = after(asked, forged)

    assert isinstance(state, Open)
    assert why in refusal(said)


def test_a_signature_of_a_service_or_for_another_purpose_is_refused() -> None:
    asked = approval()
    good = says("approve", asked)
    for signature in (
        KEYS.sign("decision", good.signed, by="ana"),
        KEYS.sign("intervention", good.signed, by="person:ana"),
    ):
        _, said = after(asked, good.model_copy(update={"signature": signature}))
        assert kinds(said) == ["decision-refused"]


def test_only_those_whom_the_policy_names_may_decide() -> None:
    asked = approval()
    policy = rules(deciders=("bob",))
    assert "checkpoints.deciders: bob" in refusal(
        after(asked, says("approve", asked), policy=policy)[1]
    )
    assert isinstance(after(asked, says("approve", asked, by="bob"), policy=policy)[0], Settled)


def test_the_author_of_an_edited_draft_cannot_approve_it_but_another_person_can() -> None:
    asked = approval(draft(agent="person:ana"))
    state, said = after(asked, says("approve", asked))
    assert "somebody else" in refusal(said)
    assert isinstance(state, Open)
    assert isinstance(after(asked, says("approve", asked, by="bob"))[0], Settled)
    assert isinstance(after(asked, says("reject", asked))[0], Settled)


def test_the_author_named_by_a_question_cannot_approve_it() -> None:
    asked = question("run", author="person:ana")
    assert "somebody else" in refusal(after(asked, says("approve", asked))[1])


@pytest.mark.parametrize(
    ("decision", "changed", "why"),
    [
        ("approve", {"draft": NONE}, "about draft abababababab, but the item shows"),
        ("approve", {"draft": None}, "does not say which draft"),
        ("reject", {"reason": " "}, "needs a reason"),
        ("edit", {"source": None}, "holds no code"),
        ("edit", {"source": draft().source}, "changes nothing"),
        ("edit", {"source": "x" * 200_001}, "over 200000"),
    ],
)
def test_a_decision_that_makes_no_sense_for_what_is_shown_is_refused(
    decision: str, changed: dict[str, Any], why: str
) -> None:
    asked = approval()
    state, said = after(asked, says(decision, asked, **changed))
    assert why in refusal(said)
    assert isinstance(state, Open)


def test_what_has_no_code_cannot_be_edited_and_a_watched_task_cannot_be_rejected() -> None:
    run, watch = question("run"), question("watch", blocks=False)
    assert "no code" in refusal(after(run, says("edit", run, source="x"))[1])
    assert "toolguild cancel t-1" in refusal(after(watch, says("reject", watch))[1])
    assert kinds(after(watch, says("approve", watch))[1]) == ["decision-taken"]


@pytest.mark.parametrize("on_expiry", ["reject", "approve"])
def test_what_nobody_decides_expires_as_the_policy_says(on_expiry: str) -> None:
    asked = approval()
    item = f"i-{asked.draft.digest[:16]}"
    policy = rules(on_expiry=on_expiry)
    _, said = after(asked, tick("expiry", item), policy=policy)

    told, taken = said
    assert isinstance(told, events.ApprovalGiven)
    assert isinstance(taken, events.DecisionTaken)
    assert (told.approved, told.by) == (on_expiry == "approve", "policy")
    assert (taken.decision, taken.by) == ("expired", "policy")
    late = after(asked, tick("expiry", item), says("approve", asked), policy=policy)[1]
    assert "expired" in refusal(late)


def test_an_audit_that_expires_blames_no_tool() -> None:
    asked = question("audit", blocks=False, tools=(NONE,))
    assert kinds(after(asked, tick("expiry"))[1]) == ["decision-taken"]


def test_a_decided_item_neither_expires_nor_reminds() -> None:
    asked = question()
    for note in ("expiry", "reminder"):
        assert after(asked, says("approve", asked), tick(note))[1] == []


def test_a_question_starts_its_timers_and_each_reminder_the_next_until_it_expires() -> None:
    asked = question()
    policy = rules(WATCHED, remind_seconds=10, expire_seconds=35)
    said = after(asked, policy=policy)[1]
    assert [(one.note, one.after) for one in said if isinstance(one, events.TimeCame)] == [
        ("expiry", 35),
        ("reminder", 10),
    ]
    once = after(asked, tick("reminder"), policy=policy)[1]
    assert kinds(once) == ["notify", "time-came"]
    thrice = after(asked, *[tick("reminder")] * 3, policy=policy)[1]
    assert thrice == [commands.Notify(item=ITEM, ask=asked.ask, reminder=True, number=3)]


def test_without_time_for_a_reminder_there_is_none() -> None:
    policy = rules(remind_seconds=10, expire_seconds=10)
    said = after(question(), policy=policy)[1]
    assert [one.note for one in said if isinstance(one, events.TimeCame)] == ["expiry"]


def test_the_channels_of_an_exception_are_those_of_its_rule() -> None:
    escalation = WATCHED.escalation
    loud = escalation.time.model_copy(update={"channels": ("inbox", "webhook")})
    policy = WATCHED.model_copy(update={"escalation": escalation.model_copy(update={"time": loud})})
    slow = question("exception", rule="escalation.time", blocks=False)
    unsure = question("exception", rule="uncertainty")
    assert "notify" in kinds(after(slow, policy=policy)[1])
    assert "notify" not in kinds(after(unsure, policy=policy)[1])
    nowhere = policy.model_copy(update={"webhook": POLICY.webhook})
    (told,) = [one for one in after(slow, policy=nowhere)[1] if isinstance(one, events.Notified)]
    assert not told.delivered
    assert "webhook.url is not set" in told.detail


def test_what_waits_for_an_answer_is_told_to_the_webhook_and_what_does_not_is_not() -> None:
    assert "notify" in kinds(after(question("run"), policy=WATCHED)[1])
    assert "notify" not in kinds(after(question("watch", blocks=False), policy=WATCHED)[1])
    assert "notify" not in kinds(after(question("run"))[1])


def test_a_notice_that_failed_for_good_is_told_as_not_delivered() -> None:
    failed = events.WorkFailed(about_key=ITEM, of="notify", code="bug", reason="boom")
    (told,) = after(question(), failed)[1]
    assert told == events.Notified(item=ITEM, channel="webhook", delivered=False, detail="boom")


def test_what_is_withdrawn_needs_no_decision_any_more() -> None:
    asked = question()
    gone = events.ItemWithdrawn(item=ITEM, why="the task ended")
    state, said = after(asked, gone)
    assert kinds(said) == ["decision-taken"]
    assert isinstance(state, Settled)
    assert "nobody needs" in refusal(after(asked, gone, says("approve", asked))[1])
    assert isinstance(after(asked, gone, asked)[0], Open), "asked anew, it is open again"


def test_a_question_that_is_repeated_after_its_answer_gets_the_same_answer_again() -> None:
    asked = approval()
    _, first = after(asked, says("approve", asked))
    _, again = after(asked, says("approve", asked), asked)
    assert again == first[:1]
    assert after(asked, asked)[1] == []


def test_what_comes_before_its_question_waits_for_it_in_any_order() -> None:
    asked = approval()
    item = asked.draft.digest[:16]
    gone = events.ItemWithdrawn(item=ItemId(f"i-{item}"), why="over")
    for order in permutations((asked, says("approve", asked), says("reject", asked, by="bob"))):
        process = inbox_process(POLICY, KEYS)
        state: State = process.start
        said: list[Message] = []
        for event in order:
            state, more = process.advance(state, event)
            said += more
        assert kinds(said).count("decision-taken") == 1
        assert kinds(said).count("decision-refused") == 1
    assert isinstance(after(gone, asked)[0], Settled)


def test_times_of_tasks_and_failures_of_other_work_begin_nothing() -> None:
    failed = events.WorkFailed(about_key="t-1", of="run-tool", code="bug", reason="boom")
    for event in (tick("slow", "t-1"), failed):
        assert after(event) == (Unasked(), [])
    assert after(question(), failed.model_copy(update={"about_key": ITEM}))[1] == []


def test_a_question_about_a_draft_is_found_by_its_draft() -> None:
    asked = approval()
    assert inbox.item_of(asked) == f"i-{asked.draft.digest[:16]}"
    assert inbox.item_of(question()) == ITEM


ASKED = approval()
SOME: list[Event] = [
    ASKED,
    *(
        says(decision, ASKED, by=by, source=f"# {by}")
        for by in ("ana", "bob")
        for decision in ("approve", "reject", "edit")
    ),
    says("approve", ASKED, by="eve").model_copy(update={"signature": None}),
    tick("expiry"),
    tick("reminder"),
    events.ItemWithdrawn(item=ITEM, why="over"),
]


@forall(st.lists(st.sampled_from(SOME), max_size=12))
def test_whatever_comes_in_whatever_order_at_most_one_person_decides(order: list[Any]) -> None:
    process = inbox_process(POLICY, KEYS)
    step = partial(process.advance)
    state: State = process.start
    said: list[Message] = []
    for event in order:
        state, more = step(state, event)
        said += more
    taken = [one for one in said if isinstance(one, events.DecisionTaken)]
    assert sum(one.decision != "withdrawn" for one in taken) <= 1
    assert all(one.by != "eve" for one in taken)
    told = {
        (one.kind, getattr(one, "by", ""))
        for one in said
        if isinstance(one, events.ApprovalGiven | events.DraftEdited)
    }
    assert len(told) <= 1


ASKED_AT, DECIDED_AT = "2026-01-01T09:00:00.000+00:00", "2026-01-01T12:00:00.000+00:00"


@pytest.mark.parametrize("decision", ["approve", "reject", "edit"])
def test_those_who_waited_for_a_draft_are_told_from_when_to_when(decision: str) -> None:
    asked = approval().model_copy(update={"asked_at": ASKED_AT})
    source = "def add(a, b):\n    return b + a\n" if decision == "edit" else None
    _, said = after(asked, says(decision, asked, source=source))

    (told,) = [one for one in said if isinstance(one, events.TaskDecided)]
    assert (told.task, told.purpose) == (TASK, "draft")
    assert (told.asked_at, told.decided_at) == (ASKED_AT, DECIDED_AT)
    for given in (one for one in said if isinstance(one, events.ApprovalGiven)):
        assert (given.asked_at, given.decided_at) == (ASKED_AT, DECIDED_AT)


def test_what_expires_has_waited_for_as_long_as_the_policy_lets_it() -> None:
    policy = rules(expire_seconds=3600.0)
    asked = question("exception").model_copy(update={"asked_at": ASKED_AT})
    _, said = after(asked, tick("expiry"), policy=policy)

    (told,) = [one for one in said if isinstance(one, events.TaskDecided)]
    assert (told.asked_at, told.decided_at) == (ASKED_AT, "2026-01-01T10:00:00.000+00:00")
