"""Where the value of a credential comes from, and how it is kept out of what comes back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.credentials import source, terms, value, variable, without_values
from toolguild.errors import Misconfigured
from toolguild.policy.model import Credential, Policy
from toolguild.sandbox.egress.echo import Redactor
from toolguild.sandbox.egress.host import Host
from toolguild.sandbox.egress.terms import EgressLimits

SECRET = "sk-Ab/9+x=0123456789"


@given(
    st.text(st.sampled_from("abc"), max_size=30),
    st.lists(st.integers(0, 60), max_size=6),
    st.integers(0, 3),
)
def test_however_a_stream_is_split_the_value_does_not_get_through(
    text: str, cuts: list[int], times: int
) -> None:
    secret = "abcabcaa"
    data = (text + secret * times + text).encode()
    redactor, at, out = Redactor(secret), 0, b""
    for cut in [*sorted(cuts), len(data)]:
        out += redactor.feed(data[at:cut])
        at = max(at, cut)
    out += redactor.end()
    assert secret.encode() not in out
    assert len(out) == len(data)
    assert redactor.found == (secret.encode() in data)


def test_what_only_begins_like_it_is_passed_on_at_once() -> None:
    redactor = Redactor("sk-0123456789")
    assert redactor.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert redactor.feed(b"the key is sk-01") == b"the key is "
    assert redactor.feed(b"x, and sk-0123") == b"sk-01x, and "
    assert redactor.end() == b"*******", "cut off, it would tell most of it"


POLICY = Policy(
    credentials={
        "weather": Credential(host="api.example.com:443"),
        "maps": Credential(host="maps.example.com:443"),
    }
)


def test_terms_hold_the_credentials_of_reached_hosts_only() -> None:
    environment = {variable("weather"): SECRET}
    made = terms(POLICY, ["weather", "maps"], ["api.example.com:443"], environment)
    assert [(one.name, one.value, one.tls) for one in made.bearers] == [("weather", SECRET, True)]
    assert made.limits == EgressLimits()
    assert SECRET not in repr(made)
    exam = terms(POLICY, ["weather"], ["api.example.com:443"], None)
    assert exam.bearers == ()
    assert exam.tls_hosts == {Host("api.example.com", 443)}


def test_egress_limits_are_those_of_the_policy() -> None:
    policy = Policy.model_validate(
        {"egress": {"requests": 7, "at_once": 2, "sent_mb": 3, "received_mb": 4}}
    )
    limits = terms(policy, [], ["a.example:80"], {}).limits
    assert (limits.requests, limits.at_once, limits.sent_mb, limits.received_mb) == (7, 2, 3, 4)


def test_a_value_comes_from_the_variable_or_a_file_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    file = tmp_path / "weather"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    environment = {"TOOLGUILD_CREDENTIALS_DIR": str(tmp_path)}
    assert value("weather", environment) == SECRET
    assert source("weather", environment) == str(file)
    both = environment | {"TOOLGUILD_CREDENTIAL_WEATHER": "another-one"}
    assert value("weather", both) == "another-one"
    assert source("weather", both) == "TOOLGUILD_CREDENTIAL_WEATHER"
    file.chmod(0o640)
    with pytest.raises(Misconfigured, match=r"mode 0640\); chmod 600"):
        value("weather", environment)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "short",
        f"{SECRET}\nX: 1",
        f"{SECRET}\r\nX: 1",
        f" {SECRET}",
        "schlüssel-1234",
        "a\0bcdefgh",
        "x" * 9000,
    ],
)
def test_a_value_that_is_no_line_of_ascii_is_refused_without_showing_it(
    bad: str, tmp_path: Path
) -> None:
    file = tmp_path / "weather"
    file.write_bytes(bad.encode("latin-1"))
    file.chmod(0o600)
    for environment in ({variable("weather"): bad}, {"TOOLGUILD_CREDENTIALS_DIR": str(tmp_path)}):
        with pytest.raises(Misconfigured) as caught:
            value("weather", environment)
        assert not bad or bad[:5] not in str(caught.value)


def test_a_missing_value_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="set TOOLGUILD_CREDENTIAL_WEATHER"):
        value("weather", {})
    with pytest.raises(Misconfigured, match="No such file"):
        value("weather", {"TOOLGUILD_CREDENTIALS_DIR": str(tmp_path)})
    with pytest.raises(Misconfigured, match="no credential nope"):
        terms(POLICY, ["nope"], ["api.example.com:443"], {})


def test_other_services_are_started_without_values() -> None:
    environment = {
        "TOOLGUILD_CREDENTIAL_WEATHER": SECRET,
        "TOOLGUILD_CREDENTIALS_DIR": "/x",
        "HOME": "/y",
    }
    assert without_values(environment) == {"HOME": "/y"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "api.example.com"},
        {"host": "api.example.com:443", "header": "Host"},
        {"host": "api.example.com:443", "header": "Content-Length"},
        {"host": "api.example.com:443", "header": "X\r\nY"},
        {"host": "api.example.com:443", "prefix": "Bearer \r\nX: "},
    ],
)
def test_a_policy_cannot_define_one_that_breaks_requests(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="credentials"):
        Policy.model_validate({"credentials": {"weather": wrong}})
