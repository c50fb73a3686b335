"""Reviewing files and folders on disk: what `toolguild review` does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from toolguild.capability import Language
from toolguild.errors import UsageError
from toolguild.policy import Policy
from toolguild.static.finding import Review, conclude, finding
from toolguild.static.review import MAX_BYTES, review

_LANGUAGES: dict[str, Language] = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
}
_SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))


class FileReview(NamedTuple):
    """One file and its review."""

    file: str
    review: Review

    def plain(self) -> dict[str, object]:
        """Return the shape that `toolguild review --json` prints for one file."""
        return {
            "file": self.file,
            "verdict": self.review.verdict,
            "findings": [
                {
                    "rule": one.rule,
                    "line": one.line,
                    "severity": one.severity,
                    "message": one.message,
                    "policy": one.policy,
                }
                for one in self.review.findings
            ],
        }


def review_paths(paths: Sequence[Path], policy: Policy) -> list[FileReview]:
    """Review files, and all Python and JavaScript files in folders, in order of their names.

    A file that cannot be read as text is blocked. Raises UsageError for a path that does not exist, is of
    another kind, or a folder without any code.
    """
    return [FileReview(str(path), _review(path, policy)) for path in _files(paths)]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = [each for each in sorted(path.rglob("*")) if _is_code(each, path)]
            if not found:
                raise UsageError(f"{path}: has no Python or JavaScript file")
            yield from found
        elif not path.exists():
            raise UsageError(f"{path}: there is no such file")
        elif path.suffix not in _LANGUAGES:
            kinds = ", ".join(_LANGUAGES)
            raise UsageError(f"{path}: is no code that can be reviewed; expected one of {kinds}")
        else:
            yield path


def _is_code(path: Path, root: Path) -> bool:
    inside = path.relative_to(root).parts
    return path.suffix in _LANGUAGES and path.is_file() and not _SKIPPED & set(inside)


def _review(path: Path, policy: Policy) -> Review:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        return conclude([finding("not-text", 1, 1, what)])
    source = as_text(data)
    if source is None:
        return conclude([finding("not-text", 1, 1, "is not UTF-8 text")])
    return review(source, _LANGUAGES[path.suffix], policy)


def as_text(data: bytes) -> str | None:
    """Return the text of a file's bytes, without a byte order mark; None where they are no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
