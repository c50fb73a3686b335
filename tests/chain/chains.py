"""Chains made by hand: no server, no clock."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toolguild.canonical import Digest
from toolguild.chain import entry, export
from toolguild.chain.checkpoint import Keys
from toolguild.chain.entry import Item, Seen
from toolguild.chain.export import Reading
from toolguild.chain.page import Page, Position, written
from toolguild.identity import Ed25519Signer
from toolguild.tool import Signature

AT = "2026-11-22T05:00:00.000Z"
LOG = "TOOLGUILD_LOG"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def signing(key: Ed25519PrivateKey = KEY, by: str = "auditor") -> Callable[[Digest], Signature]:
    signer = Ed25519Signer(by, key)
    return lambda over: signer.sign("checkpoint", over)


def keys(key: Ed25519PrivateKey = KEY) -> Keys:
    return {"auditor": (key.public_key().public_bytes_raw().hex(),)}


def seen(sequence: int, data: bytes = b"", subject: str = "") -> Seen:
    body = data or f'{{"text":"message {sequence}, \\"quoted\\" and é"}}'.encode()
    headers = {"Nats-Msg-Id": f"id-{sequence}", "ce-source": "/toolguild/planner/task"}
    subject = subject or f"toolguild.fact.goal-given.t-{sequence % 3}"
    return Seen(LOG, sequence, subject, AT, headers, body)


def item(sequence: int, data: bytes = b"", subject: str = "") -> Item:
    return entry.message(seen(sequence, data, subject), keep=True)


def chain(
    *sizes: int, key: Ed25519PrivateKey = KEY, by: str = "auditor", name: str = "c" * 32
) -> list[Page]:
    """Return a chain with pages of so many messages; the first page has the entry that begins it too."""
    position, pages, sequence = Position.start(name), [], 0
    for number, size in enumerate(sizes, 1):
        items: list[Item] = [] if number > 1 else [entry.began({LOG: (1, 0)}, at=AT)]
        items += [item(sequence + n) for n in range(1, size + 1)]
        sequence += size
        page = next_page(position, items, sequence, number, key=key, by=by)
        position = Position.after(page)
        pages.append(page)
    return pages


def next_page(
    position: Position,
    items: Sequence[Item],
    read: int,
    sequence: int,
    *,
    key: Ed25519PrivateKey = KEY,
    by: str = "auditor",
) -> Page:
    sign = signing(key, by)
    return written(position, items, {LOG: read}, sequence=sequence, at=AT, sign=sign)


def exported(pages: Sequence[Page]) -> list[bytes]:
    """Return the lines of an export of the whole chain."""
    lines = [export.opening(pages[0].header["chain"], {})]
    for page in pages:
        lines += export.lines_of(page, page.items, whole=True)
    entries = sum(len(page.items) for page in pages)
    return [*lines, export.closing(pages[-1], len(pages), entries)]


def read(lines: Sequence[bytes], known: Keys | None = None) -> Reading:
    """Return what verification finds in the lines of an export."""
    reading = Reading(known or keys())
    for line in lines:
        reading.line(line)
    reading.end()
    return reading


def faults(lines: Sequence[bytes], known: Keys | None = None) -> list[str]:
    return [str(one) for one in read(lines, known).walk.faults]
