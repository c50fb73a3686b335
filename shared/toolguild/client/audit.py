"""The audit chain of a guild that can be reached: verify it, hold it against the log, search it, export it."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from toolguild.canonical import digest_of_bytes
from toolguild.chain import export
from toolguild.chain.checkpoint import Keys, complaint
from toolguild.chain.entry import Item, Seen, body_of
from toolguild.chain.fault import span
from toolguild.chain.page import Page, parsed
from toolguild.chain.walk import Walk
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.stream import held_by
from toolguild.runtime.topology import AUDIT, DEAD, LOG

Progress = Callable[[str, int], None]  # what is being read, and how many messages of it have been


def _silent(what: str, count: int) -> None:
    return None


@dataclass(frozen=True)
class Found:
    """What verification of a chain on its server found."""

    walk: Walk
    compared: int  # messages that the log still holds and the chain has as they are
    unrecorded: int  # messages that are so new that no page holds them yet
    pages: dict[str, int] = field(default_factory=dict)


async def pages(bus: Bus, progress: Progress = _silent) -> AsyncIterator[tuple[int, Page | str]]:
    """Yield what stands in the audit stream, by sequence: pages, or why something there is none."""
    count = 0
    async for seen in held_by(bus, AUDIT):
        count += 1
        progress("pages", count)
        try:
            yield seen.sequence, parsed(seen.data)
        except ValueError as error:
            yield seen.sequence, str(error)


async def items(
    bus: Bus, keys: Keys, progress: Progress = _silent
) -> AsyncIterator[tuple[Page, Item]]:
    """Yield every entry of the chain with its page, in order; of pages that the auditor signed for that place."""
    async for sequence, page in pages(bus, progress):
        if isinstance(page, Page) and page.header["seq"] == sequence and not complaint(page, keys):
            for item in page.items:
                yield page, item


async def verify(bus: Bus, keys: Keys, progress: Progress = _silent) -> Found:
    """Walk along the chain, then hold it against what log and dead letters still hold.

    Raises TemporaryError when NATS stays away.
    """
    walk, known, gone = Walk(keys), _Recorded(), 0
    async for sequence, page in pages(bus, progress):
        if sequence > gone + 1:
            walk.fault(span("message", gone + 1, sequence - 1), _LOST)
        gone = sequence
        if isinstance(page, str):
            walk.fault(f"message {sequence} of the audit stream", f"it is no page: {page}")
            continue
        if page.header["seq"] != sequence:
            at = page.header["seq"]
            walk.fault(
                f"message {sequence} of the audit stream",
                f"it is page {page.number}, which was written as message {at}",
            )
            continue
        walk.page(page)
        for item in page.items:
            if walk.entry(item):
                known.take(item)
    walk.turn()
    last = int(
        (await retried(lambda: bus.js.stream_info(AUDIT), "look at the chain")).state.last_seq
    )
    if last > gone:
        walk.fault(span("message", gone + 1, last), _LOST)
    if walk.first_page > 1:
        walk.fault(span("page", 1, walk.first_page - 1), "missing: the chain begins with page 1")
    compared, unrecorded = 0, 0
    for stream in (LOG, DEAD):
        read = walk.head.read.get(stream, 0) if walk.head else 0
        async for seen in held_by(bus, stream):
            progress(stream, seen.sequence)
            if seen.sequence > read:
                unrecorded += 1
                continue
            wrong = known.complaint(seen)
            if wrong:
                walk.fault(*wrong)
            else:
                compared += 1
    return Found(walk, compared, unrecorded)


_LOST = "the store of the audit stream does not give it back"


class _Recorded:
    """What the chain has of each message, by stream and sequence."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[int, str, str, str]] = {}

    def take(self, item: Item) -> None:
        """Keep what names an entry's message."""
        entry = item.entry
        match entry.get("kind"):
            case "message":
                place = (str(entry.get("stream")), int(entry.get("seq", 0)))
                digest, subject = str(entry.get("sha256")), str(entry.get("subject"))
                self._known[place] = (int(entry["n"]), digest, subject, str(entry.get("id")))
            case "reset":
                cut = str(entry.get("stream"))
                self._known = {at: one for at, one in self._known.items() if at[0] != cut}

    def complaint(self, seen: Seen) -> tuple[str, str] | None:
        """Return where and what differs between a message and its entry, or None if nothing does."""
        where, known = (
            f"{seen.stream} {seen.sequence}",
            self._known.get((seen.stream, seen.sequence)),
        )
        if known is None:
            return where, f"the log holds {seen.subject}, and the chain has no entry of it"
        number, digest, subject, id_ = known
        if digest != digest_of_bytes(seen.data):
            return where, f"its content is another one than entry {number} recorded"
        if subject != seen.subject:
            return where, f"its subject is {seen.subject}, and entry {number} recorded {subject}"
        if id_ != seen.headers.get("Nats-Msg-Id", "")[:512]:
            return where, f"its id is another one than entry {number} recorded"
        return None


