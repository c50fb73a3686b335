"""Bringing a result home: its files, the reports, whole or not at all."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from toolguild.canonical import Digest
from toolguild.errors import UsageError
from toolguild.guild import Artifacts
from toolguild.messages import Artifact, Result
from toolguild.report import Image, Moment, ReportContent, render_html, render_markdown
from toolguild.report.content import EMBEDDED, MAX_IMAGE_BYTES
from toolguild.tool import Published

REPORT_HTML, REPORT_MARKDOWN = "report.html", "report.md"


@dataclass(frozen=True)
class Delivered:
    """Where things are: the folder, each of the result's files in their order, and the page to open."""

    folder: Path
    files: tuple[Path, ...]
    report: Path


def check_output(folder: Path) -> None:
    """Raise UsageError when no result can be written to this folder."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output {folder}: is a file; name a folder")
    nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise UsageError(f"--output {folder}: cannot be written: {error.strerror}") from error


def names_of(files: Sequence[Artifact]) -> tuple[str, ...]:
    """Give each file a name of its own in one folder: plain, and none that a report has."""
    taken = {REPORT_HTML, REPORT_MARKDOWN}
    names: list[str] = []
    for file in files:
        plain = PurePosixPath(file.name.replace("\\", "/")).name or "file"
        name, number = plain, 2
        while name in taken or name in (".", ".."):
            path = PurePosixPath(plain)
            name, number = f"{path.stem}-{number}{path.suffix}", number + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


async def deliver(
    artifacts: Artifacts,
    result: Result,
    folder: Path,
    *,
    tools: Mapping[Digest, Published],
    timeline: Sequence[Moment] = (),
) -> Delivered:
    """Write the files and the reports into `folder`.

    All is written beside the folder first and then renamed into it file by file, the page last, so that
    what stands there is whole. Raises PermanentError when a file is gone, OSError when the disk is full.
    """
    sources = [await artifacts.path(file) for file in result.files]
    return await asyncio.to_thread(_write, result, folder, sources, tools, tuple(timeline))


def _write(
    result: Result,
    folder: Path,
    sources: Sequence[Path],
    tools: Mapping[Digest, Published],
    timeline: tuple[Moment, ...],
) -> Delivered:
    names = names_of(result.files)

    def reports(beside: Path) -> tuple[str, ...]:
        images = tuple(_images(result, names, beside))
        content = ReportContent(result, names, tools, images, timeline)
        (beside / REPORT_MARKDOWN).write_text(render_markdown(content), encoding="utf-8")
        (beside / REPORT_HTML).write_text(render_html(content), encoding="utf-8")
        return REPORT_MARKDOWN, REPORT_HTML

    files = _place(names, sources, folder, reports)
    return Delivered(folder, files, folder / REPORT_HTML)


def place(files: Sequence[Artifact], sources: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Copy files into a folder, all of them or none, and return where each one is."""
    return _place(names_of(files), sources, folder, lambda beside: ())


def _place(
    names: Sequence[str],
    sources: Sequence[Path],
    folder: Path,
    more: Callable[[Path], tuple[str, ...]],
) -> tuple[Path, ...]:
    """Copy files, let `more` write its own beside them, then move all into the folder."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".toolguild-", dir=folder) as scratch:
            beside = Path(scratch)
            for name, source in zip(names, sources, strict=True):
                shutil.copyfile(source, beside / name)
            _move((*names, *more(beside)), beside, folder)
    except BaseException:
        if made:
            with suppress(OSError):  # something stands in it after all: that is whole
                folder.rmdir()
        raise
    return tuple(folder / name for name in names)


def _images(result: Result, names: Sequence[str], beside: Path) -> Iterator[Image]:
    for name, file in zip(names, result.files, strict=True):
        if file.media_type in EMBEDDED and file.bytes <= MAX_IMAGE_BYTES:
            yield Image(name, file.media_type, (beside / name).read_bytes())


def _move(names: Sequence[str], beside: Path, folder: Path) -> None:
    for name in names:
        if (folder / name).is_dir():
            raise UsageError(f"{folder / name} is a folder; choose another --output")
    for name in names:
        (beside / name).replace(folder / name)
