"""What a person sees while a task runs."""

import io

import pytest
from rich.console import Console
from tests.client import messages as m

from toolguild.cli.live import Progress, draw, foot
from toolguild.client.progress import View, fold
from toolguild.client.task import Noted
from toolguild.messages import Message


def seen(*bodies: Message) -> View:
    view = View()
    for body in bodies:
        view = fold(view, m.sent(body))
    return view


def drawn(view: View) -> str:
    screen = io.StringIO()
    Console(file=screen, width=120, force_terminal=False).print(draw(view, "t-1", 61.2))
    return screen.getvalue()


def test_the_picture_has_plan_work_tools_time_cost_and_the_source_of_answers() -> None:
    text = drawn(seen(m.given(), m.planned(), m.wanted(), m.ready(), m.run_tool()))
    for part in (
        "Add numbers",
        "Add them",
        "adder@1.0 (made)",
        "executor",
        "run step add",
        "made adder@1.0",
        "t-1  61 s  6 model calls",
        "answers of a script, for tests",
    ):
        assert part in text, part


def test_markup_in_the_guilds_text_is_shown_as_text() -> None:
    goal = m.given().model_copy(
        update={"goal": m.given().goal.model_copy(update={"primary": "[red]x[/red] [link=y]z"})}
    )
    assert "[red]x[/red] [link=y]z" in drawn(seen(goal))


def test_an_empty_view_can_be_drawn() -> None:
    assert "giving the goal" in drawn(View())
    assert foot(View(), "t-1", 0.0).endswith("[no model was asked]")


def test_without_a_terminal_each_thing_is_one_line_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress("t-1") as progress:
        for n, body in enumerate((m.given(), m.draft_tool(), m.released())):
            progress.take(Noted(n, "2026-01-01T00:00:00Z", m.sent(body)))
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split("s ", 1)[1] for line in err.splitlines()] == [
        "  * goal given with 0 files: Add numbers",
        "... write adder",
        "  * result released",
    ]
    assert progress.view.result is not None
