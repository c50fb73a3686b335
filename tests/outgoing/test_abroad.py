"""What the rules find in texts of many countries, what they let be, and that no short cut loses anything."""

import time
from collections import Counter
from types import ModuleType

import pytest
from tests.outgoing import abroad, holdout, unseen
from tests.outgoing.holdout import plain
from tests.outgoing.test_personal import found_in

from toolguild.outgoing import address, personal
from toolguild.outgoing.personal import found
from toolguild.outgoing.redaction import MANY, Redactor
from toolguild.outgoing.span import union
from toolguild.outgoing.words import BETWEEN, Text

# of a set: the least share of each kind, and the most ordinary texts with anything found
BARS = {abroad: (0.95, 0.95, 0.95, 3), unseen: (0.95, 0.95, 0.9, 11)}
HOSTILE = {
    "shares of a street": "rue " * 30_000,
    "platz": "platz 1 " * 15_000,
    "units": "Apt 1 " * 20_000,
    "boxes": "BP 1 " * 20_000,
    "lanes": "Aa Lane, " * 12_000,
    "capitals and numbers": "Aa 1 " * 20_000,
    "possessives": "A'" * 50_000,
    "mail heads": " <@" * 40_000,
    "characters of China": "\u6771\u4eac\u90fd" * 20_000,
    "rows": "name|x\n" + "x|y\n" * 30_000,
    "dots": "a.a.a." * 20_000,
    "brackets": "(((" * 40_000,
    "phones": "phone " * 20_000,
}


@pytest.mark.parametrize("kept", BARS, ids=lambda one: one.__name__)
def test_the_rules_find_what_is_personal_in_texts_of_many_countries(kept: ModuleType) -> None:
    phones, people, streets, alarms = BARS[kept]
    there, hit, false = Counter[str](), Counter[str](), 0
    for line in kept.PERSONAL:
        one = found_in(line)
        there, hit, false = there + one[0], hit + one[1], false + one[2]

    assert hit["phone"] >= phones * there["phone"]
    assert hit["person"] >= people * there["person"]
    assert hit["address"] >= streets * there["address"]
    assert false <= 2
    assert sum(bool(found(plain(line)[0])) for line in kept.CLEAN) <= alarms


def test_looking_only_where_an_address_can_be_loses_none() -> None:
    lines = [plain(line)[0] for kept in (holdout, abroad, unseen) for line in kept.PERSONAL]
    far = "\n" + "nothing is said here at all\n" * 30
    text = Text.of(far.join(lines))

    everywhere = union(address.within(text, 0, len(text.plain)))
    gated = {(one.start, one.end) for one in address.postal(text)}

    assert len(everywhere) > 80
    assert {(one.start, one.end) for one in everywhere} <= gated


def test_a_text_among_many_others_is_looked_through_as_if_it_stood_alone() -> None:
    lines = [plain(line)[0] for line in abroad.PERSONAL + unseen.PERSONAL]
    far = "\n\n" + "nothing is said here at all\n" * 20 + "\n"
    whole, at = far.join(lines), 0
    taken = [(one.start, one.end) for one in found(whole)]
    for line in lines:
        for one in found(line):
            start, end = at + one.start, at + one.end
            covered = sum(max(0, min(end, b) - max(start, a)) for a, b in taken)
            assert covered == end - start, (line, line[one.start : one.end])
        at += len(line) + len(far)


@pytest.mark.parametrize(
    ("label", "cell", "other"),
    [
        ("lastName", "Xolokhe", "-"),
        ("mobile_phone", "72128827", "n/a"),
        ("date_of_birth", "1990-11-23", ""),
        ("street", "7 Aa Gate", "?"),
        ("passport", "533401372", "none"),
        ("zip", "94107", ""),
    ],
)
def test_the_cells_of_a_long_column_are_looked_through_as_those_of_a_short_one(
    label: str, cell: str, other: str
) -> None:
    short, long = Redactor(personal=personal.found), Redactor(personal=personal.found)
    alone = short.texts([cell, other], "t", label)
    many = long.texts([cell, other] * MANY, "t", label)

    assert alone[0] != cell
    assert many == alone * MANY
    assert long.counts.total() == short.counts.total() * MANY


def test_a_cell_that_holds_what_stands_between_cells_changes_no_other_cell() -> None:
    redactor = Redactor(personal=personal.found)
    cells = [f"a{BETWEEN}b", *["x"] * MANY, "write to omar.haddad@post.example"]

    assert redactor.texts(cells, "t")[:-1] == cells[:-1]
    assert redactor.texts(cells, "t")[-1] == "write to [email 1]"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Victoria Sponge", "product_name"),
        ("Granny Smith", "item name"),
        ("Charlotte", "city"),
        ("1234567", "cell_count"),
        ("345000", "home_value"),
        ("4500", "phone_model"),
    ],
)
def test_columns_of_things_hold_no_people_and_no_telephones(text: str, label: str) -> None:
    assert found(text, label) == ()


def test_the_head_of_a_table_in_a_text_says_what_its_cells_are() -> None:
    text = "The rows:\nnom,prenom,ville\nZorvath,Ysk,Lyon\n\nproduct,price\nZorvat,12\n"

    assert [text[one.start : one.end] for one in found(text)] == ["Zorvath", "Ysk"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_for_its_size(name: str) -> None:
    began = time.process_time()
    found(HOSTILE[name])

    assert time.process_time() - began < 5
