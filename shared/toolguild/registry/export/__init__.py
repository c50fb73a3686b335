"""A tool as a package of its own that needs no guild: code, command, tests, provenance."""

from collections.abc import Sequence
from pathlib import Path

from toolguild.errors import UsageError
from toolguild.registry.export.javascript import javascript_package
from toolguild.registry.export.python import python_package
from toolguild.tool import Published

__all__ = ["export_files", "export_tool"]


def export_files(closure: Sequence[Published]) -> dict[str, str]:
    """Return the files of a standalone package, by relative path, for what `Registry.closure` returned."""
    languages = {entry.tool.draft.language for entry in closure}
    if languages == {"python"}:
        return python_package(closure)
    if languages == {"javascript"}:
        return javascript_package(closure)
    raise UsageError(f"one package cannot hold {' and '.join(sorted(languages)) or 'no tool'}")


def export_tool(closure: Sequence[Published], to: Path) -> Path:
    """Write the package into the folder `to`, which is made, and return it.

    Raises UsageError when there is something in it already, or it cannot be written.
    """
    files = export_files(closure)
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise UsageError(f"{to} is not empty: give a new folder")
        for name, content in files.items():
            place = to / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(
            f"{error.filename or to}: {error.strerror}; give another folder"
        ) from error
    return to
