"""The life of one effort to make a tool, without a network: messages in, messages out."""

from tests.synthesizer.support import (
    ANA,
    BEN,
    BUILD,
    EXAM,
    LAW,
    RULES,
    SPEC,
    TOOL,
    WRITTEN,
    draft,
    drafted,
    exam_set,
    failed_attempt,
    kinds,
    play,
    published,
    ran_exam,
    refused,
    report,
    reviewed,
    sign,
    wanted,
)

from toolguild.messages import ModelUsage, commands, events
from toolguild.tool import Case, Exam
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Building, Done, GivenUp


def test_author_and_examiner_begin_side_by_side_and_the_tool_goes_all_the_way() -> None:
    state, said = play(wanted(), drafted(1), exam_set(), reviewed(1), ran_exam(1), published())

    assert kinds(said) == [
        "draft-tool",
        "set-exam",
        "review-draft",
        "test-draft",
        "judge-test",
        "tool-ready",
    ]
    assert isinstance(state, Done)
    assert (state.tool, state.made) == (TOOL, True)


def test_nothing_runs_before_review_and_exam_are_both_there() -> None:
    assert "test-draft" not in kinds(play(wanted(), drafted(1), exam_set())[1])
    assert "test-draft" not in kinds(play(wanted(), drafted(1), reviewed(1))[1])
    assert kinds(play(wanted(), drafted(1), reviewed(1), exam_set())[1])[-1] == "test-draft"


def test_two_tasks_that_want_the_same_tool_wait_for_the_same_build() -> None:
    _, said = play(
        wanted(), wanted(BEN), drafted(1), exam_set(), reviewed(1), ran_exam(1), published()
    )

    assert kinds(said).count("draft-tool") == 1
    told = [(m.task, m.made) for m in said if isinstance(m, events.ToolReady)]
    assert told == [(ANA, True), (BEN, False)]


def test_who_comes_when_the_tool_is_there_gets_it_at_once() -> None:
    state, _ = play(wanted(), drafted(1), exam_set(), reviewed(1), ran_exam(1), published())
    _, said = advance(RULES, state, wanted(BEN))

    assert [(m.task, m.made) for m in said if isinstance(m, events.ToolReady)] == [(BEN, False)]


def test_a_tool_that_may_no_longer_run_is_made_anew() -> None:
    state, _ = play(wanted(), drafted(1), exam_set(), reviewed(1), ran_exam(1), published())
    again = wanted(BEN).model_copy(update={"barred": (TOOL,)})
    state, said = advance(RULES, state, again)

    assert isinstance(state, Building)
    assert kinds(said)[-1] == "set-exam"
    assert next(one.attempt for one in said if isinstance(one, commands.DraftTool)) == 2


def test_a_draft_that_fails_a_case_of_a_person_is_repaired_with_what_was_wrong() -> None:
    _, said = play(wanted(), exam_set(), *failed_attempt(1, "one"))

    order = said[-1]
    assert isinstance(order, commands.DraftTool)
    assert order.base == draft("one")
    assert order.failures == ("case 2",)


def test_a_draft_that_only_contradicts_the_examiner_is_followed_by_an_independent_one() -> None:
    _, said = play(wanted(), exam_set(), *failed_attempt(1, "one", (True, False)))

    assert isinstance(said[-1], commands.DraftTool)
    assert said[-1].base is None


def test_two_drafts_that_agree_against_the_examiner_make_the_examiner_look_again() -> None:
    state, said = play(
        wanted(),
        exam_set(),
        *failed_attempt(1, "one", (True, False)),
        *failed_attempt(2, "two", (True, False)),
    )
    order = said[-1]
    assert isinstance(order, commands.SetExam)
    assert (order.disputed, order.answers) == ((WRITTEN,), (4,))

    right = EXAM.model_copy(update={"cases": (LAW, WRITTEN.model_copy(update={"expected": 4}))})
    _, again = advance(RULES, state, exam_set(right))
    assert kinds(again) == ["test-draft", "test-draft"]
    assert all(m.exam == right for m in again if isinstance(m, commands.TestDraft))


def test_one_attempt_is_judged_at_a_time_lest_two_be_published() -> None:
    two = RULES.model_copy(update={"samples": 2})
    begun = (wanted(), exam_set(), drafted(1, "one"), drafted(2, "two"))
    run = (reviewed(1, "one"), reviewed(2, "two"), ran_exam(1, "one"), ran_exam(2, "two"))
    state, said = play(*begun, *run, rules=two)
    assert kinds(said).count("judge-test") == 1

    _, said = advance(two, state, refused(1))
    assert [m.attempt for m in said if isinstance(m, commands.JudgeTest)] == [2]


