"""Where the boxes and lines of a plan's drawing go."""

from collections.abc import Mapping
from dataclasses import dataclass

from toolguild.messages import StepResult
from toolguild.plan import Plan
from toolguild.plan.check import edges

WIDTH, HEIGHT = 168, 48
GAP_X, GAP_Y = 44, 18
LETTERS = 22  # that fit into a box


@dataclass(frozen=True)
class Box:
    """A step."""

    x: int
    y: int
    name: str
    label: str
    state: str


@dataclass(frozen=True)
class Line:
    """Data that flows from one step to another."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class Drawing:
    """A plan from left to right."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(plan: Plan, steps: Mapping[str, StepResult]) -> Drawing:
    """Lay the steps out in columns, each right of what it needs. `steps` says how they ended."""
    needs = edges(plan)
    column = _columns(needs)
    rows: dict[int, int] = {}
    boxes: dict[str, Box] = {}
    for step in plan.steps:
        row = rows.get(column[step.id], 0)
        rows[column[step.id]] = row + 1
        done = steps.get(step.id)
        title = (
            (done.title if done else "")
            or step.title
            or (step.request.name if step.request else "")
        )
        boxes[step.id] = Box(
            x=4 + column[step.id] * (WIDTH + GAP_X),
            y=4 + row * (HEIGHT + GAP_Y),
            name=_short(step.id),
            label=_short(title),
            state=done.state if done else "waiting",
        )
    lines = tuple(
        _line(boxes[needed], boxes[name])
        for name, wanted in needs.items()
        for needed in sorted(wanted & boxes.keys())
    )
    return Drawing(
        width=8 + (max(rows) + 1) * (WIDTH + GAP_X) - GAP_X,
        height=8 + max(rows.values()) * (HEIGHT + GAP_Y) - GAP_Y,
        boxes=tuple(boxes.values()),
        lines=lines,
    )


def _columns(needs: Mapping[str, set[str]]) -> dict[str, int]:
    """Number the columns; a circle, which no checked plan has, is cut after one round a step."""
    column = dict.fromkeys(needs, 0)
    for _ in needs:
        for name, wanted in needs.items():
            column[name] = max([column[w] + 1 for w in wanted if w in column], default=0)
    return column


def _line(left: Box, right: Box) -> Line:
    return Line(left.x + WIDTH, left.y + HEIGHT // 2, right.x, right.y + HEIGHT // 2)


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"
