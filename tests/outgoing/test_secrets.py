"""Credentials, and what only looks like one. Put together here, so that no scanner takes this file for a leak."""

import time

import pytest

from toolguild.outgoing.redaction import redact_text
from toolguild.outgoing.secrets import found

LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0fR"
SECRETS = {
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": "ghp" + "_" + LETTERS + "abcd",
    "GitLab": "glpat" + "-" + LETTERS[:20],
    "Slack": "xoxb" + "-123456789012-" + LETTERS,
    "Google": "AIza" + LETTERS + "xyz",
    "provider": "sk" + "-proj-" + LETTERS,
    "payment": "sk" + "_live_" + LETTERS,
    "npm": "npm" + "_" + LETTERS + "abcd",
    "mail": "SG" + "." + LETTERS[:22] + "." + LETTERS + "abcdefghijk",
    "token": "eyJ" + LETTERS + ".eyJ" + LETTERS + "." + LETTERS,
    "seed of a user": "SU" + "ACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
    "seed of an account": "SA" + "AK4ZBXQF6G5YJKZ2W3D7HLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMN",
    "key": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "bot": "1234567890" + ":AA" + LETTERS + "a",
    "Azure": "AccountKey" + "=" + LETTERS + LETTERS + "abcdefghijklmnopqrstuv==",
}
IN_CONTEXT = {
    'password = "{}"': "hunter2!x",
    "DB_PASSWORD={}": "t0psecret99",
    "password: {}": "Tr0ub4dor&3",
    "api_key: '{}'": "9fceb02d0ae598e95dc970b74767f19372d61af8",
    '{{"client_secret": "{}"}}': "a8f5f167f44f4964e6c998dee827110c",
    "postgres://app:{}@db.example:5432/x": "s3cr3tpw",
    "nats://guild:{}@127.0.0.1:4222": "Xy12abcd",
    "Authorization: Bearer {}": "abcdefghij0123456789klmno",
    "Authorization: Basic {}": "dXNlcjpwYXNzd29yZDEyMw==",
    "export AWS_SECRET_ACCESS_KEY={}": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
HARMLESS = """
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
etag "a8f5f167f44f4964e6c998dee827110c"
uuid 123e4567-e89b-12d3-a456-426614174000
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk
password = os.environ["PASSWORD"]
password: <your password>
PASSWORD=changeme
api_key = get_key()
token = tokens[0]
the password is required
token expired, please log in again
secret santa is on Friday
keys: [1, 2, 3]
"tokens": 4096, "max_tokens": 128
def reset_password(user, new_password): ...
auth: none
password field is empty
primary_key=customer_id
sort_key: "created_at"
https://example.com:8080/path@2x.png
sk-1 is short, AKIA is a prefix, and eyJ begins a token
partition key = region_name
mask-image: linear-gradient(to right, transparent, black)
risk-assessment-of-the-year-2026-for-all
SHA-1 and HS256 are algorithms
""".strip().split("\n")


@pytest.mark.parametrize("name", SECRETS)
def test_a_credential_is_found_whole_by_its_shape(name: str) -> None:
    text = f"it is {SECRETS[name]} ok"
    spans = found(text)

    assert [text[one.start : one.end] for one in spans if one.end] != []
    assert SECRETS[name][4:] not in redact_text(text)


@pytest.mark.parametrize("form", IN_CONTEXT)
def test_a_random_text_is_a_credential_where_the_words_before_it_say_so(form: str) -> None:
    value = IN_CONTEXT[form]
    text = form.format(value)

    assert [text[one.start : one.end] for one in found(text)] == [value]


def test_a_value_whose_key_says_so_is_a_credential() -> None:
    assert found("hunter2!x", "db_password")
    assert not found("hunter2!x", "note")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_credential_stays(text: str) -> None:
    assert [text[one.start : one.end] for one in found(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "password=" * 40_000,
        "a" * 400_000,
        "eyJ" * 100_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "://a:" * 60_000,
    ],
    ids=["labels", "letters", "tokens", "keys", "urls"],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    found(text)

    assert time.process_time() - began < 3
