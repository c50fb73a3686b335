"""A task's progress on a terminal: redrawn in place, or one plain line for each thing that happens."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolguild.cli.output import note, on_stderr
from toolguild.client.progress import View, fold
from toolguild.client.task import Noted
from toolguild.client.tell import tell
from toolguild.messages import Command
from toolguild.report.labels import label_of, seconds_text, source_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_MARKS = {"waiting": "·", "making": "✎", "running": "▶", "done": "✓", "failed": "✗"}
_COLOURS = {"making": "yellow", "running": "cyan", "done": "green", "failed": "red"}
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MOST_STEPS, MOST_WORK = 20, 8
AGENTS = 12  # width of the column


class Progress:
    """Shows a task while its messages come in. Everything goes to standard error."""

    def __init__(self, task: str) -> None:
        self.view = View()
        self._task = task
        self._start = time.monotonic()
        self._live: Live | None = None
        self.turn = ""  # where in the queue the goal is; "" once it has been let in
        self.halted = ""  # what people have halted that the task needs, by whom and why

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.live import Live

            self._live = Live(
                get_renderable=self._drawn,
                console=on_stderr(),
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, noted: Noted) -> None:
        """Take in one message of the task."""
        body, before = noted.envelope.body, self.view
        self.view = fold(self.view, noted.envelope)
        if self._live is None and (said := tell(body)) is not None:
            mark = "..." if isinstance(body, Command) else "  *"
            note(f"{self._elapsed:7.1f}s {mark} {said}")
        if self._live is None and self.view.paused and not before.paused:
            note(f"{self._elapsed:7.1f}s     go on with: toolguild resume {self._task}")

    def queued(self, said: str | None) -> None:
        """Show where in the queue the goal is; None: in none."""
        if self._live is None and said and said != self.turn:
            note(f"{self._elapsed:7.1f}s ... {said}")
        self.turn = said or ""

    def halt(self, said: str) -> None:
        """Show what is halted; "" when nothing is any more. The goal is kept, and waits."""
        if self._live is None and said != self.halted:
            note(f"{self._elapsed:7.1f}s ... {said or 'it goes on'}")
        self.halted = said

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._start

    def _drawn(self) -> "RenderableType":
        picture = draw(self.view, self._task, self._elapsed)
        lines = [line for line in (self.turn, self.halted) if line]
        if not lines:
            return picture
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        said = (Padding(Text(line, style="yellow"), (0, 0, 0, 2)) for line in lines)
        return Group(picture, *said)


def draw(view: View, task: str, elapsed: float) -> "RenderableType":
    """Return the picture of a task. Text of the guild's work is shown as it is: it can change no style."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    goal = " ".join(view.goal.split())
    frame = FRAMES[int(elapsed * 10) % len(FRAMES)]
    head = Text.assemble(f"{frame} ", (goal[:100] or "giving the goal", "bold"))
    parts: list[RenderableType] = [head]
    if view.steps:
        parts.append(Padding(_plan(view), (1, 0, 0, 2)))
    if view.work:
        parts.append(Padding(_work(view), (1, 0, 0, 2)))
    if view.tools:
        parts.append(Padding(Text("tools  " + ", ".join(view.tools), style="green"), (1, 0, 0, 2)))
    if view.waits:
        parts.append(
            Padding(Text(f"waiting for a person: {view.waits}", style="yellow"), (1, 0, 0, 2))
        )
    if view.paused:
        how = f"paused {view.paused}; toolguild resume {task}"
        parts.append(Padding(Text(how, style="yellow"), (1, 0, 0, 2)))
    parts.append(Padding(Text(foot(view, task, elapsed), style="dim"), (1, 0, 0, 2)))
    return Group(*parts)


def foot(view: View, task: str, elapsed: float) -> str:
    """Say in one line how long it takes, what it costs, and where model answers come from."""
    usage = view.spent
    calls = sum(one.calls for one in usage)
    tokens = sum(one.input_tokens + one.output_tokens for one in usage)
    usd = sum(one.usd for one in usage)
    spent = f"{calls} model calls, {tokens} tokens, ${usd:.4f}"
    return f"{task}  {seconds_text(elapsed)}  {spent}  [{label_of(source_of(usage))}]"


def _plan(view: View) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for step in view.steps[:MOST_STEPS]:
        style = _COLOURS.get(step.state, "dim")
        many = f" {step.ended}/{step.started}" if step.started > 1 else ""
        how = f" ({step.how})" if step.how in ("made", "reused", "repaired", "human") else ""
        grid.add_row(
            Text(_MARKS.get(step.state, "·"), style=style),
            Text(step.id, style=style),
            Text(step.purpose[:60]),
            Text(f"{step.title}{how}{many}", style="dim"),
        )
    if len(view.steps) > MOST_STEPS:
        grid.add_row("", Text(f"and {len(view.steps) - MOST_STEPS} more", style="dim"))
    return grid


def _work(view: View) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=AGENTS)
    for work in list(view.work.values())[:MOST_WORK]:
        grid.add_row(Text(work.agent, style="magenta"), Text(work.said[:90]))
    if len(view.work) > MOST_WORK:
        grid.add_row("", Text(f"and {len(view.work) - MOST_WORK} more at once", style="dim"))
    return grid
