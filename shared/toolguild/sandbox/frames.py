"""What travels on a call's channel: one request in, frames out. Pure.

Frames are written by a process that hostile code shares. Every one carries the call's nonce, and its
length is checked before a byte of it is kept.
"""

import hmac
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from toolguild.sandbox.interface import Call, Code

_MAYBE_TOO_LARGE = re.compile(rb"[eE]\+?[0-9]{3}|[0-9]{308}")
_HEAD = struct.Struct("<16scQ")  # nonce, kind, length
_MOST_FAULT = 1 << 16
_MOST_NAME = 4096
_MOST_FILES = 4096

Kind = Literal["V", "E", "N", "F", "D", "Z"]  # value, fault, name, file, disk exceeded, end


class Forged(ValueError):
    """The bytes are not what the harness writes."""


class TooLong(ValueError):
    """A frame announces more than its limit. `what` is the outcome that this means."""

    def __init__(self, what: Literal["result", "disk"]) -> None:
        super().__init__(what)
        self.what: Literal["result", "disk"] = what


def request(call: Call, nonce: bytes) -> bytes:
    """Return the bytes that tell a waiting child what to run."""
    body = {
        "nonce": nonce.hex(),
        "source": call.code.source,
        "entry": call.code.entry,
        "arguments": call.arguments,
        "uses": {alias: _code(code) for alias, code in call.uses.items()},
        "disk_bytes": call.limits.disk_mb << 20,
        "exam": call.responses is not None,
    }
    raw = json.dumps(body, allow_nan=False).encode()
    return struct.pack("<I", len(raw)) + raw


@dataclass
class Answer:
    """What has arrived of a call's answer so far."""

    nonce: bytes
    result_bytes: int
    disk_bytes: int
    value: bytes | None = None
    fault: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    too_much_output: bool = False
    bad_name: str | None = None  # of a file that cannot be handed on by it, shown with escapes
    ended: bool = False
    started: bool = False  # the harness was there before any of the tool's code
    _name: str | None = None
    _waiting: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> None:
        """Take bytes from the channel. Raises Forged or TooLong; what came before then counts for nothing."""
        self._waiting += data
        if not self.started and self._waiting:
            if self._waiting[:1] != b"R":
                raise Forged("the child did not start as the harness does")
            del self._waiting[:1]
            self.started = True
        while not self.ended and self._take():
            pass
        if self.ended and self._waiting:
            raise Forged("bytes after the end")

    def _foreign(self) -> bool:
        """Say whether what arrived of a frame cannot become one of the harness's."""
        head = bytes(self._waiting[:16])
        return bool(head) and not self.nonce.startswith(head)

    def _take(self) -> bool:
        if self._foreign():
            raise Forged("words that are no frame of this call")
        if len(self._waiting) < _HEAD.size:
            return False
        nonce, letter, length = _HEAD.unpack_from(self._waiting)
        if not hmac.compare_digest(nonce, self.nonce):
            raise Forged("a frame without this call's nonce")
        kind = letter.decode("latin-1")
        if kind not in get_args(Kind):
            raise Forged(f"a frame of unknown kind {kind!r}")
        self._check_length(kind, length)
        end = _HEAD.size + length
        if len(self._waiting) < end:
            return False
        body = bytes(self._waiting[_HEAD.size : end])
        del self._waiting[:end]
        self._accept(kind, body)
        return True

    def _check_length(self, kind: str, length: int) -> None:
        if kind == "V" and length > self.result_bytes:
            raise TooLong("result")
        if kind == "F" and length > self.disk_bytes - sum(map(len, self.files.values())):
            raise TooLong("disk")
        most = {"E": _MOST_FAULT, "N": _MOST_NAME, "D": 0, "Z": 0}
        if length > most.get(kind, length):
            raise Forged(f"a {kind} frame of {length} bytes")

    def _accept(self, kind: str, body: bytes) -> None:
        answered = self.value is not None or self.fault is not None
        if (kind in "VE") == answered or (kind == "F") != (self._name is not None):
            raise Forged(f"a {kind} frame out of turn")
        if kind == "V":
            self.value = body
        elif kind == "E":
            self.fault = body
        elif kind == "N":
            self._name = self._named(body)
            if self._name in self.files:
                raise Forged("a file twice")
            if len(self.files) >= _MOST_FILES:
                raise TooLong("disk")
        elif kind == "F" and self._name is not None:
            self.files[self._name], self._name = body, None
        elif kind == "D":
            self.too_much_output = True
        elif kind == "Z":
            self.ended = True

    def _named(self, body: bytes) -> str:
        name = _file_name(body)
        if not name.isprintable():
            self.bad_name = ascii(name)[:200]
        return name


def value_of(raw: bytes) -> object:
    """Parse a returned value. Raises Forged where the harness would have refused it."""
    try:
        value: object = json.loads(raw.decode(), parse_constant=_no_constant)
        if _MAYBE_TOO_LARGE.search(raw):
            json.dumps(value, allow_nan=False)  # 1e999 is infinity, and no JSON value
        if b"\\ud" in raw or b"\\uD" in raw:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise Forged(f"a value that is not JSON: {str(error)[:100]}") from error
    return value


def fault_of(raw: bytes) -> Mapping[str, object]:
    """Parse a described exception into type, message, frames and errno. Raises Forged."""
    try:
        told = json.loads(raw)
        frames = [(str(f), int(line), str(name)) for f, line, name in told["frames"][:100]]
        return {
            "type": str(told["type"])[:200],
            "message": str(told["message"]).encode(errors="replace").decode(),
            "frames": frames,
            "errno": told["errno"] if isinstance(told["errno"], int) else None,
        }
    except (ValueError, RecursionError, KeyError, TypeError, OverflowError) as error:
        raise Forged("a fault that the harness did not write") from error


def _code(code: Code) -> dict[str, str]:
    return {"source": code.source, "entry": code.entry}


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _file_name(body: bytes) -> str:
    """Return a relative path; bytes that are no text become lone surrogates, which are not printable."""
    name = body.decode(errors="surrogateescape")
    parts = name.split("/")
    if not name or any(part in ("", ".", "..") for part in parts):
        raise Forged(f"a file name that cannot be used: {ascii(name)[:100]}")
    return name
