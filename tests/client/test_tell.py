import pytest
from tests.client import messages as m

from toolguild.client.tell import SHOWN, agent_of, tell
from toolguild.messages import Command, Message, commands, events
from toolguild.tool import Finding


def reviewed() -> events.DraftReviewed:
    finding = Finding(rule="call-denied", severity="high", message="use of eval")
    return events.DraftReviewed(
        build=m.BUILD, attempt=1, draft=m.TOOL, verdict="block", findings=(finding,)
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (m.given(), "goal given with 0 files: Add numbers"),
        (m.planned(), "plan made: add, show"),
        (m.wanted(), "new tool wanted: adder"),
        (m.draft_tool(2), "write adder (attempt 2)"),
        (m.drafted(), "adder written: 2 lines of python"),
        (reviewed(), "review says block: call-denied: use of eval"),
        (m.ready(made=False), "adder@1.0 exists already and is reused"),
        (m.run_tool("add", 0), "run step add, item 1"),
        (m.ran(), "step add ran in 0.1 s"),
        (m.ran(ok=False), "step add failed (error): ValueError: bad number"),
        (m.released(), "result released"),
        (commands.SetExam(build=m.BUILD, brief=m.BRIEF, spec=m.SPEC), "write the exam of adder"),
        (events.ExamSet(build=m.BUILD, exam=m.EXAM), "exam set: 0 cases, 0 properties"),
        (events.Intervened(task=m.TASK, action="cancel", by="ana"), "cancel by ana"),
        (events.RivalsFound(build=m.BUILD, attempt=1), None),
    ],
)
def test_a_message_is_told_in_words(body: Message, said: str | None) -> None:
    assert tell(body) == said


def test_what_is_told_is_one_short_line() -> None:
    body = events.Intervened(task=m.TASK, action="cancel", by="a\nb" + "x" * 500)
    said = tell(body)
    assert said is not None
    assert "\n" not in said
    assert len(said) == SHOWN


def test_every_command_has_an_agent_and_words() -> None:
    classes = [one for one in vars(commands).values() if isinstance(one, type)]
    kinds = [one for one in classes if issubclass(one, Command) and one is not Command]
    ours = {one.kind_name() for one in kinds}
    told = {
        "admit-goal": "auditor",
        "make-plan": "planner",
        "try-tool": "executor",
        "run-tool": "executor",
        "judge-criteria": "planner",
        "filter-result": "auditor",
        "draft-tool": "synthesizer",
        "set-exam": "reviewer",
        "review-draft": "reviewer",
        "test-draft": "executor",
        "judge-test": "reviewer",
        "notify": "auditor",
        "prune-task": "auditor",
        "undo-task": "auditor",
        "keep-room": "auditor",
        "set-tool-status": "reviewer",
    }
    assert ours == set(told)
    for one in kinds:
        assert agent_of(one.model_construct(kind=one.kind_name())) == told[one.kind_name()]
