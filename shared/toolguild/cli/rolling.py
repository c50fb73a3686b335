"""Asking a guild that stays to restart its services, and its answer: files in its data directory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from toolguild.settings import Settings


@dataclass(frozen=True)
class Request:
    """Which services or processes to restart; none stands for all. `keys`: with new keys."""

    id: str
    names: tuple[str, ...]
    keys: bool = False


@dataclass(frozen=True)
class Replaced:
    """One process that took another's place."""

    name: str
    pid: int
    ready_seconds: float  # until it took messages, beside the old one
    settled_seconds: float  # that the old one then needed to end


@dataclass(frozen=True)
class Answer:
    """What was restarted, and what went wrong, if anything did."""

    replaced: tuple[Replaced, ...]
    error: str


def ask(settings: Settings, names: Sequence[str], *, keys: bool = False) -> Request:
    """Leave a request; the guild looks for it when it gets SIGHUP."""
    request = Request(uuid4().hex, tuple(names), keys)
    _write(_folder(settings) / f"{request.id}.request", {"names": list(names), "keys": keys})
    return request


def requests(settings: Settings) -> list[Request]:
    """Take the requests that wait, oldest first."""
    waiting = sorted(_folder(settings).glob("*.request"), key=lambda one: one.stat().st_mtime_ns)
    taken = []
    for place in waiting:
        told = json.loads(place.read_text())
        taken.append(Request(place.stem, tuple(told["names"]), bool(told.get("keys"))))
        place.unlink()
    return taken


def answer(settings: Settings, request: Request, done: Sequence[Replaced], error: str) -> None:
    """Say what became of a request."""
    told = {"replaced": [asdict(one) for one in done], "error": error}
    _write(_folder(settings) / f"{request.id}.answer", told)


def answered(settings: Settings, request: Request) -> Answer | None:
    """Take the answer to a request, if it is there."""
    place = _folder(settings) / f"{request.id}.answer"
    if not place.exists():
        return None
    told = json.loads(place.read_text())
    place.unlink()
    return Answer(tuple(Replaced(**one) for one in told["replaced"]), told["error"])


def forget(settings: Settings) -> None:
    """Drop what was asked of a guild that has ended."""
    for place in _folder(settings).iterdir():
        place.unlink()


def _folder(settings: Settings) -> Path:
    folder = settings.data_dir / "restart"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(place: Path, value: Mapping[str, object]) -> None:
    part = place.with_suffix(".part")
    part.write_text(json.dumps(value))
    part.replace(place)
