"""How long an ended task is kept."""

from hypothesis import given
from hypothesis import strategies as st

from toolguild.messages import Brief, BuildId, Event, Result, TaskId, commands, events
from toolguild.policy import Retention
from toolguild.testing.samples import spec
from toolguild_auditor.retention import Keeping, advance, retention_process

TASK = TaskId("t-1")
RULES = Retention(days=2)
WANTED = events.ToolWanted(build=BuildId("b-1"), task=TASK, brief=Brief(task=TASK), spec=spec())
DUE = events.TimeCame(about_key=TASK, note="retention", after=1)
PRUNED = events.TaskPruned(task=TASK, status="succeeded", rule="retention.days")


def released(status: str = "succeeded") -> events.ResultReleased:
    result = Result.model_validate({"task": TASK, "status": status, "goal": "sum", "user": "ana"})
    return events.ResultReleased(task=TASK, result=result)


def after(*seen: Event) -> tuple[Keeping, list[object]]:
    state, said = Keeping(), list[object]()
    for event in seen:
        state, messages = advance(RULES, state, event)
        said += messages
    return state, said


def test_an_ended_task_is_pruned_when_its_time_has_come_with_the_builds_it_waited_for() -> None:
    _, said = after(WANTED, released(), DUE)

    assert said == [
        events.TimeCame(about_key=TASK, note="retention", after=2 * 86_400),
        commands.KeepRoom(task=TASK),
        commands.PruneTask(
            task=TASK,
            rule="retention.days",
            builds=(BuildId("b-1"),),
            status="succeeded",
            goal="sum",
            user="ana",
        ),
    ]


def test_a_task_that_runs_is_never_pruned() -> None:
    wanted = events.PruneWanted(task=TASK, rule="eva")

    assert after(WANTED, DUE, wanted) == after(WANTED)


def test_a_moment_that_was_for_something_else_changes_nothing() -> None:
    slow = DUE.model_copy(update={"note": "slow"})

    assert after(released(), slow) == after(released())


def test_a_cancelled_task_loses_the_files_that_its_result_does_not_have() -> None:
    assert commands.UndoTask(task=TASK) in after(released("cancelled"))[1]
    assert commands.UndoTask(task=TASK) not in after(released())[1]


def test_what_is_over_the_size_is_asked_of_the_tasks_that_ended_first() -> None:
    checked = events.RoomChecked(task=TASK, bytes=9, limit=1, over=(TaskId("t-0"),))

    assert after(checked)[1] == [events.PruneWanted(task=TaskId("t-0"), rule="retention.max_mb")]


def test_a_removal_that_failed_can_be_wanted_again() -> None:
    failed = events.WorkFailed(about_key=TASK, of="prune-task", code="temporary", reason="away")
    state, said = after(released(), DUE, failed, events.PruneWanted(task=TASK, rule="eva"))

    assert state.phase == "pruning"
    assert [one.rule for one in said if isinstance(one, commands.PruneTask)] == [
        "retention.days",
        "eva",
    ]


@given(st.lists(st.sampled_from([WANTED, released(), DUE, PRUNED, released("cancelled")])))
def test_whatever_comes_in_whatever_order_a_task_is_pruned_once_and_stays_so(
    seen: list[Event],
) -> None:
    state, said = after(released(), DUE, PRUNED, *seen)

    assert state == Keeping(phase="pruned")
    assert len([one for one in said if isinstance(one, commands.PruneTask)]) == 1


def test_a_build_is_kept_under_the_task_that_wants_it() -> None:
    process = retention_process(RULES)

    assert process.key(WANTED) == TASK
    assert process.key(released()) == TASK
