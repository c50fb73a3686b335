"""Answering from a recording, and making one."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

from toolguild.budget.ledger import Price
from toolguild.errors import Misconfigured
from toolguild.model.provider import Provider
from toolguild.model.recording import Entry, Header, Recording, explain_miss, load_recording
from toolguild.model.request import Call, Completion, Request
from toolguild.tool.draft import ModelSource


class RecordedModel:
    """Answers from a recording, labelled so. A replay costs no money; the recorded tokens count."""

    source: ModelSource = "recorded"

    def __init__(self, path: Path) -> None:
        """Raises Misconfigured if the file cannot be read as a recording."""
        self._path = path
        self._recording = load_recording(path)
        self.model = self._recording.header.model

    async def price(self) -> Price:
        return Price()

    async def complete(self, call: Call) -> Completion:
        """Return the recorded answer. Raises Misconfigured saying what has changed if there is none."""
        entry = self._recording.find(call.request)
        if entry is None:
            why = await asyncio.to_thread(explain_miss, self._recording, call.request)
            raise Misconfigured(
                f"the recording {self._path} has no answer to this request: {why}\n"
                "A recording answers only what it was made from: use the same goal, files and prompts, "
                "or choose a model (see `toolguild doctor`)"
            )
        return _replayed(entry)

    async def aclose(self) -> None:
        """Nothing to close."""


class RecordingModel:
    """Asks another model and appends what it answers to a recording.

    A request that the file already answers is answered from it, as a replay will: so one file never holds
    two answers to one request, and a recording that was broken off goes on where it stopped.
    """

    def __init__(
        self,
        provider: Provider,
        path: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises Misconfigured if the file exists and is no recording."""
        self._provider = provider
        self._path = path
        self._now = now
        if path.exists():
            load_recording(path)

    @property
    def model(self) -> str:
        return self._provider.model

    @property
    def source(self) -> ModelSource:
        return self._provider.source

    async def price(self) -> Price:
        return await self._provider.price()

    async def complete(self, call: Call) -> Completion:
        """Return the recorded answer, or else ask and record."""
        known = await asyncio.to_thread(self._find, call.request)
        if known is not None:
            return _replayed(known)
        completion = await self._provider.complete(call)
        at = self._now().isoformat(timespec="seconds")
        entry = Entry(
            request_digest=call.request.digest,
            request=call.request,
            completion=completion,
            recorded_at=at,
        )
        return await asyncio.to_thread(self._append, entry, completion)

    async def aclose(self) -> None:
        await self._provider.aclose()

    def _find(self, request: Request) -> Entry | None:
        return load_recording(self._path).find(request) if self._path.exists() else None

    def _append(self, entry: Entry, completion: Completion) -> Completion:
        """Write the file anew with one more answer, whole or not at all; return what it now answers."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _only_writer(self._path.parent):
            recording = self._so_far(entry.recorded_at)
            if known := recording.find(entry.request):
                return _replayed(known)  # another process was faster
            _replace(self._path, recording.with_entry(entry).dumps())
        return completion

    def _so_far(self, at: str) -> Recording:
        if self._path.exists():
            return load_recording(self._path)
        generator = f"toolguild {version('toolguild')}"
        return Recording(Header(model="", recorded_at=at, generator=generator), {})


def _replayed(entry: Entry) -> Completion:
    return entry.completion.model_copy(update={"source": "recorded", "usd": 0.0})


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold a lock that ends with this process at the latest."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
