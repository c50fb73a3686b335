"""A page: some entries in order, the digest of the page before, and the auditor's signature over all of it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolguild.canonical import Digest
from toolguild.chain.encoding import decode, digest, encode
from toolguild.chain.entry import Item
from toolguild.tool.record import Signature

NOTHING = Digest("0" * 64)  # what the first page follows
FORMAT = 1
LARGEST = 4096  # entries of one page; as much as the policy allows
HEADER = frozenset(
    {"v", "chain", "page", "seq", "previous", "at", "first", "last", "entries", "read"}
)
SIGNATURE = frozenset({"purpose", "by", "over", "key", "signature"})

Sign = Callable[[Digest], Signature]


@dataclass(frozen=True)
class Page:
    """One page as it stands in the audit stream and in an export."""

    header: dict[str, Any]
    signature: dict[str, str]
    digests: tuple[str, ...]  # of its entries, in order
    items: tuple[Item, ...] = ()

    @property
    def number(self) -> int:
        """Counted from 1."""
        return int(self.header["page"])

    @property
    def last(self) -> int:
        """The number of its last entry, which is how many entries the chain has up to here."""
        return int(self.header["last"])

    @property
    def digest(self) -> Digest:
        """The SHA-256 of its header, which holds the digests of everything else."""
        return digest(self.header)

    @property
    def read(self) -> dict[str, int]:
        """Of each stream: the last sequence that the chain accounts for."""
        return dict(self.header["read"])

    def encoded(self) -> bytes:
        """Return the page as it is published."""
        items = [_item(one) for one in self.items]
        return encode(
            {
                "header": self.header,
                "signature": self.signature,
                "digests": list(self.digests),
                "items": items,
            }
        )


@dataclass(frozen=True)
class Position:
    """Where a chain stands: what the next page follows."""

    chain: str
    page: int
    entry: int
    digest: Digest
    read: Mapping[str, int]

    @staticmethod
    def start(chain: str) -> "Position":
        """Return the position before the first page of a new chain."""
        return Position(chain, 0, 0, NOTHING, {})

    @staticmethod
    def after(page: Page) -> "Position":
        """Return the position behind a page."""
        return Position(page.header["chain"], page.number, page.last, page.digest, page.read)


def root(digests: Sequence[str]) -> Digest:
    """Return the SHA-256 over the bytes of all these digests, one after another.

    Raises ValueError if one is no digest.
    """
    return Digest(hashlib.sha256(b"".join(map(raw, digests))).hexdigest())


def raw(text: object) -> bytes:
    """Return the bytes of a digest in its one form: 64 lower-case hexadecimal digits. Raises ValueError else."""
    if not isinstance(text, str) or not is_hex(text, 64):
        raise ValueError("it is no SHA-256 in hexadecimal")
    return bytes.fromhex(text)


def is_hex(text: str, length: int) -> bool:
    """Whether a text is so many lower-case hexadecimal digits."""
    return len(text) == length and not set(text) - set("0123456789abcdef")


def written(
    before: Position,
    items: Sequence[Item],
    read: Mapping[str, int],
    *,
    sequence: int,
    at: str,
    sign: Sign,
) -> Page:
    """Return the next page: the items numbered on, chained to what is before and signed.

    `sequence` is its place in the audit stream: elsewhere, the same page is a copy that somebody put there.
    """
    numbered = tuple(
        Item({"n": before.entry + number, **item.entry}, item.body, item.size)
        for number, item in enumerate(items, 1)
    )
    digests = tuple(digest(item.entry) for item in numbered)
    header = {
        "v": FORMAT,
        "chain": before.chain,
        "page": before.page + 1,
        "seq": sequence,
        "previous": before.digest,
        "at": at,
        "first": before.entry + 1,
        "last": before.entry + len(numbered),
        "entries": root(digests),
        "read": {**before.read, **read},
    }
    signature = sign(digest(header))
    return Page(header, _plain(signature), digests, numbered)


def parsed(data: bytes) -> Page:
    """Return the page in the bytes of a message. Raises ValueError when they are none; verifies nothing."""
    record = decode(data)
    if set(record) != {"header", "signature", "digests", "items"}:
        raise ValueError("it has not the parts of a page")
    items = record["items"]
    if not isinstance(items, list):
        raise ValueError("its items are no list")
    page = page_of(record["header"], record["signature"], record["digests"])
    return Page(page.header, page.signature, page.digests, tuple(map(item_of, items)))


def page_of(header: Any, signature: Any, digests: Any) -> Page:
    """Return a page without its items. Raises ValueError when a part has not the form that it must have."""
    if not isinstance(header, dict) or set(header) != HEADER:
        raise ValueError("it has no header of a page")
    if header["v"] != FORMAT or isinstance(header["v"], bool):
        raise ValueError(f"its format is {header['v']!r}, and this program knows {FORMAT}")
    for name in ("page", "seq", "first", "last"):
        if not _count(header[name]):
            raise ValueError(f"its {name} is no number")
    if not 0 <= header["last"] - header["first"] < LARGEST:
        raise ValueError(f"it has no entries, or more than {LARGEST}")
    if not isinstance(header["read"], dict) or not all(map(_count, header["read"].values())):
        raise ValueError("its positions are no numbers")
    if not isinstance(signature, dict) or set(signature) != SIGNATURE:
        raise ValueError("it has no signature")
    if not all(isinstance(one, str) for one in signature.values()):
        raise ValueError("its signature is not one of texts")
    if not isinstance(digests, list) or not all(isinstance(one, str) for one in digests):
        raise ValueError("its digests are no list of texts")
    return Page(header, signature, tuple(digests))


def item_of(record: Any) -> Item:
    """Return one item of a page or a line of an export. Raises ValueError when it is none."""
    if not isinstance(record, dict) or not isinstance(record.get("entry"), dict):
        raise ValueError("it is no entry")
    if set(record) - {"entry", "body"}:
        raise ValueError("it has parts that an entry has not")
    entry, body = record["entry"], record.get("body")
    if not _count(entry.get("n")) or not isinstance(entry.get("kind"), str):
        raise ValueError("the entry has no number or no kind")
    if "body" in record and not isinstance(body, str):
        raise ValueError("the body is no text")
    return Item(entry, body)


def record_of(item: Item) -> dict[str, Any]:
    """Return an item as it stands in a page and in an export."""
    return _item(item)


def _item(item: Item) -> dict[str, Any]:
    return {"entry": item.entry} if item.body is None else {"entry": item.entry, "body": item.body}


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _plain(signature: Signature) -> dict[str, str]:
    return {name: str(getattr(signature, name)) for name in SIGNATURE}
