"""Which paths a tool may touch, and which regular expressions can run for ever."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.capability import Capabilities
from toolguild.static.paths import outside
from toolguild.static.secret import secrets
from toolguild.static.slow import is_slow

EVERYTHING = Capabilities(read=("*",), write=("*",))


@pytest.mark.parametrize(
    ("path", "mode", "allowed"),
    [
        ("data.csv", "read", True),
        ("a/b/../c", "write", True),
        ("", "read", True),
        ("/data/in.csv", "read", True),
        ("/data/in.csv", "write", False),
        ("/data", "read", True),
        ("/database/x", "read", False),
        ("/output/a/b.png", "write", True),
        ("/output/../etc/passwd", "read", False),
        ("/tmp/x", "write", True),
        ("/dev/null", "write", True),
        ("/dev/sda", "read", False),
        ("//etc/passwd", "read", False),
        ("/usr/share/zoneinfo/UTC", "read", True),
        ("/usr/share/zoneinfo/UTC", "write", False),
        ("..", "read", False),
        ("../x", "read", False),
        ("~/.ssh/id_rsa", "read", False),
        ("~root", "write", False),
        ("file:///etc/passwd", "read", False),
        ("C:\\Windows\\system.ini", "read", False),
        ("\\\\host\\share", "write", False),
        ("/etc/", "read", False),
        ("a text\nof /etc/passwd", "read", True),
        ("/etc/x" * 1000, "read", True),
    ],
)
def test_a_path_is_inside_or_outside(path: str, mode: str, allowed: bool) -> None:
    assert (outside(path, mode, EVERYTHING) is None) is allowed


def test_globs_narrow_what_is_inside() -> None:
    grant = Capabilities(read=("*.csv",), write=("plots/*",))

    assert outside("/data/a.csv", "read", grant) is None
    assert outside("/data/a.json", "read", grant) == "capabilities.read"
    assert outside("/output/plots/a.png", "write", grant) is None
    assert outside("/output/a.png", "write", grant) == "capabilities.write"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"([a-z]+)*$",
        r"(\w+\s?)*$",
        r"(?:x+)+y",
        r"(?P<n>\d+)+x",
        r"^(([a-z])+.)+[A-Z]([a-z])+$".replace(".)", "?)"),
        r"(a|a)*$",
        r"(.*)*x",
        r"(a+){2,}$",
        r"([\]a]+)+$",
        r"((a+)b?)+$",
    ],
)
def test_a_slow_pattern_is_noticed(pattern: str) -> None:
    re.compile(pattern)

    assert is_slow(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d+",
        r"(\d+,)+",
        r"(?:[a-z]+\.)*[a-z]+",
        r"(a|b)*",
        r"(abc)+",
        r"\(a+\)+",
        r"[(a+)+]",
        r"(a+)?",
        r"(a+){3}",
        r"(\w+)=(\w+)",
        r"(?=a+)+b",
        r"(\s*\w\s*:)*",
        r"(a{2}b)+",
        r"(?:\\.|[^\"])*",
        r"(",
        r")",
        r"[",
        "(" * 20,
        "x" * 5000 + "(a+)+",
    ],
)
def test_an_ordinary_pattern_is_not(pattern: str) -> None:
    assert not is_slow(pattern)


def test_a_pattern_nested_beyond_reading_counts_as_slow() -> None:
    assert is_slow("(" * 900 + "a" + ")" * 900 + "+")


@settings(deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|\\^$,0:P<>=!", max_size=60))
def test_judging_a_pattern_ends(pattern: str) -> None:
    start = time.process_time()
    is_slow(pattern)

    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("k = 'AKIA" + "QWERTYUIOPASDFGH'", "AWS access key"),
        ("-----BEGIN RSA PRIVATE " + "KEY-----", "private key"),
        ("-----BEGIN " + "PRIVATE KEY-----", "private key"),
        ("t = 'ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fH3jL5'", "GitHub token"),
        ("t = 'xoxb-" + "123456789012-abcdefABCDEF'", "Slack token"),
        ("k = 'sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc'", "Stripe key"),
        ("k = 'AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q'", "Google API key"),
    ],
)
def test_a_credential_is_found_with_its_line_and_never_shown(line: str, kind: str) -> None:
    (found,) = secrets(f"x = 1\n{line}\n")

    assert (found.line, found.kind) == (2, kind)


@pytest.mark.parametrize(
    "line",
    [
        "k = 'AKIAXXXXXXXXXXXXXXXX'",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "k = os.environ['GITHUB_TOKEN']",
        "task-runner-with-a-very-long-name-indeed-and-more-of-it",
        "password = input()",
        "sha = '" + "ab" * 32 + "'",
    ],
)
def test_what_only_looks_like_one_is_not(line: str) -> None:
    assert not list(secrets(line))
