"""Whatever is changed in an export is found, and the place of it is named."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.canonical import canonical
from toolguild.chain import encoding, entry, export
from toolguild.chain.export import head_of, read_head
from toolguild.chain.page import Page, Position, parsed

from .chains import KEY, OTHER, chain, exported, faults, keys, next_page, read

PAGES = chain(3, 1, 2)
LINES = exported(PAGES)


def test_an_untouched_export_is_whole_and_says_where_it_ends() -> None:
    reading = read(LINES)

    assert reading.walk.faults == []
    assert (reading.walk.pages, reading.walk.entries) == (3, 7)
    assert reading.walk.head is not None
    assert reading.walk.head.digest == PAGES[-1].digest


def test_every_single_byte_that_changes_is_found_and_its_place_named() -> None:
    """One bit of every byte of every line: the eight take turns."""
    pages = chain(1, 1)
    lines = exported(pages)
    names: list[set[str]] = [set()]
    for page in pages:
        numbers = [f"entry {one.entry['n']}" for one in page.items]
        names += [{f"page {page.number}", *numbers}, *({one} for one in numbers)]
    names.append({"the end"})

    for place, line in enumerate(lines):
        expected = {
            *names[place],
            f"line {place + 1}",
            f"line {place + 2}",
        }  # a line end may be gone
        for at in range(len(line)):
            changed = bytearray(line)
            changed[at] ^= 1 << (at + place) % 8
            found = faults([*lines[:place], bytes(changed), *lines[place + 1 :]])
            assert found, (place, at, bytes(changed[max(at - 20, 0) : at + 20]))
            assert any(one in told for one in expected for told in found), (place, at, found)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.data())
def test_bytes_put_in_or_taken_out_are_found(place: int, data: st.DataObject) -> None:
    line = LINES[place]
    at = data.draw(st.integers(0, len(line) - 1))
    more = data.draw(st.binary(max_size=3))
    fewer = data.draw(st.integers(0 if more else 1, 3))
    changed = line[:at] + more + line[at + fewer :]
    if changed != line:
        assert faults([*LINES[:place], changed, *LINES[place + 1 :]])


@pytest.mark.parametrize("place", range(len(LINES)))
def test_a_record_that_is_gone_is_named(place: int) -> None:
    found = "; ".join(faults([*LINES[:place], *LINES[place + 1 :]]))

    assert found
    if 0 < place < len(LINES) - 1:
        record = json.loads(LINES[place])
        gone = f"entry {record['entry']['n']}" if "entry" in record else "page"
        assert gone in found


@pytest.mark.parametrize("place", range(len(LINES)))
def test_a_record_that_stands_twice_is_found(place: int) -> None:
    assert faults([*LINES[: place + 1], LINES[place], *LINES[place + 1 :]])


@pytest.mark.parametrize("place", range(len(LINES) - 1))
def test_two_records_that_change_places_are_found(place: int) -> None:
    swapped = [*LINES[:place], LINES[place + 1], LINES[place], *LINES[place + 2 :]]

    assert faults(swapped)


def test_a_swap_names_the_entry_that_is_out_of_order() -> None:
    swapped = [*LINES[:3], LINES[4], LINES[3], *LINES[5:]]

    assert faults(swapped) == ["entry 2: it stands behind a later one, out of order"]


def test_pages_in_another_order_are_found() -> None:
    first, second, third = PAGES
    found = faults(exported([first, third, second]))

    assert "page 2: missing before page 3" in found


def _resigned(page: Page, entry_: int, key: object = OTHER) -> Page:
    """Return the page with another body, all digests right, signed anew with another key."""
    items = list(page.items)
    changed = entry.message(
        entry.Seen(
            "TOOLGUILD_LOG", entry_ - 1, "toolguild.fact.x.t-1", "2026-11-22T05:00:00Z", {}, b"{}"
        ),
        keep=True,
    )
    items[entry_ - page.header["first"]] = changed
    plain = [entry.Item({k: v for k, v in i.entry.items() if k != "n"}, i.body) for i in items]
    before = Position.after(PAGES[page.number - 2]) if page.number > 1 else Position.start("c" * 32)
    read_ = page.read["TOOLGUILD_LOG"]
    return next_page(before, plain, read_, page.number, key=key)  # type: ignore[arg-type]


def test_a_page_that_was_written_anew_with_another_key_is_named() -> None:
    found = faults(exported([PAGES[0], _resigned(PAGES[1], 5), PAGES[2]]))

    assert found[0] == "page 2: it is signed with a key that is not the auditor's"


def test_a_page_that_the_auditor_itself_wrote_anew_breaks_the_link_behind_it() -> None:
    found = faults(exported([PAGES[0], _resigned(PAGES[1], 5, KEY), PAGES[2]]))

    assert found == ["page 3: it does not follow page 2 as it is here"]


def test_a_page_signed_by_another_service_is_none_of_the_auditors() -> None:
    other = chain(1, key=KEY, by="planner")

    assert "not by the auditor" in faults(exported(other))[0]


def test_a_first_page_of_somebody_elses_making_is_named() -> None:
    forged = chain(3, key=OTHER)

    assert faults(exported([*forged, *PAGES[1:]]))[0].startswith("page 1: it is signed with a key")


def test_two_chains_of_the_same_auditor_do_not_mix() -> None:
    other = chain(3, 1, 2, name="d" * 32)
    found = faults(exported([PAGES[0], other[1], PAGES[2]]))

    assert any(one.startswith("page 2: it is of another chain") for one in found)


def test_an_export_that_was_cut_behind_a_page_names_the_checkpoint_that_is_missing() -> None:
    found = faults([*exported(PAGES[:2])[:-1], LINES[-1]])

    assert any("the file ends at entry 5 (page 2)" in one and "entry 7" in one for one in found)


def test_an_export_without_its_last_line_was_cut_off() -> None:
    assert faults(LINES[:-1]) == [
        "the end: the file ends at entry 7 (page 3) without its last line: it was cut off"
    ]


def test_a_chain_cut_back_with_a_new_last_line_is_told_by_a_head_that_was_noted() -> None:
    reading = read(exported(PAGES[:2]))

    assert reading.walk.whole  # nothing in it can show this
    assert "cut off" in reading.walk.lacks(head_of(PAGES[2]))
    assert reading.walk.lacks(head_of(PAGES[0])) == ""
    assert "rewritten" in reading.walk.lacks((PAGES[1].last, "0" * 64))


def test_with_other_keys_no_page_counts() -> None:
    found = faults(LINES, keys(OTHER))

    assert [one.partition(":")[0] for one in found[:3]] == ["page 1", "page 2", "page 3"]


def test_a_part_of_a_chain_verifies_and_what_it_shows_cannot_be_changed() -> None:
    lines = [export.opening(PAGES[0].header["chain"], {"task": "t-1"})]
    shown = 0
    for page in PAGES:
        chosen = [i for i in page.items if i.entry.get("subject", "").endswith("t-1")]
        shown += len(chosen)
        lines += export.lines_of(page, chosen, whole=False)
    lines.append(export.closing(PAGES[-1], len(PAGES), shown))
    reading = read(lines)
    assert reading.walk.faults == []
    assert (reading.walk.entries, reading.walk.left_out) == (2, 5)

    for place in range(1, len(lines) - 1):
        assert faults([*lines[:place], *lines[place + 1 :]])
        changed = lines[place].replace(b'"n":', b'"n":1', 1).replace(b'"page":', b'"page":1', 1)
        assert changed == lines[place] or faults([*lines[:place], changed, *lines[place + 1 :]])


def test_a_whole_export_cannot_be_passed_off_when_it_leaves_entries_out() -> None:
    lines = [export.opening(PAGES[0].header["chain"], {})]
    for page in PAGES:
        lines += export.lines_of(page, page.items[:1], whole=False)
    lines.append(export.closing(PAGES[-1], 3, 3))

    assert any("leaves out" in one for one in faults(lines))


def test_an_auditor_that_passes_over_a_message_is_found_out_by_the_sequences() -> None:
    first = chain(2)[0]
    skips = next_page(Position.after(first), [chain(4)[0].items[-1]], 4, 2)
    plain = [
        entry.Item({k: v for k, v in i.entry.items() if k != "n"}, i.body) for i in skips.items
    ]
    page = next_page(Position.after(first), plain, 4, 2)

    assert faults(exported([first, page])) == [
        "entry 4: TOOLGUILD_LOG goes on at 4 after 2, and no entry says why"
    ]


def test_a_page_that_claims_more_than_its_entries_tell_is_found() -> None:
    first = chain(2)[0]
    page = next_page(
        Position.after(first), [entry.gap("TOOLGUILD_LOG", 3, 4, at="x", why="y")], 9, 2
    )

    assert faults(exported([first, page])) == [
        "page 2: it accounts for TOOLGUILD_LOG up to 9, its entries up to 4"
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner)
        ),
    )
)
def test_what_is_hashed_are_the_bytes_of_rfc_8785(value: object) -> None:
    try:
        ours = encoding.encode(value)
    except ValueError:
        return  # a lone surrogate: no Unicode text
    assert ours == canonical(value)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fall_over(data: bytes) -> None:
    assert faults([data])
    assert faults([LINES[0], data])
    with pytest.raises(ValueError, match=r"."):
        parsed(data)


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 100_000 + b"\n",
        b'{"a":' * 50_000 + b"\n",
        b'{"page":{"header":{"v":1}}}\n',
        b'{"entry":{"n":true,"kind":"x"}}\n',
        b'{"entry":{"n":1e9,"kind":"x"}}\n',
        b'{"entry":{"kind":"gap","n":2}}\n',
        b'{"a":1,"a":1}\n',
        b"\xff\xfe\n",
        b"9" * 5000 + b"\n",
    ],
)
def test_hostile_lines_are_named_and_nothing_more(hostile: bytes) -> None:
    found = faults([*LINES[:3], hostile, *LINES[3:]])

    assert any(re.search(r"line 4|entry (2|True)", one) for one in found)


def test_a_header_that_claims_endless_entries_costs_nothing() -> None:
    record = json.loads(LINES[1])
    record["page"]["header"]["last"] = 10**15
    line = encoding.encode(record) + b"\n"

    assert "no entries, or more than" in faults([LINES[0], line, *LINES[2:]])[0]


def test_a_head_is_a_number_and_a_digest() -> None:
    assert read_head("7:" + "a" * 64) == (7, "a" * 64)
    for wrong in ("", "7", "7:xyz", "x:" + "a" * 64, "7:" + "A" * 64):
        with pytest.raises(ValueError, match="it is no"):
            read_head(wrong)


def test_a_page_reads_back_from_its_bytes() -> None:
    for page in PAGES:
        assert parsed(page.encoded()) == page


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'{"body"', b'{ "body"'),
        (b"/planner", b"/\\u0070lanner"),
        (b'"seq":1', b'"seq":1.0'),
        (b'"bytes":', b'"bytes":9,"bytes":'),
        ("é".encode(), b"\\u00e9"),
    ],
)
def test_another_spelling_of_the_same_record_is_a_change(written: bytes, instead: bytes) -> None:
    line = LINES[3]
    changed = line.replace(written, instead, 1)
    assert changed != line

    assert any("line 4" in one for one in faults([*LINES[:3], changed, *LINES[4:]]))


def test_bytes_have_one_spelling_in_base64() -> None:
    first = next_page(
        Position.start("c" * 32),
        [entry.began({}, at="x"), entry.message(_binary(), keep=True)],
        1,
        1,
    )
    lines = exported([first])
    assert faults(lines) == []
    assert b'"body":"/w=="' in lines[3]

    found = faults([*lines[:3], lines[3].replace(b'"/w=="', b'"/x=="'), *lines[4:]])
    assert found[0] == "entry 2: its body is not in canonical base64"


def _binary() -> entry.Seen:
    return entry.Seen(
        "TOOLGUILD_LOG", 1, "toolguild.fact.x.t-1", "2026-01-01T00:00:00Z", {}, b"\xff"
    )
