"""People decide about drafts: approve, edit, and overrule the review. Nobody approves their own code."""

import pytest
from tests.synthesizer.support import (
    ANA,
    BUILD,
    RULES,
    TOOL,
    approval,
    building,
    draft,
    drafted,
    exam_set,
    kinds,
    play,
    published,
    ran_exam,
    refused,
    reviewed,
    wanted,
)

from toolguild.messages import commands, events
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Build, Done

BETTER = "import numpy\n\n\ndef double(x):\n    return 2 * x\n"
WAITING = (wanted(), exam_set(), drafted(1), reviewed(1, verdict="ask"))


def edit(source: str = BETTER, of: str = "one", by: str = "eva") -> events.DraftEdited:
    return events.DraftEdited(build=BUILD, draft=draft(of).digest, source=source, by=by)


def verdict(of: str, what: str, by: str = "eva") -> events.VerdictOverridden:
    return events.VerdictOverridden.model_validate(
        {"build": BUILD, "draft": draft(of).digest, "verdict": what, "by": by, "reason": "I know"}
    )


def edited() -> tuple[Build, commands.ReviewDraft]:
    """Return a build whose draft was edited by eva, with the review that follows."""
    state, _ = play(*WAITING)
    state, said = advance(RULES, state, edit())
    (order,) = said
    assert isinstance(order, commands.ReviewDraft)
    return state, order


def review_of(order: commands.ReviewDraft, what: str) -> events.DraftReviewed:
    told = reviewed(order.attempt, verdict=what)  # type: ignore[arg-type]
    return told.model_copy(update={"draft": order.draft.digest})


def test_an_edited_draft_is_a_new_one_and_goes_through_review_and_exam_like_any_other() -> None:
    state, order = edited()

    assert order.attempt == 2
    assert order.draft.source == BETTER
    assert order.draft.digest != draft("one").digest
    assert order.draft.provenance.agent == "person:eva"
    assert order.approved_by is None
    old = building(state).attempt(1)
    assert old is not None
    assert (old.phase, old.failures[-1]) == ("out", "edited by eva")

    _, said = advance(RULES, state, review_of(order, "allow"))
    assert kinds(said) == ["test-draft"]


def test_who_edited_a_draft_may_not_approve_it_but_somebody_else_may() -> None:
    state, order = edited()
    state, said = advance(RULES, state, review_of(order, "ask"))
    (asked,) = [one for one in said if isinstance(one, events.ApprovalAsked)]
    assert asked.author == "eva"

    for own in ("eva", "person:eva"):
        yes = approval("one", by=own).model_copy(update={"draft": order.draft.digest})
        assert advance(RULES, state, yes) == (state, [])
        allow = verdict("one", "allow", by=own).model_copy(update={"draft": order.draft.digest})
        assert advance(RULES, state, allow) == (state, [])

    _, said = advance(RULES, state, yes.model_copy(update={"by": "max"}))
    assert isinstance(said[0], commands.ReviewDraft)
    assert said[0].approved_by == "max"


def test_the_editor_may_still_take_the_own_version_back() -> None:
    state, order = edited()
    state, _ = advance(RULES, state, review_of(order, "ask"))
    no = approval("one", approved=False).model_copy(update={"draft": order.draft.digest})
    _, said = advance(RULES, state, no)

    assert isinstance(said[-1], commands.DraftTool)


def test_only_a_draft_that_waits_can_be_edited() -> None:
    state, _ = play(wanted(), exam_set(), drafted(1))
    assert advance(RULES, state, edit()) == (state, [])
    state, _ = play(*WAITING)
    assert advance(RULES, state, edit(of="two")) == (state, [])


@pytest.mark.parametrize("source", ["", "  \n", "x" * 200_001])
def test_an_edit_that_can_be_no_draft_ends_the_attempt_with_the_reason(source: str) -> None:
    state, _ = play(*WAITING)
    _, said = advance(RULES, state, edit(source))

    assert isinstance(said[-1], commands.DraftTool)
    assert "characters of code" in said[-1].failures[-1]


def test_an_edit_that_is_no_code_is_for_the_review_to_refuse() -> None:
    state, _ = play(*WAITING)
    _, said = advance(RULES, state, edit("def ("))

    assert kinds(said) == ["review-draft"]


