"""The goal, from the command line or from a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.goal import Goal


def read_goal(text: str | None, file: Path | None) -> "Goal":
    """Return the goal that a person gave in exactly one of two ways. Raises UsageError otherwise."""
    from toolguild.goal import Goal, load_goal

    if (text is None) == (file is None):
        given = "not both" if text is not None else "none was given"
        raise UsageError(
            f'say what you want in words or in a file, {given}: toolguild run "GOAL", '
            "or toolguild run -f goal.yaml"
        )
    if file is not None:
        if file.is_dir():
            raise UsageError(f"--file {file}: is a folder; name a goal.yaml")
        return load_goal(file)
    return Goal.of_text(text or "")
