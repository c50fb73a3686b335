"""What is odd about goals and files; ordinary ones are not."""

import bz2
import gzip
import io
import random
import string
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screen_samples import lines

from toolguild.screen.anomaly import of_file, of_text
from toolguild.screen.pace import Pace

RANDOM = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=9_000))


def rules(name: str, data: bytes) -> list[str]:
    return [one.rule for one in of_file(name, data, len(data))]


def zipped(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    return held.getvalue()


ZEROS = b"\0" * 8_000_000


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.csv", b"a,b\n1,\x002\n", "anomaly.encoding"),
        ("a.txt", bytes(range(128, 256)) * 20, "anomaly.encoding"),
        ("a.txt", "pay \u202e0001 euros".encode(), "anomaly.encoding"),
        ("a.txt", ("x\u200b" * 40).encode(), "anomaly.encoding"),
        ("a.txt", "раyраl and gооgle".encode(), "anomaly.encoding"),
        ("a.log", b"x " * 20_000, "anomaly.size"),
        ("a.txt", b"key " + RANDOM.encode(), "anomaly.blob"),
        ("a.xml", b"<!DOCTYPE x [" + b'<!ENTITY a "b">' * 8 + b"]><x/>", "anomaly.expansion"),
        ("a.csv.gz", gzip.compress(ZEROS), "anomaly.expansion"),
        ("a.bz2", bz2.compress(ZEROS), "anomaly.expansion"),
        ("a.zip", zipped(ZEROS), "anomaly.expansion"),
    ],
)
def test_an_odd_file_is_noted(name: str, data: bytes, rule: str) -> None:
    assert rule in rules(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"date,amount\n2026-01-01,12.5\n" * 500),
        ("a.csv", "name;Straße\nJürgen;Köln\n".encode("cp1252") * 50),
        ("a.csv", "name,city\nJosé,São Paulo\n".encode("utf-16")),
        ("a.json", b'{"rows": [' + b"1," * 30_000 + b"1]}"),
        ("a.txt", "Привет, мир. Hello, world. Γειά σου.".encode()),
        ("a.txt", "family 👨‍👩‍👧‍👦 and soft\u00adhyphens".encode()),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50),
        ("a.csv.gz", gzip.compress(b"date,amount\n2026-01-01,12.5\n" * 200)),
        ("a.zip", zipped(" ".join(lines("harmless")).encode())),
        ("a.gz", b"\x1f\x8bnonsense"),
        ("empty.csv", b""),
        ("a.html", b'<img src="data:image/png;base64,' + RANDOM.encode() + b'">'),
    ],
)
def test_an_ordinary_file_is_not(name: str, data: bytes) -> None:
    assert rules(name, data) == []


def test_a_goal_is_noted_for_its_size_or_its_characters_only() -> None:
    assert [one.rule for one in of_text("sum the numbers " * 600)] == ["anomaly.size"]
    assert [one.rule for one in of_text("sum \u202eeht numbers")] == ["anomaly.encoding"]
    assert not any(of_text(one) for one in [*lines("defence"), *lines("misuse")])


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.gz", "a", "a.xml"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_looked_at(data: bytes, name: str) -> None:
    of_file(name, data, len(data))
    of_file(name, b"PK\x03\x04" + data, 4 + len(data))
    of_file(name, b"\x1f\x8b" + data, 2 + len(data))


def test_more_goals_in_a_minute_than_usual_are_noted_once() -> None:
    pace = Pace()
    moments = [f"2026-01-01T00:00:{second:02}+00:00" for second in range(30)]
    told = [pace.given("ana", at, 10) for at in moments]

    assert [number for number, flag in enumerate(told) if flag] == [10]
    assert told[10] is not None
    assert told[10].rule == "anomaly.rate"
    assert pace.given("ben", moments[-1], 10) is None
    assert pace.given("ana", "2026-01-01T00:05:00+00:00", 10) is None
    assert pace.given("ana", "no moment", 0) is None
