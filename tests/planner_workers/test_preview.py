"""What the planner sees of a file before it plans."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild_planner.preview import preview

CSV = b"date,category,amount\n2026-01-02,food,12.50\n2026-01-03,rent,800\n2026-01-05,books,7\n"
NAMES = st.sampled_from(
    ["a.csv", "a.tsv", "a.json", "a.jsonl", "a.xml", "a.html", "a.txt", "a.pdf", "noname", "a."]
)


def test_a_csv_shows_columns_with_types_and_its_first_three_rows() -> None:
    seen = preview("x.csv", CSV + b"2026-01-06,food,9\n", len(CSV) + 18)

    assert seen.kind == "csv"
    assert "columns: date (date), category (text), amount (number)" in seen.shown
    assert "2026-01-05,books,7" in seen.shown
    assert not any("2026-01-06" in line for line in seen.shown)
    assert seen.figures == {"columns": 3, "rows": 4}


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_other_delimiters_are_recognised(mark: str, word: str) -> None:
    head = CSV.replace(b",", mark.encode())
    seen = preview("x.csv", head, len(head))

    assert seen.shown[0].endswith(f"{word}-separated")
    assert "columns: date (date), category (text), amount (number)" in seen.shown


def test_quoted_delimiters_and_line_ends_belong_to_their_cell() -> None:
    head = b'name,note\nAnna,"a, b\nc"\nBen,d\n'
    seen = preview("x.csv", head, len(head))

    assert seen.figures == {"columns": 2, "rows": 2}
    assert seen.note == ""


@settings(deadline=None)  # machines that run tests are busy
@given(
    st.lists(st.tuples(st.text("abcxyz", max_size=8), st.integers(0, 10**6)), max_size=30),
    st.lists(st.tuples(st.text("abcxyz", max_size=8), st.integers(0, 10**6)), max_size=300),
)
def test_rows_beyond_the_preview_do_not_change_what_is_shown(
    one: list[tuple[str, int]], other: list[tuple[str, int]]
) -> None:
    first, second = (
        CSV + b"".join(f"2026-02-01,{name},{number}\n".encode() for name, number in rows)
        for rows in (one, other)
    )

    assert preview("x.csv", first, len(first)).shown == preview("x.csv", second, len(second)).shown


def test_a_cut_head_shows_the_same_as_the_whole_file() -> None:
    whole = CSV + b"2026-02-01,food,3\n" * 5000
    cut = preview("x.csv", whole[:65536], len(whole))

    assert cut.shown == preview("x.csv", whole, len(whole)).shown
    assert cut.figures == {"columns": 3}


def test_a_row_that_the_head_cuts_in_two_is_not_shown() -> None:
    seen = preview("x.csv", CSV[:50], 10_000)

    assert "2026-01-02,food,12.50" in seen.shown
    assert not any(line.startswith("2026-01-03") for line in seen.shown)


def test_items_beyond_the_first_do_not_change_what_is_shown_of_json() -> None:
    items = [{"id": n, "tags": ["a", "b", "c"]} for n in range(50)]
    short, long = (json.dumps(part).encode() for part in (items[:5], items))

    assert preview("x.json", short, len(short)).shown == preview("x.json", long, len(long)).shown
    assert (
        preview("x.json", long[:600], len(long)).shown == preview("x.json", long, len(long)).shown
    )
    assert (
        "JSON: array of object {id: integer, tags: array of text}"
        in preview("x.json", long, len(long)).shown
    )
    assert preview("x.json", long, len(long)).figures == {"items": 50}


@pytest.mark.parametrize(
    ("name", "head", "kind", "words"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": 2}\n', "jsonl", "each: object {a: integer}"),
        ("a.log", b'{"a": 1}\n{"a": 2}\n', "jsonl", "each: object {a: integer}"),
        (
            "a.xml",
            b"<feed><item id='1'><name>x</name></item></feed>",
            "xml",
            "feed/item (attributes: id)",
        ),
        ("a.html", b"<!doctype html><p>hi</p>", "html", "<p>hi</p>"),
        ("a.md", b"# Title\ntext\n", "text", "# Title"),
        ("a.dat", b"\x89PNG\r\n\x1a\n\x00\x00", "binary", "PNG image"),
        ("a.db", b"SQLite format 3\x00\x10\x00", "binary", "SQLite database"),
        ("a.csv", b"", "empty", "empty file"),
    ],
)
def test_the_kind_is_told_by_content(name: str, head: bytes, kind: str, words: str) -> None:
    seen = preview(name, head, len(head))

    assert seen.kind == kind
    assert any(words in line for line in seen.shown)


def test_binary_garbage_named_csv_is_called_what_it_is() -> None:
    head = bytes(range(256)) * 8
    seen = preview("data.csv", head, len(head))

    assert seen.kind == "binary"
    assert seen.note == "named .csv, but its content is binary: not readable as text"
    assert seen.note in seen.shown


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.json", b"{not json}"),
        ("a.json", b"[" * 5000),
        ("a.xml", b"<a><b></a>"),
        ("a.xml", b"plain"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_shown_as_text_with_a_note(
    name: str, head: bytes
) -> None:
    seen = preview(name, head, len(head))

    assert seen.kind == "text"
    assert seen.note.startswith(f"named .{name[2:]}, but its content is not")


def test_a_document_type_is_not_opened() -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'

    assert preview("a.xml", head, len(head)).shown[0] == "XML with a document type, not looked into"


def test_latin_text_is_read_and_its_encoding_named() -> None:
    head = "name,stra\xdfe\nJ\xfcrgen,Hauptstra\xdfe\n".encode("cp1252")
    seen = preview("a.csv", head, len(head))

    assert seen.kind == "csv"
    assert seen.note == "its encoding is cp1252"
    assert any("Jürgen" in line for line in seen.shown)


def test_a_utf16_table_is_read() -> None:
    head = "a,b\n1,2\n".encode("utf-16")

    assert "columns: a (integer), b (integer)" in preview("a.csv", head, len(head)).shown


@settings(deadline=None)  # machines that run tests are busy
@given(NAMES, st.binary(max_size=600), st.integers(0, 10**10))
def test_no_bytes_make_a_preview_fail(name: str, head: bytes, more: int) -> None:
    seen = preview(name, head, len(head) + more)

    assert seen.bytes == len(head) + more
    assert all(line.isprintable() or "\t" in line for line in seen.shown if line.isascii())
    assert all(len(line) < 3000 for line in seen.shown)


@settings(deadline=None)  # machines that run tests are busy
@given(NAMES, st.text(max_size=400))
def test_no_text_makes_a_preview_fail(name: str, text: str) -> None:
    head = text.encode("utf-8", "replace")

    assert preview(name, head, len(head)).name == name


@settings(deadline=None)  # machines that run tests are busy
@given(
    NAMES,
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists),
)
def test_no_json_makes_a_preview_fail(name: str, value: object) -> None:
    head = json.dumps(value).encode()

    assert preview(name, head, len(head)).shown