def test_an_exam_that_notices_too_little_is_strengthened_once_before_the_author_is_asked_again() -> (
    None
):
    weak = refused(1).model_copy(update={"weak_exam": True})
    begun = (wanted(), exam_set(), drafted(1), reviewed(1), ran_exam(1), weak)
    state, said = play(*begun)
    assert isinstance(said[-1], commands.SetExam)
    assert (said[-1].exam, said[-1].more) == (EXAM, 3)

    stronger = EXAM.model_copy(
        update={"cases": (*EXAM.cases, Case(arguments={"x": 9}, expected=18))}
    )
    _, said = advance(RULES, state, exam_set(stronger))
    assert kinds(said) == ["test-draft"]
    _, said = advance(RULES, state, exam_set(EXAM))  # the examiner had nothing to add
    assert kinds(said) == ["draft-tool"]


def test_the_same_code_again_is_not_tested_again() -> None:
    _, said = play(wanted(), exam_set(), *failed_attempt(1, "one"), drafted(2, "one"))

    assert kinds(said).count("review-draft") == 1
    assert isinstance(said[-1], commands.DraftTool)
    assert said[-1].attempt == 3


def test_the_same_code_written_independently_is_a_second_voice_against_the_examiner() -> None:
    other_author = drafted(2, "one").model_copy(
        update={"draft": draft("one").model_copy(update={"description": "by another"})}
    )
    state, _ = play(wanted(), exam_set(), *failed_attempt(1, "one", (True, False)))
    _, said = advance(RULES, state, other_author)

    assert kinds(said) == ["review-draft"]


def test_after_the_last_attempt_every_waiter_is_told_why() -> None:
    state, said = play(
        wanted(),
        wanted(BEN),
        exam_set(),
        *failed_attempt(1, "one"),
        *failed_attempt(2, "two"),
        *failed_attempt(3, "three"),
    )
    told = [(m.task, m.code) for m in said if isinstance(m, events.ToolDenied)]
    assert told == [(ANA, "stuck"), (BEN, "stuck")]
    assert isinstance(state, GivenUp)
    assert state.best is not None


def test_a_task_that_comes_after_a_failed_effort_starts_a_new_one_with_new_samples() -> None:
    one_try = RULES.model_copy(update={"attempts": 1})
    state, _ = play(wanted(), exam_set(), *failed_attempt(1, "one"), rules=one_try)
    again, said = advance(one_try, state, wanted(BEN))

    assert isinstance(again, Building)
    assert [m.attempt for m in said if isinstance(m, commands.DraftTool)] == [2]


def test_a_task_that_wants_again_what_could_not_be_made_is_told_so_at_once() -> None:
    one_try = RULES.model_copy(update={"attempts": 1})
    state, _ = play(wanted(), exam_set(), *failed_attempt(1, "one"), rules=one_try)
    same, said = advance(one_try, state, wanted(ANA))

    assert same == state
    assert [(m.task, m.code) for m in said if isinstance(m, events.ToolDenied)] == [(ANA, "failed")]


def test_code_that_review_blocks_never_runs_and_ends_as_refused() -> None:
    blocked = [
        event for n in (1, 2, 3) for event in (drafted(n, f"v{n}"), reviewed(n, f"v{n}", "block"))
    ]
    _, said = play(wanted(), exam_set(), *blocked)

    assert "test-draft" not in kinds(said)
    assert [m.code for m in said if isinstance(m, events.ToolDenied)] == ["refused"]


def test_code_that_review_blocked_before_counts_as_blocked_when_it_comes_again() -> None:
    blocked = (drafted(1, "v1"), reviewed(1, "v1", "block"))
    _, said = play(wanted(), exam_set(), *blocked, drafted(2, "v1"), drafted(3, "v1"))

    assert kinds(said).count("review-draft") == 1
    assert [m.code for m in said if isinstance(m, events.ToolDenied)] == ["refused"]


def test_an_open_question_waits_for_a_person_and_goes_on_with_their_approval() -> None:
    waiting, said = play(wanted(), exam_set(), drafted(1), reviewed(1, verdict="ask"))
    assert kinds(said)[-2:] == ["approval-asked", "task-waits"]

    yes = events.ApprovalGiven(build=BUILD, draft=draft("one").digest, approved=True, by="eva")
    state, said = advance(RULES, waiting, yes)
    assert isinstance(said[-1], commands.ReviewDraft)
    assert said[-1].approved_by == "eva"
    _, said = advance(RULES, state, reviewed(1))
    assert kinds(said) == ["test-draft"]