@dataclass(frozen=True)
class Query:
    """What is looked for; every condition that is given has to hold."""

    text: str = ""  # in the subject or the body, whatever its case
    kinds: tuple[str, ...] = ()  # "tool-ran"; of entries without a message: "gap", "derived", ...
    who: str = ""  # in the source: "executor", "client"; or a person's name that the body names
    key: str = ""  # a task, build, tool or item: in the subject, or named by the body
    since: str = ""  # ISO 8601, UTC
    until: str = ""

    def takes(self, item: Item) -> bool:
        """Whether an entry is one of those."""
        entry = item.entry
        at = str(entry.get("at", ""))
        if (self.since and at < self.since) or (self.until and at > self.until):
            return False
        if self.kinds and kind_of(entry) not in self.kinds:
            return False
        subject, body = str(entry.get("subject", "")), _text(item)
        if self.key and self.key not in subject and self.key not in body:
            return False
        if self.who and self.who not in str(entry.get("source", "")) and not self._said(body):
            return False
        return not self.text or self.text.lower() in f"{subject}\n{body}".lower()

    def _said(self, body: str) -> bool:
        name = re.escape(self.who)
        return re.search(rf'"(by|user|approved_by|author)":\s*"(person:)?{name}"', body) is not None


def kind_of(entry: Mapping[str, object]) -> str:
    """Return the kind of message that an entry records, or the entry's own when it records none."""
    subject = str(entry.get("subject", ""))
    parts = subject.split(".")
    if entry.get("kind") not in ("message", "derived") or len(parts) < 3:
        return str(entry.get("kind"))
    return parts[2]


def _text(item: Item) -> str:
    try:
        return (body_of(item) or b"").decode("utf-8", "replace")
    except ValueError:
        return ""


@dataclass(frozen=True)
class Selection:
    """What of the chain is exported; nothing given: all of it."""

    first: int = 0  # number of the first entry; whole pages are taken
    last: int = 0
    task: str = ""
    bodies: bool = True

    @property
    def asked(self) -> dict[str, str | int]:
        """What the first line of the export says."""
        found: dict[str, str | int] = {}
        if self.first:
            found["from"] = self.first
        if self.last:
            found["to"] = self.last
        if self.task:
            found["task"] = self.task
        if not self.bodies:
            found["bodies"] = "no"
        return found


@dataclass
class Exported:
    """How much was exported."""

    pages: int = 0
    entries: int = 0
    head: Page | None = None


async def export_lines(
    bus: Bus, selection: Selection, told: Exported, progress: Progress = _silent
) -> AsyncIterator[bytes]:
    """Yield the lines of an export; `told` is filled on the way. Raises TemporaryError when NATS stays away."""
    asked, chain = selection.asked, ""
    builds: set[str] = set()
    waiting: list[bytes] = []  # pages with nothing to show: only those between others are needed
    async for sequence, page in pages(bus, progress):
        if isinstance(page, str) or page.header["seq"] != sequence:
            continue  # no page of this chain; `verify` on the server names it
        if not chain:
            chain = str(page.header["chain"])
            yield export.opening(chain, asked)
        told.head = page
        if selection.first and page.last < selection.first:
            continue
        if selection.last and page.header["first"] > selection.last:
            continue
        shown = [
            one for one in page.items if not selection.task or _of(selection.task, one, builds)
        ]
        if not selection.bodies:
            shown = [Item(one.entry) for one in shown]
        lines = list(export.lines_of(page, shown, whole=not selection.task))
        if selection.task and not shown:
            waiting += lines if told.pages else []
            continue
        told.pages += len(waiting) + 1
        told.entries += len(shown)
        for line in (*waiting, *lines):
            yield line
        waiting = []
    if not chain:
        yield export.opening("", asked)
    yield export.closing(told.head, told.pages, told.entries)


def _of(task: str, item: Item, builds: set[str]) -> bool:
    """Whether an entry is about a task, or about a build that it waits for."""
    subject = str(item.entry.get("subject", ""))
    key = subject.rpartition(".")[2]
    if f".{task}" in subject:
        return True
    if kind_of(item.entry) == "tool-wanted" and task in _text(item):
        builds.add(key)
    return key in builds or (item.entry.get("stream") == DEAD and task in _text(item))


async def head(bus: Bus) -> Page | None:
    """Return the newest page that stands in the audit stream, verified by nobody; None if there is none."""
    found = None
    info = await bus.js.stream_info(AUDIT)
    async for sequence, page in _from(bus, max(int(info.state.last_seq) - 8, 1)):
        if isinstance(page, Page) and page.header["seq"] == sequence:
            found = page
    return found


async def _from(bus: Bus, first: int) -> AsyncIterator[tuple[int, Page | str]]:
    async for seen in held_by(bus, AUDIT, first):
        try:
            yield seen.sequence, parsed(seen.data)
        except ValueError as error:
            yield seen.sequence, str(error)
