"""One task's life, at random: workers answer well or badly, people step in, and things come twice."""

from collections.abc import Iterator
from random import Random
from typing import Any

from pydantic import JsonValue
from task_play import (
    BUILD,
    RULES,
    TASK,
    A,
    B,
    bound,
    broke,
    by_ana,
    decided,
    failed_work,
    given_goal,
    good,
    judged,
    planned,
    ran,
    ready,
    wanting,
)

from toolguild.messages import Command, Event, Message, commands, events
from toolguild.policy.model import Escalation
from toolguild_planner.state import New, Over, Task
from toolguild_planner.task import advance

LONG = 40  # events of one life
HOLDING = RULES.model_copy(
    update={
        "replans": 3,
        "escalation": Escalation.model_validate(
            {name: one | {"hold": True} for name, one in Escalation().model_dump().items()}
        ),
    }
)


def walked_task(chance: Random) -> Iterator[tuple[Task, Event, Task]]:
    """Yield each state, the event that came, and the state after it."""
    state: Task = New()
    open_: list[Message] = []
    event: Event = given_goal(*("c",) * chance.randint(0, 1))
    for n in range(LONG):
        before = state
        state, said = advance(chance.choice((RULES, HOLDING)), good, state, event)
        yield before, event, state
        open_ += [one for one in said if _wants_an_answer(one)]
        if isinstance(state, Over):
            return
        if open_ and chance.random() < 0.75:
            event = _answer(chance, open_.pop(chance.randrange(len(open_))))
        else:
            event = _person(chance, n)


def _wants_an_answer(said: Message) -> bool:
    return isinstance(said, Command | events.ToolWanted | events.DecisionAsked)


def _answer(chance: Random, said: Message) -> Event:
    well = chance.random() < 0.75
    if isinstance(said, Command) and chance.random() < 0.1:
        return events.PutBack(about_key=TASK, command=said, order=chance.randint(0, 3))
    match said:
        case commands.MakePlan(attempt=attempt) if well:
            return planned(*_plan(chance), attempt=attempt)
        case commands.TryTool(step=step, tool=tool, attempt=attempt):
            return events.ToolTried(
                task=TASK, step=step, attempt=attempt, tool=tool, title="t@1.0", passed=well
            )
        case commands.RunTool() if chance.random() < 0.1:
            return events.RunHeld(
                task=TASK,
                step=said.step,
                tool=said.tool,
                item=said.item,
                attempt=said.attempt,
                title="t@1.0",
                why="level A",
            )
        case commands.RunTool(step=step, tool=tool, item=item, attempt=attempt) if well:
            values: tuple[JsonValue, ...] = (1, [1, 2])
            value = chance.choice(values)
            return ran(step, value, tool, item).model_copy(update={"attempt": attempt})
        case commands.RunTool(step=step, tool=tool, item=item, attempt=attempt):
            if chance.random() < 0.7:
                return broke(step, tool, item).model_copy(update={"attempt": attempt})
            code = chance.choice(("failed", "refused", "interrupted", "out_of_budget"))
            return failed_work("run-tool", said.ref, code)
        case commands.JudgeCriteria() if chance.random() < 0.9:
            return judged(chance.choice((True, True, False, None)))
        case events.ToolWanted(build=build) if well:
            return ready(chance.choice((A, B)), made=chance.random() < 0.5, build=build)
        case events.ToolWanted(build=build):
            code = chance.choice(("failed", "stuck", "refused"))
            return events.ToolDenied(task=TASK, build=build, code=code, reason="r")
        case events.DecisionAsked(item=item, ask=ask):
            return decided(item, ask.purpose, well)
        case Command():
            return failed_work(said.kind_name(), said.ref, chance.choice(("failed", "refused")))
    raise AssertionError(said)


def _plan(chance: Random) -> list[Any]:
    steps = [wanting("s1", (A, B)[: chance.randint(0, 2)])]
    if chance.random() < 0.6:
        steps.append(bound("s2", chance.choice((A, B)), arguments={"x": {"$from": "/s1/value"}}))
    if chance.random() < 0.4:
        lists: tuple[JsonValue, ...] = ([1, 2], [], "no list")
        items = chance.choice(lists)
        steps.append(bound("each", A, foreach=items))
    return steps


def _person(chance: Random, n: int) -> Event:
    step = chance.choice(("s1", "s2", "each"))
    overrides: tuple[dict[str, Any], ...] = (
        {"what": "step", "step": bound(step, B).model_dump()},
        {"what": "tool", "step": step, "tool": B, "title": "o@1.0"},
        {"what": "result", "step": step, "value": 1},
        {"what": "answer", "value": 5},
    )
    return chance.choice(
        (
            by_ana("pause", n, at="2026-01-01T08:00:00Z"),
            by_ana("resume", n, at="2026-01-01T08:01:00Z"),
            by_ana("resume", n, at="2026-01-01T08:01:00Z"),
            by_ana("override", n, override=chance.choice(overrides)),
            by_ana("guide", n, hint="more"),
            by_ana("cancel", n) if chance.random() < 0.3 else by_ana("guide", n, hint="less"),
            events.TimeCame(about_key=TASK, note="slow", after=600),
            ready(A, build=BUILD),
        )
    )
