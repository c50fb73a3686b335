"""What is fuzzed. Each target takes any bytes and returns, or fails an assertion: then it is our fault.

Used by Hypothesis in the suite, and by atheris through `tests.fuzz.run`.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from toolguild.capability import Limits
from toolguild.errors import UsageError
from toolguild.messages import Envelope
from toolguild.policy.load import parse_policy
from toolguild.policy.model import Policy
from toolguild.runtime.claim import unpack
from toolguild.sandbox import frames
from toolguild.sandbox.exchange import Exchange
from toolguild.static import review
from toolguild.static.files import as_text

WITHIN = 5.0  # seconds of CPU for one input, whatever it is; usual are milliseconds
NONCE = b"\x01" * 16
POLICY = Policy.default()
_MOST = 1 << 16  # bytes that a call may answer in this fuzzing


@contextmanager
def bounded() -> Iterator[None]:
    """Fail when what is inside takes longer than any input may."""
    start = time.process_time()
    yield
    took = time.process_time() - start
    assert took < WITHIN, f"took {took:.1f} s"


class _Bodies:
    async def put(self, name: str, content: bytes, holder: str = "") -> None:
        raise AssertionError("unpacking stores nothing")

    async def get(self, name: str) -> bytes:
        return name.encode("utf-8", "replace")


def message(data: bytes) -> None:
    """Decode a message as a service does: what is not one is refused by ValueError alone."""
    with bounded():
        try:
            envelope = Envelope.model_validate_json(asyncio.run(unpack(_Bodies(), data)))
        except ValueError:  # pydantic's too
            return
        again = Envelope.model_validate_json(envelope.model_dump_json())
        assert again == envelope
        assert again.subject.startswith("toolguild.")


def answer(data: bytes) -> None:
    """Take a child's answer in one piece and in many: the same comes of it, within the limits."""
    with bounded():
        whole = _fed(data, len(data) or 1)
        for size in (1, 7):
            assert _fed(data[:4096], size) == _fed(data[:4096], 4096)
        assert len(str(whole)) < 8 * (_MOST + len(data)) + 100_000


def _fed(data: bytes, size: int) -> object:
    """Return what a sequence of bytes says when it arrives in pieces of a size."""
    taken = frames.Answer(NONCE, result_bytes=_MOST, disk_bytes=_MOST)
    try:
        for start in range(0, len(data), size):
            taken.feed(data[start : start + size])
    except frames.Forged:
        return "forged"
    except frames.TooLong as error:
        return error.what
    assert len(taken.value or b"") <= _MOST
    assert sum(map(len, taken.files.values())) <= _MOST
    for name in taken.files:
        assert not name.startswith("/")
        assert ".." not in name.split("/")
    return (taken.value, taken.fault, taken.files, taken.too_much_output, taken.ended)


def value(data: bytes) -> None:
    """Parse a returned value and a described fault: forged, or something that JSON can say again."""
    with bounded():
        try:
            parsed = frames.value_of(data)
            json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()
        except frames.Forged:
            pass
        try:
            fault = frames.fault_of(data)
            str(fault["message"]).encode()
        except frames.Forged:
            pass


def exchange(data: bytes) -> None:
    """Carry a call whose child says these bytes and goes: it ends, and nothing is left open."""
    with bounded():
        asyncio.run(_exchanged(data))


async def _exchanged(data: bytes) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    out, into = os.pipe()
    carried = Exchange(ours, out)
    try:
        theirs.setblocking(False)
        with suppress(BlockingIOError):
            theirs.send(data[: 1 << 16] or b"\x00")
        theirs.close()
        os.close(into)
        taken = frames.Answer(NONCE, result_bytes=_MOST, disk_bytes=_MOST)
        async with asyncio.timeout(WITHIN):
            await carried.carry(b"{}", taken, Limits(wall_seconds=2.0))
    finally:
        carried.close()


def policy(data: bytes) -> None:
    """Read a policy file: a policy, or a mistake that names the file."""
    with bounded():
        told = "policy.yaml"
        try:
            parse_policy(data.decode("utf-8", "replace"))
        except UsageError as mistake:
            told = str(mistake)
        assert "policy.yaml" in told


def python(data: bytes) -> None:
    """Review bytes as a Python file."""
    with bounded():
        _reviewed(data, "python")


def javascript(data: bytes) -> None:
    """Review bytes as a JavaScript file."""
    with bounded():
        _reviewed(data, "javascript")


def _reviewed(data: bytes, language: str) -> None:
    source = as_text(data)
    if source is None:
        return
    known = "python" if language == "python" else "javascript"
    found = review(source, known, POLICY)  # type: ignore[arg-type]  # one of the two
    lines = source.count("\n") + 1
    for one in found.findings:
        assert 1 <= one.line <= max(lines, POLICY.max_lines + 1), one
        assert one.column >= 1, one
        assert one.message, one
    assert found == review(source, known, POLICY)  # type: ignore[arg-type]  # the same again


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "answer": answer,
    "value": value,
    "exchange": exchange,
    "policy": policy,
    "python": python,
    "javascript": javascript,
}
