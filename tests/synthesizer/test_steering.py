"""Tasks that wait for a tool pause, go on, leave and narrow their bounds: what the build makes of it."""

from typing import Any

from tests.synthesizer.support import (
    ANA,
    BEN,
    BUILD,
    RULES,
    building,
    draft,
    drafted,
    exam_set,
    failure,
    kinds,
    play,
    published,
    ran_exam,
    reviewed,
    steered,
    wanted,
)

from toolguild.capability import Limits
from toolguild.messages import Hint, ModelUsage, commands, events
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Done, GivenUp


def said_to_workers(said: Any) -> list[tuple[str, bool]]:
    return [(one.state, one.freeze) for one in said if isinstance(one, events.Steered)]


def test_it_pauses_when_all_who_wait_do_and_goes_on_with_the_first_of_them() -> None:
    state, _ = play(wanted(), wanted(BEN))
    state, said = advance(RULES, state, steered(ANA, "paused", freeze=True))
    assert "paused" not in [how for how, _ in said_to_workers(said)]

    state, said = advance(RULES, state, steered(BEN, "paused", freeze=True))
    assert said_to_workers(said) == [("paused", True)]

    state, said = advance(RULES, state, steered(BEN, "going"))
    assert said_to_workers(said) == [("going", False)]


def test_calls_freeze_only_if_all_who_wait_want_that() -> None:
    state, _ = play(wanted(), wanted(BEN), steered(ANA, "paused", freeze=True))
    _, said = advance(RULES, state, steered(BEN, "paused", freeze=False))

    assert said_to_workers(said) == [("paused", False)]


def test_while_paused_events_are_taken_in_but_orders_go_out_only_on_resume_with_the_new_brief() -> (
    None
):
    state, _ = play(wanted(), steered(ANA, "paused"))
    for event in (drafted(1), exam_set()):
        state, said = advance(RULES, state, event)
        assert kinds(said) == []

    hint = Hint(id="h", by="eva", text="round half up")
    later = "2030-01-01T00:00:00+00:00"
    state, said = advance(RULES, state, steered(ANA, "going", hints=(hint,), deadline=later))
    assert kinds(said) == ["steered", "review-draft"]
    assert isinstance(said[0], events.Steered)
    assert said[0].deadline == later
    assert isinstance(said[1], commands.ReviewDraft)
    assert (said[1].brief.hints, said[1].brief.deadline) == ((hint,), later)


def test_an_order_that_a_worker_put_back_is_given_again_when_the_pause_is_over() -> None:
    state, said = play(wanted(), steered(ANA, "paused"))
    (order,) = [one for one in said if isinstance(one, commands.DraftTool)]
    back = events.PutBack(about_key=BUILD, command=order, order=1)
    for _ in range(2):  # two replicas may say so
        state, said = advance(RULES, state, back)
        assert said == []
    _, said = advance(RULES, state, steered(ANA, "going"))

    assert kinds(said) == ["steered", "draft-tool"]


def test_an_order_that_is_put_back_late_is_given_again_at_once_with_the_newest_word() -> None:
    state, said = play(wanted(), steered(ANA, "paused"), steered(ANA, "going"))
    (order,) = [one for one in said if isinstance(one, commands.DraftTool)]
    _, said = advance(RULES, state, events.PutBack(about_key=BUILD, command=order, order=1))

    assert kinds(said) == ["steered", "draft-tool"]
    assert isinstance(said[0], events.Steered)
    assert (said[0].state, said[0].order) == ("going", 2)


def test_an_order_that_nobody_waits_for_any_more_is_not_given_again() -> None:
    state, said = play(wanted(), steered(ANA, "paused"))
    (order,) = [one for one in said if isinstance(one, commands.DraftTool)]
    back = events.PutBack(about_key=BUILD, command=order, order=1)
    done = drafted(1)  # another worker had begun it all the same
    for late in ((back, done), (done, back)):
        kept = state
        for event in late:
            kept, _ = advance(RULES, kept, event)
        _, said = advance(RULES, kept, steered(ANA, "going"))

        assert kinds(said) == ["steered", "review-draft"]


def test_the_next_pays_when_the_payer_leaves_and_its_bounds_hold() -> None:
    usage = (ModelUsage(role="synthesizer", model="m", source="scripted", calls=1),)
    state, _ = play(wanted(max_usd=5), wanted(BEN, max_usd=0.5))
    paid = drafted(1).model_copy(update={"usage": usage})
    state, said = advance(RULES, state, paid)
    assert isinstance(said[-1], commands.ReviewDraft)
    assert said[-1].brief.task == ANA

    state, said = advance(RULES, state, steered(ANA, "left"))
    assert isinstance(said[0], events.Steered)
    assert said[0].bounds is not None
    assert said[0].bounds.usd == 0.5
    state, _ = advance(RULES, state, reviewed(1))
    state, said = advance(RULES, state, exam_set().model_copy(update={"usage": usage}))
    assert isinstance(said[-1], commands.TestDraft)
    assert said[-1].brief.task == BEN

    for event in (ran_exam(1), published()):
        state, said = advance(RULES, state, event)
    told = [(one.task, one.made) for one in said if isinstance(one, events.ToolReady)]
    assert told == [(BEN, True)]


