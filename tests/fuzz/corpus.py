"""What fuzzing starts from: messages that were sent, answers of a child, the shipped policy, samples of code."""

import json
import struct
from pathlib import Path

from tests.fuzz.targets import NONCE

from toolguild.policy.load import default_text

_TESTS = Path(__file__).parents[1]


def messages() -> list[bytes]:
    """Return the golden messages, and references to stored bodies."""
    golden = [path.read_bytes() for path in sorted((_TESTS / "wire" / "golden").glob("*.json"))]
    return [*golden, b'{"$claim":{"sha256":"sha256:00","bytes":1}}', b'{"$claim":[]}']


def frame(kind: str, body: bytes = b"", length: int | None = None) -> bytes:
    """Return one frame of an answer; `length` is what it says of itself, where that is a lie."""
    size = len(body) if length is None else length
    return struct.pack("<16scQ", NONCE, kind.encode("latin-1"), size) + body


def answers() -> list[bytes]:
    """Return what harnesses say, and what tools say in their place."""
    fault = json.dumps({"type": "E", "message": "m", "frames": [["f", 1, "g"]], "errno": None})
    return [
        b"R" + frame("V", b"[1, 2]") + frame("Z"),
        b"R" + frame("E", fault.encode()) + frame("Z"),
        b"R" + frame("N", b"a.csv") + frame("F", b"1") + frame("V", b"1") + frame("Z"),
        b"R" + frame("V", b"1", 1 << 60),
        b"R" + frame("N", b"../a") + frame("F", b"1"),
        b"R" + frame("D") + frame("D") + frame("V", b"null") + frame("Z") + b"more",
        b"R" + b"\x00" * 16 + b"V" + b"\xff" * 8,
    ]


def values() -> list[bytes]:
    """Return JSON texts, and texts that look like it."""
    return [b'{"a": [1, 2.5, null, "x"]}', b"1e999", b'"\\ud800"', b"[" * 50 + b"]" * 50, b"NaN"]


def policies() -> list[bytes]:
    """Return the shipped policy and small ones."""
    small = (
        b"version: 1\nimports:\n  python:\n    allow: [requests]\nbudget: {ceiling: {usd: 2.0}}\n"
    )
    return [default_text().encode(), small, b"a: &a [*a]\n", b"a: &a [1,1]\nb: [*a,*a,*a]\n"]


def code(language: str) -> list[bytes]:
    """Return the samples of code in a language, dangerous and harmless."""
    ending = "py.txt" if language == "python" else "js.txt"
    found: list[bytes] = []
    for path in sorted((_TESTS / "static").rglob(f"*.{ending}")):
        for sample in path.read_text(encoding="utf-8").split("\n---"):
            found.append(sample.partition("\n")[2].encode())
    return found


def of(target: str) -> list[bytes]:
    """Return what fuzzing a target starts from."""
    seeds = {
        "message": messages,
        "answer": answers,
        "exchange": answers,
        "value": values,
        "policy": policies,
    }
    return seeds[target]() if target in seeds else code(target)