def test_an_approval_of_other_code_changes_nothing_and_a_rejection_ends_the_attempt() -> None:
    waiting, _ = play(wanted(), exam_set(), drafted(1), reviewed(1, verdict="ask"))
    other = events.ApprovalGiven(build=BUILD, draft=draft("two").digest, approved=True, by="eva")
    assert advance(RULES, waiting, other) == (waiting, [])

    no = events.ApprovalGiven(
        build=BUILD, draft=draft("one").digest, approved=False, by="eva", reason="too broad"
    )
    _, said = advance(RULES, waiting, no)
    assert isinstance(said[-1], commands.DraftTool)
    assert "eva rejected it: too broad" in said[-1].failures


def test_at_level_a_a_person_is_asked_about_every_draft() -> None:
    _, said = play(wanted(autonomy="A"), drafted(1))

    assert isinstance(said[-1], commands.ReviewDraft)
    assert said[-1].person_asked


def test_rivals_and_the_predecessor_are_run_before_a_twin_is_published() -> None:
    rival = draft("rival")
    found = events.RivalsFound(
        build=BUILD,
        attempt=1,
        rivals=((rival, sign(rival.digest, "clearance")),),
        rival_tools=(TOOL,),
        predecessor=Exam(spec=SPEC.digest, cases=(LAW,)),
    )
    state, said = play(wanted(), exam_set(), drafted(1), reviewed(1), ran_exam(1), found)
    roles = [(m.role, m.draft.source) for m in said if isinstance(m, commands.TestDraft)]
    assert roles == [("candidate", "one"), ("rival", "rival"), ("predecessor", "one")]

    theirs = report("rival", (True, True))
    answer = events.DraftTested(
        build=BUILD, attempt=1, role="rival", report=theirs, signature=sign(theirs.digest, "report")
    )
    state, said = advance(RULES, state, answer)
    assert said == []
    assert found.predecessor is not None
    ours = report("one", (True,), found.predecessor)
    answer = events.DraftTested(
        build=BUILD, attempt=1, role="predecessor", report=ours, signature=answer.signature
    )
    _, said = advance(RULES, state, answer)
    assert isinstance(said[-1], commands.JudgeTest)
    assert (said[-1].rivals, said[-1].compatible) == ({TOOL: True}, True)


def test_a_rival_that_cannot_be_run_counts_as_not_passing() -> None:
    rival = draft("rival")
    found = events.RivalsFound(
        build=BUILD,
        attempt=1,
        rivals=((rival, sign(rival.digest, "clearance")),),
        rival_tools=(TOOL,),
    )
    state, said = play(wanted(), exam_set(), drafted(1), reviewed(1), ran_exam(1), found)
    order = said[-1]
    assert isinstance(order, commands.TestDraft)
    gone = events.WorkFailed(
        about_key=BUILD, of="test-draft", ref=order.ref, code="refused", reason="revoked"
    )
    _, said = advance(RULES, state, gone)

    assert isinstance(said[-1], commands.JudgeTest)
    assert said[-1].rivals == {TOOL: False}


def test_no_exam_means_no_tool() -> None:
    gone = events.WorkFailed(about_key=BUILD, of="set-exam", code="failed", reason="no cases")
    _, said = play(wanted(), drafted(1), reviewed(1), gone)

    assert [m.code for m in said if isinstance(m, events.ToolDenied)] == ["failed"]


def test_a_spent_budget_ends_the_effort_at_once() -> None:
    gone = events.WorkFailed(
        about_key=BUILD, of="draft-tool", ref="1", code="out_of_budget", reason="1 USD"
    )
    _, said = play(wanted(), gone)

    assert [m.code for m in said if isinstance(m, events.ToolDenied)] == ["out_of_budget"]


def test_what_models_cost_is_told_to_the_task_that_pays() -> None:
    usage = (ModelUsage(role="synthesizer", model="m", source="scripted", calls=1),)
    _, said = play(
        wanted(),
        wanted(BEN),
        drafted(1).model_copy(update={"usage": usage}),
        exam_set().model_copy(update={"usage": usage}),
        reviewed(1),
        ran_exam(1),
        published(),
    )
    told = {m.task: m.usage for m in said if isinstance(m, events.ToolReady)}
    assert told[ANA][0].calls == 2
    assert told[BEN] == ()
