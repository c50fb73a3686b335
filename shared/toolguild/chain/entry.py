"""One entry: a message as it was seen on the bus, or what is known of one that was not seen."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from toolguild.canonical import digest_of_bytes
from toolguild.chain.encoding import MOST, encode

Fields = dict[str, Any]  # the fields of an entry, without its number

# A body that takes more bytes as JSON is named by its digest only: a page has to fit into one message.
LARGEST_BODY = 640 * 1024
# Headers that tell where a message comes from; the others repeat what is in the body or in the entry.
HEADERS = (
    "toolguild-cause",
    "toolguild-requeued",
    "traceparent",
    "toolguild-signer",  # who sent it, and the signature over its subject and bytes that says so
    "toolguild-key",
    "toolguild-signature",
    "Nats-Stream",  # of a copy: the stream, subject, sequence and time of the message itself
    "Nats-Subject",
    "Nats-Sequence",
    "Nats-Last-Sequence",
    "Nats-Time-Stamp",
    "Nats-Schedule-Target",  # of a message that is kept for later: the subject that it will get
    "Nats-Scheduler",  # of a message that was kept for later
)
LONGEST = 512  # characters of a header or an id that are kept
_CLAIM = b'{"$claim":'
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Seen:
    """One message as a stream holds it. `at` is when the server took it, ISO 8601, UTC."""

    stream: str
    sequence: int
    subject: str
    at: str
    headers: Mapping[str, str]
    data: bytes

    @property
    def origin(self) -> tuple[str, int] | None:
        """Of a copy: the stream that holds the message itself, and its sequence there."""
        stream, number = self.headers.get("Nats-Stream", ""), self.headers.get("Nats-Sequence", "")
        if not stream or not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        return stream, int(number)


@dataclass(frozen=True)
class Item:
    """An entry with its body beside it, as a page holds it.

    The entry has the body's digest and not the body: it can be left out, and the chain still verifies.
    """

    entry: Fields
    body: str | None = None
    size: int = field(default=0, compare=False)  # bytes in a page, but for number and digest


def claim_of(data: bytes) -> tuple[str, int] | None:
    """Return digest and size of the content that a body only refers to, or None if it stands for itself."""
    if not data.startswith(_CLAIM):
        return None
    try:
        claim = json.loads(data)["$claim"]
        sha256, size = claim["sha256"], claim["bytes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    good = isinstance(sha256, str) and _SHA256.fullmatch(sha256) and type(size) is int
    return (sha256, size) if good and 0 <= size <= MOST else None


def message(
    seen: Seen,
    *,
    keep: bool,
    stored: bool | None = None,
    why: str = "",
    largest: int = LARGEST_BODY,
) -> Item:
    """Return the entry of a message. `keep`: with its body, unless that is larger than `largest` bytes.

    `stored`: whether the object that the body refers to was there with the digest it names; None if it refers to
    none. `why` is given for a message that the log never got and that was found elsewhere.
    """
    kept, body, size = _kept(seen.data, largest) if keep else ("no", None, 0)
    entry: Fields = {
        "kind": "derived" if why else "message",
        "stream": seen.stream,
        "seq": seen.sequence,
        "at": seen.at,
        "subject": seen.subject,
        "id": _text(seen.headers.get("Nats-Msg-Id", "")),
        "source": _text(seen.headers.get("ce-source", "")),
        "headers": {name: _text(seen.headers[name]) for name in HEADERS if seen.headers.get(name)},
        "sha256": digest_of_bytes(seen.data),
        "bytes": len(seen.data),
        "body": kept,
    }
    claim = claim_of(seen.data)
    if claim is not None:
        entry["content"] = {"sha256": claim[0], "bytes": claim[1], "stored": bool(stored)}
    if why:
        entry["why"] = why
    return Item(entry, body, size + len(encode(entry)))


def gap(stream: str, first: int, last: int, *, at: str, why: str) -> Item:
    """Return the entry that names sequences of a stream which nobody recorded."""
    return Item(
        {"kind": "gap", "stream": stream, "first": first, "last": last, "at": at, "why": why}
    )


def began(streams: Mapping[str, tuple[int, int]], *, at: str) -> Item:
    """Return the first entry of a chain: the first and last sequence that each stream had then."""
    held = {name: {"first": first, "last": last} for name, (first, last) in streams.items()}
    return Item({"kind": "began", "at": at, "streams": held})


def reset(stream: str, was: int, ends: int, *, at: str) -> Item:
    """Return the entry that says that a stream ends before what was recorded of it: it was made anew, or cut.

    All that it holds now is recorded again.
    """
    entry: Fields = {"kind": "reset", "stream": stream, "was": was, "ends": ends, "now": 0}
    return Item({**entry, "at": at})


def foreign(sequence: int, data: bytes, *, at: str, why: str) -> Item:
    """Return the entry that names a message in the audit stream that is no page of this chain."""
    return Item(
        {
            "kind": "foreign",
            "seq": sequence,
            "sha256": digest_of_bytes(data),
            "bytes": len(data),
            "at": at,
            "why": _text(why),
        }
    )


def body_of(item: Item) -> bytes | None:
    """Return the bytes of a body that is kept, or None. Raises ValueError when they are not those of the entry."""
    how, body = item.entry.get("body", "no"), item.body
    if body is None:
        return None
    if how == "text":
        data = body.encode()
    elif how == "base64":
        data = _decoded(body)
    else:
        raise ValueError("it has a body, and its entry says that none is kept")
    if digest_of_bytes(data) != item.entry.get("sha256"):
        raise ValueError("its body is not the one that its digest names")
    return data


def _decoded(body: str) -> bytes:
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("its body is no base64") from error
    if base64.b64encode(data).decode() != body:
        raise ValueError("its body is not in canonical base64")
    return data


def _text(value: str) -> str:
    """Return a header as text that can be encoded, whatever somebody put into it."""
    return value[:LONGEST].encode("utf-8", "replace").decode()


def _kept(data: bytes, largest: int) -> tuple[Literal["text", "base64", "no"], str | None, int]:
    if len(data) > largest:
        return "no", None, 0
    try:
        text = data.decode()
        how: Literal["text", "base64"] = "text"
    except UnicodeDecodeError:
        text, how = base64.b64encode(data).decode(), "base64"
    size = len(json.dumps(text, ensure_ascii=False).encode())
    return (how, text, size) if size <= largest else ("no", None, 0)