def test_what_people_write_does_not_use_up_the_attempts_of_the_guild() -> None:
    rules = RULES.model_copy(update={"attempts": 2})
    state, _ = play(*WAITING, rules=rules)
    state, said = advance(rules, state, edit())
    (order,) = said
    assert isinstance(order, commands.ReviewDraft)
    _, said = advance(rules, state, review_of(order, "block"))

    assert kinds(said) == ["draft-tool"]


def test_a_person_blocks_a_draft_that_is_under_way() -> None:
    state, _ = play(wanted(), exam_set(), drafted(1), reviewed(1))
    _, said = advance(RULES, state, verdict("one", "block", by="person:eva"))

    assert isinstance(said[-1], commands.DraftTool)
    assert said[-1].failures == ("eva blocked it: I know",)


def test_a_tool_that_was_in_the_reviewers_hands_when_it_was_blocked_starts_with_an_incident() -> (
    None
):
    state, _ = play(wanted(), exam_set(), drafted(1), reviewed(1), ran_exam(1))
    state, _ = advance(RULES, state, verdict("one", "block"))
    state, said = advance(RULES, state, published(1))

    assert isinstance(state, Done)
    assert isinstance(said[0], events.IncidentSeen)
    assert (said[0].tool, said[0].task, said[0].by) == (TOOL, ANA, "eva")
    assert "eva blocked it" in said[0].what
    assert kinds(said)[1:] == ["tool-ready"]


def test_a_person_lets_pass_what_the_review_blocked_and_the_tool_keeps_who() -> None:
    state, _ = play(wanted(), exam_set(), drafted(1), reviewed(1, verdict="block"))
    state, said = advance(RULES, state, verdict("one", "allow"))
    assert isinstance(said[-1], commands.ReviewDraft)
    assert (said[-1].overruled_by, said[-1].approved_by) == ("eva", "eva")

    state, _ = advance(RULES, state, reviewed(1))
    _, said = advance(RULES, state, ran_exam(1))
    assert isinstance(said[0], commands.JudgeTest)
    assert said[0].approved_by == "eva"


def test_a_person_answers_with_a_verdict_what_the_review_asked() -> None:
    state, _ = play(*WAITING)
    _, said = advance(RULES, state, verdict("one", "allow"))

    assert kinds(said) == ["review-draft", "item-withdrawn"]


def test_a_verdict_that_the_policy_does_not_let_count_leaves_the_draft_out_for_good() -> None:
    state, _ = play(wanted(), exam_set(), drafted(1), reviewed(1, verdict="block"))
    state, _ = advance(RULES, state, verdict("one", "allow"))
    state, _ = advance(RULES, state, reviewed(1, verdict="block"))
    old = building(state).attempt(1)
    assert old is not None
    assert old.phase == "out"
    assert advance(RULES, state, verdict("one", "allow")) == (state, [])


def test_what_failed_its_exam_is_not_let_pass_by_a_verdict_about_the_review() -> None:
    state, _ = play(wanted(), exam_set(), drafted(1), reviewed(1), ran_exam(1), refused(1))

    assert advance(RULES, state, verdict("one", "allow")) == (state, [])


def test_the_operators_ceiling_for_those_who_write_code_holds_for_every_task() -> None:
    state, _ = advance(RULES, play()[0], wanted(autonomy="D"), ceiling="A")
    _, said = advance(RULES, state, drafted(1))

    assert isinstance(said[-1], commands.ReviewDraft)
    assert said[-1].person_asked


def test_the_time_that_a_person_takes_for_a_draft_is_not_the_tasks() -> None:
    state, _ = play(wanted(deadline="2026-01-01T10:00:00+00:00"), *WAITING[1:])
    yes = approval("one").model_copy(
        update={"asked_at": "2026-01-01T09:59:00Z", "decided_at": "2026-01-02T09:59:00Z"}
    )
    _, (order,) = advance(RULES, state, yes)

    assert isinstance(order, commands.ReviewDraft)
    assert order.brief.deadline == "2026-01-02T10:00:00.000+00:00"