def test_a_paused_task_does_not_pay_for_what_goes_on_for_another() -> None:
    state, _ = play(wanted(), wanted(BEN), steered(ANA, "paused"))
    _, said = advance(RULES, state, drafted(1))

    assert isinstance(said[0], commands.ReviewDraft)
    assert said[0].brief.task == BEN


def test_bounds_that_a_person_narrows_reach_what_runs_and_what_comes_next() -> None:
    tight = Limits(memory_mb=64)
    state, said = play(wanted(), steered(ANA, "going", limits=tight, hosts=()))
    assert isinstance(said[-1], events.Steered)
    assert said[-1].bounds is not None
    assert (said[-1].bounds.limits, said[-1].bounds.hosts) == (tight, ())

    _, said = advance(RULES, state, drafted(1))
    assert isinstance(said[0], commands.ReviewDraft)
    assert said[0].brief.limits == tight


def test_the_same_word_again_is_not_said_again() -> None:
    state, _ = play(wanted(), steered(ANA, "paused"))
    _, said = advance(RULES, state, steered(ANA, "paused"))

    assert said == []


def test_when_nobody_is_left_it_ends_at_once_and_drops_its_drafts() -> None:
    state, said = play(
        wanted(), wanted(BEN), drafted(1), steered(ANA, "left"), steered(BEN, "left")
    )

    assert isinstance(state, GivenUp)
    assert (state.code, state.best) == ("cancelled", None)
    assert said_to_workers(said)[-1] == ("ended", False)
    assert not [one for one in said if isinstance(one, events.ToolDenied)]


def test_wanted_again_it_starts_anew_and_workers_are_told_before_any_order() -> None:
    state, _ = play(wanted(), drafted(1), steered(ANA, "left"))
    state, said = advance(RULES, state, wanted(BEN))

    assert kinds(said) == ["steered", "draft-tool", "set-exam"]
    assert isinstance(said[0], events.Steered)
    assert (said[0].state, said[0].order) == ("going", 2)
    assert isinstance(said[1], commands.DraftTool)
    assert said[1].attempt == 2


def test_an_order_that_a_worker_stopped_for_the_effort_before_is_given_again() -> None:
    state, _ = play(wanted(), steered(ANA, "left"), wanted(BEN))
    for of, ref, order in (("draft-tool", "2", "draft-tool"), ("set-exam", "", "set-exam")):
        state, said = advance(RULES, state, failure(of, ref, "cancelled"))
        assert kinds(said) == ["steered", order]

    _, said = advance(RULES, state, failure("draft-tool", "1", "cancelled"))
    assert said == [], "the effort before has ended"


def test_every_kind_of_order_can_be_given_again() -> None:
    state, _ = play(wanted(), drafted(1), exam_set())
    steps = [
        ("review-draft", reviewed(1)),
        ("test-draft", ran_exam(1)),
        ("judge-test", published()),
    ]
    for of, answer in steps:
        ref = "candidate:1:x:y" if of == "test-draft" else "1"
        state, said = advance(RULES, state, failure(of, ref, "cancelled"))
        assert kinds(said) == ["steered", of]
        state, _ = advance(RULES, state, answer)
    assert isinstance(state, Done)


def test_a_tool_that_was_being_published_when_the_last_task_left_is_there_for_the_next() -> None:
    state, _ = play(
        wanted(),
        drafted(1),
        exam_set(),
        reviewed(1),
        ran_exam(1),
        steered(ANA, "left"),
        published(),
    )
    assert isinstance(state, Done)
    _, said = advance(RULES, state, wanted(BEN))

    assert kinds(said) == ["tool-ready"]


def test_a_task_that_joins_a_paused_build_sets_it_going() -> None:
    state, _ = play(wanted(), steered(ANA, "paused"), drafted(1))
    _, said = advance(RULES, state, wanted(BEN))

    assert kinds(said) == ["steered", "review-draft"]
    assert isinstance(said[1], commands.ReviewDraft)
    assert said[1].brief.task == BEN


def test_a_question_to_a_person_is_taken_back_when_nobody_needs_the_answer() -> None:
    waiting = (wanted(), exam_set(), drafted(1), reviewed(1, verdict="ask"))
    _, said = play(*waiting, steered(ANA, "left"))

    (back,) = [one for one in said if isinstance(one, events.ItemWithdrawn)]
    assert back.item == f"i-{draft('one').digest[:16]}"


def test_a_task_that_does_not_wait_steers_nothing() -> None:
    state, _ = play(wanted())

    assert advance(RULES, state, steered(BEN, "left")) == (state, [])
    assert building(state).tasks == (ANA,)
