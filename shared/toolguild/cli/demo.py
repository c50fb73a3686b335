"""`toolguild demo`: the main job on this machine, without a key."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.settings import Settings

RECORDING = "recording.jsonl"


@dataclass(frozen=True)
class Scene:
    """One goal of the demo."""

    goal: str
    file: str
    user: str


SCENES = (
    Scene("goal_expenses.yaml", "expenses.csv", "ana"),
    Scene("goal_orders.yaml", "orders.csv", "ben"),
)


def demo(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Where the data and the reports go; a new folder.",
            show_default="toolguild-output/demo-TIME",
        ),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option("--examples", metavar="DIR", help="Changed copies of the demo's files."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Two people, two goals, one tool: the first task makes it, the second one reuses it.

    Answers of the model are RECORDED ones, so no key is needed; all else runs for real: planning,
    review, exam, sandbox, registry, reports. Other data, other answers: try --examples.

    \b
    toolguild demo
    """
    from datetime import UTC, datetime

    from toolguild.cli.output import note, say_json
    from toolguild.errors import UsageError

    time = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = (output or Path("toolguild-output") / f"demo-{time}").absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--output {folder}: is there already; name a new folder")
    source = (examples or shipped()).absolute()
    ended = asyncio.run(_play(source, folder, as_json=as_json))
    if as_json:
        say_json({"model": "recorded", "data_dir": str(folder / "guild"), "tasks": ended})
    else:
        note(f"\nThe guild's data: TOOLGUILD_DATA_DIR={folder / 'guild'} toolguild tools list")
    return next((code for code in map(_exit, ended) if code), exits.SUCCEEDED)


def shipped() -> Path:
    """Return the folder with the demo's goals, data and recording: of the wheel, or of the source tree."""
    import toolguild

    package = Path(toolguild.__file__).parent
    inside = package / "demo"
    return inside if inside.is_dir() else package.parents[1] / "examples" / "demo"


def recorded() -> str | None:
    """Return the model of the demo: its recording. Raises UsageError when that is missing."""
    from toolguild.errors import UsageError

    recording = shipped() / RECORDING
    if not recording.is_file():
        raise UsageError(f"{recording}: the recording of the demo is missing; install it again")
    return f"recorded:{recording}"


def _exit(task: "dict[str, Any]") -> int:
    return exits.of_status(task["status"])


async def _play(source: Path, folder: Path, *, as_json: bool) -> "list[dict[str, Any]]":
    from toolguild.cli.door import open_door
    from toolguild.cli.output import note

    model = recorded()
    note("Model answers in this demo are RECORDED: no model is asked. All else runs for real.\n")
    async with open_door(_settings(folder / "guild")) as door:
        return [
            await _act(door, source, model, scene, folder / Path(scene.file).stem, as_json=as_json)
            for scene in SCENES
        ]


def _settings(data: Path) -> "Settings":
    """Return settings that lean on nothing of the person's own guild."""
    from toolguild.settings import load_settings

    return load_settings(data_dir=data).model_copy(
        update={"nats_url": None, "nats_port": None, "policy": None, "keys_dir": None}
    )


async def _act(
    door: "Door", source: Path, model: str | None, scene: Scene, folder: Path, *, as_json: bool
) -> "dict[str, Any]":
    from toolguild.cli.output import note
    from toolguild.cli.result import as_object, delivered_to, show
    from toolguild.cli.store import submitted
    from toolguild.cli.watch import interruptible, watch
    from toolguild.client.task import Order, new_task_id
    from toolguild.goal import load_goal

    goal = load_goal(source / scene.goal)
    order = Order(goal=goal, files=(source / scene.file,), user=scene.user, model=model)
    note(f"{scene.user} asks: {goal.primary}  ({scene.file})")
    task = new_task_id()
    with interruptible() as interrupted:
        within = await submitted(door, order, task)
        watched = await watch(door, task, interrupted=interrupted, within=within, user=scene.user)
    delivered = await delivered_to(door, watched, folder)
    show(watched.result, delivered, answer=not as_json)
    note("")
    return as_object(watched.result, delivered)
