"""Options that several commands share, so that they mean the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON object on standard output, and nothing else there."
    ),
]
Inputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--input", "-i", metavar="FILE", help="A file to work on; may be given several times."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Where files and the report go.",
        show_default="toolguild-output/TASK",
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="A policy.yaml over the shipped policy."),
]
User = Annotated[str, typer.Option("--user", envvar="TOOLGUILD_USER", help="On whose behalf.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A model by its LiteLLM name (openai/gpt-4o), or recorded:FILE.",
        show_default="TOOLGUILD_MODEL",
    ),
]


class Backend(StrEnum):
    """Where tools run."""

    bubblewrap = "bubblewrap"
    docker = "docker"


class Autonomy(StrEnum):
    """How far the guild goes without a person."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


BackendOption = Annotated[
    Backend | None,
    typer.Option("--backend", help="The sandbox to use.", show_default="the first that works here"),
]
