"""What the drill counts, over recorded logs: a drill that cannot fail shows nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from toolguild.client.task import Noted
from toolguild.drill import count
from toolguild.drill.count import Outcome
from toolguild.drill.jobs import KINDS, Job, jobs
from toolguild.drill.paid import ModelCall, Paid
from toolguild.drill.run import expected, judged
from toolguild.drill.strikes import Strike
from toolguild.drill.takeover import Sign
from toolguild.drill.tap import Tap
from toolguild.drill.trial import Trial
from toolguild.messages import Artifact, Envelope, Event, Result, TaskId, events
from toolguild.runtime.dead import DeadLetter

TASK = TaskId("t-1")
JOB = jobs(4)[3]  # with a file that comes out
END = UUID(int=7)


def result(**changes: Any) -> Result:
    files = tuple(
        Artifact(name=name, sha256=sha256, bytes=1) for name, sha256 in expected(JOB).files.items()
    )
    base = Result(
        task=TASK, status="succeeded", goal=JOB.goal.primary, answer=JOB.answer, files=files
    )
    return base.model_copy(update=changes)


def released(**changes: Any) -> Envelope:
    return Envelope(id=END, body=events.ResultReleased(task=TASK, result=result(**changes)))


def log_of(*envelopes: Envelope) -> list[Noted]:
    return [Noted(number, "2026-01-01T00:00:00Z", one) for number, one in enumerate(envelopes, 1)]


def trial(*envelopes: Envelope, **changes: Any) -> Trial:
    base = Trial(
        accepted={TASK: JOB},
        log=log_of(*envelopes),
        tap=Tap(),
        paid=Paid(0, (), ()),
        dead=(),
        effects={},
        gone=frozenset(),
        strikes=(),
        refused=0,
        seconds=1.0,
    )
    return replace(base, **changes)


def told(*envelopes: Envelope) -> Tap:
    tap = Tap()
    tap.ends.extend(envelopes)
    return tap


def test_a_drill_in_which_all_went_well_has_nothing_to_say() -> None:
    found = judged(trial(released()), trial(released(), tap=told(released(), released())))
    assert found.wrong == []
    assert (found.accepted, found.ended) == (1, 1)


def test_a_task_without_a_released_result_is_lost() -> None:
    ended = Envelope(
        id=uuid4(), body=events.TaskEnded(task=TASK, status="succeeded", result=result())
    )
    found = judged(trial(released()), trial(ended))
    assert (found.accepted, found.ended, len(found.lost)) == (1, 0, 1)
    assert found.as_json()["lost"] == 1
    assert found.wrong


def test_two_results_of_one_task_in_the_log_are_two_ends_even_under_one_id() -> None:
    found = judged(trial(released()), trial(released(), released()))
    assert len(found.ended_twice) == 1


def test_two_task_ends_are_two_ends() -> None:
    def ended() -> Envelope:
        body: Event = events.TaskEnded(task=TASK, status="succeeded", result=result())
        return Envelope(id=uuid4(), body=body)

    found = judged(trial(released()), trial(ended(), ended(), released()))
    assert len(found.ended_twice) == 1


def test_another_end_that_the_stream_hid_as_a_duplicate_is_counted() -> None:
    hidden = told(released(), released(answer="another one"))
    assert len(judged(trial(released()), trial(released(), tap=hidden)).ended_twice) == 1


def test_the_same_end_sent_again_is_one_end() -> None:
    again = told(released(), released(seconds=9.0))
    assert judged(trial(released()), trial(released(), tap=again)).ended_twice == []


def test_another_answer_status_or_file_differs() -> None:
    other = Artifact(name="letter.txt", sha256="0" * 64, bytes=1)
    for changes in ({"answer": "else"}, {"status": "partial"}, {"files": ()}, {"files": (other,)}):
        found = judged(trial(released()), trial(released(**changes)))
        assert len(found.differing) == 1, changes


def test_a_result_as_the_program_wants_it_differs_when_the_undisturbed_one_was_another() -> None:
    found = judged(trial(released(answer="else")), trial(released()))
    assert len(found.differing) == 1


def test_a_file_that_cannot_be_fetched_differs() -> None:
    found = judged(trial(released()), trial(released(), gone=frozenset({TASK})))
    assert len(found.differing) == 1


def letter(code: str, task: str = TASK) -> DeadLetter:
    return DeadLetter(
        agent="executor-run",
        code=code,
        reason="so it was",
        subject=f"toolguild.do.run-tool.{task}",
        headers={},
        body="",
        deliveries=1,
        at="2026-01-01T00:00:00Z",
    )


def test_a_dead_letter_counts() -> None:
    found = judged(trial(released()), trial(released(), dead=(letter("bug"),)))
    assert found.as_json()["dead"] == 1
    assert len(found.wrong) == 1


POST = jobs(len(KINDS), port=8123)[-1]
ASKED = Envelope(
    id=uuid4(),
    body=events.WorkFailed(
        about_key=TASK, of="run-tool", code="interrupted", reason="it had begun"
    ),
)


def posted(*envelopes: Envelope, **changes: Any) -> Trial:
    return trial(*envelopes, accepted={TASK: POST}, **changes)


def test_an_effect_that_happened_twice_counts_disturbed_or_not() -> None:
    assert POST.effect
    right = released(answer=POST.answer, files=())
    for calm, hit in (({"8": 1}, {"8": 2}), ({"8": 2}, {"8": 1})):
        found = judged(posted(right, effects=calm), posted(right, effects=hit))
        assert len(found.effects_twice) == 1
        assert found.wrong == [f"effect twice: {found.effects_twice[0]}"]


def test_a_run_with_an_effect_that_a_person_has_to_look_at_neither_differs_nor_is_lost() -> None:
    right = released(answer=POST.answer, files=())
    stopped = released(status="failed", answer=None, files=())
    hit = posted(ASKED, stopped, dead=(letter("interrupted"),), effects={"8": 1})
    found = judged(posted(right), hit)
    assert (len(found.escalated), found.wrong) == (1, [])


def test_an_interrupted_run_without_an_effect_excuses_nothing() -> None:
    stopped = released(status="failed", answer=None, files=())
    found = judged(trial(released()), trial(ASKED, stopped, dead=(letter("interrupted"),)))
    assert (len(found.differing), len(found.dead), found.escalated) == (1, 1, [])


def test_a_slow_takeover_misses_the_bar() -> None:
    def after(seconds: float) -> Sequence[str]:
        tap = told()
        tap.note(Sign(10.0, "executor-run", "W", 1, "delivered"))
        tap.note(Sign(11.0 + seconds, "executor-run", "W", 1, "delivered"))
        strikes = (Strike(11.0, "kill", "executor", "executor-1", 1),)
        return judged(trial(released()), trial(released(), tap=tap, strikes=strikes)).wrong

    assert after(7.9) == []
    assert len(after(8.1)) == 1


def test_what_was_paid_twice_undisturbed_counts_too() -> None:
    call = ModelCall("a" * 32, "r", "plan", 1, 0.0, 1.0)
    from toolguild.drill.paid import Twice

    paid = Paid(2, (Twice(call, call, "because"),), ())
    assert judged(trial(released(), paid=paid), trial(released())).as_json()["paid_twice"] == 1
    assert judged(trial(released()), trial(released(), paid=paid)).as_json()["paid_twice"] == 1


def test_tasks_that_the_guild_never_accepted_count_for_nothing() -> None:
    accepted: dict[str, Job] = {}
    found = judged(trial(released()), trial(accepted=accepted, refused=1))
    assert (found.accepted, found.lost, found.refused) == (0, [], 1)


def test_outcomes_are_the_same_whatever_the_way_there_was() -> None:
    assert Outcome.of(result(events=("repaired",), seconds=9.0)) == Outcome.of(result())
    assert count.lost({TASK}, log_of()) == {TASK}
