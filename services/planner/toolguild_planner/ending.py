"""How a task ends, and what it then has to show. Pure."""

from toolguild.messages import Artifact, Message, Result, StepResult, TaskStatus, events
from toolguild.plan import Plan
from toolguild.screen.provenance import sources_of_steps
from toolguild_planner.serving import audit, served, withdrawn
from toolguild_planner.state import Active, Over, StepState
from toolguild_planner.steering import leave, steer

MAX_KEPT_VALUE = 20_000  # characters of a step's value that go into the result for the report


def end(state: Active, status: TaskStatus, reason: str = "") -> tuple[Over, list[Message]]:
    """Return the last state and what tells it; what was reached is kept in the result.

    What still works for the task is stopped, builds that it waited for are left, and the inbox is told.
    """
    why = f"the task has ended: {status}"
    if status == "cancelled" or _under_way(state):
        state, messages = steer(state, why, ended=True)
    else:
        messages = leave(state, state.builds, why)
    result = result_of(state, status, reason)
    messages += [
        *withdrawn(state, why),
        *served(state, status),
        *audit(state, status),
        events.TaskEnded(task=state.task, status=status, result=result),
    ]
    return Over(status=status, taken=state.taken), messages


def result_of(state: Active, status: TaskStatus, reason: str) -> Result:
    """Return what the task has to show."""
    return Result(
        task=state.task,
        status=status,
        goal=state.goal.primary,
        user=state.brief.user,
        answer=state.answer,
        files=result_files(state),
        criteria=state.criteria,
        plan=state.plan,
        steps=tuple(_steps(state.plan, state)) if state.plan else (),
        made=state.made,
        reused=state.reused,
        usage=state.usage,
        reason=reason,
        events=state.told,
        best=state.best if status != "succeeded" else None,
        human=state.human,
    )


def _under_way(state: Active) -> bool:
    """Whether somebody may still work for the task."""
    calls = any(one.phase == "trying" or one.sent for one in state.steps.values())
    return calls or state.judge != "idle" or bool(state.answered_by)


def result_files(state: Active) -> tuple[Artifact, ...]:
    """Return the files of all steps; where two steps made one of the same name, the step's id goes before it."""
    files: dict[str, Artifact] = {}
    for name, step in state.steps.items():
        for file in step.files:
            taken = files.get(file.name)
            if taken is not None and taken.sha256 != file.sha256:
                file = file.model_copy(update={"name": f"{name}-{file.name}"})
            files[file.name] = file
    return tuple(files.values())


def _steps(plan: Plan, state: Active) -> list[StepResult]:
    sources = sources_of_steps(
        plan,
        state.goal,
        hosts={name: one.hosts for name, one in state.steps.items()},
        given=(name for name, one in state.steps.items() if one.given),
    )
    return [
        _step(
            step.id,
            step.purpose or (step.request.purpose if step.request else ""),
            state.steps.get(step.id),
            sources[step.id],
        )
        for step in plan.steps
    ]


def _step(name: str, purpose: str, step: StepState | None, sources: tuple[str, ...]) -> StepResult:
    if step is None:
        return StepResult(step=name, purpose=purpose, state="skipped")
    value = step_value(step)
    return StepResult(
        step=name,
        purpose=purpose,
        tool=step.tool,
        title=step.title,
        how=step.how,
        state="done" if step.phase == "done" else "failed" if step.phase == "failed" else "skipped",
        calls=0 if step.given else len(step.values),
        seconds=step.seconds,
        value=value if len(str(value)) <= MAX_KEPT_VALUE else None,
        reason=step.reason,
        sources=sources,
    )


def step_value(step: StepState) -> object:
    """Return the value of a plain step, or the list of values of a foreach, in the order of its items."""
    if step.size is None:
        return step.values.get(0)
    return [step.values.get(item) for item in range(step.size)]
