"""A policy file is read over the shipped default, and every mistake names its line."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.capability import Capabilities, Limits
from toolguild.errors import UsageError
from toolguild.policy import NameRules, Policy, default_text, load_policy, parse_policy


def test_the_default_grants_no_host_no_program_and_no_second_process() -> None:
    policy = Policy.default()

    assert policy.capabilities.hosts == ()
    assert policy.capabilities.programs == ()
    assert policy.capabilities.limits.processes == 1


def test_a_copy_of_the_default_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(default_text(), encoding="utf-8")

    assert load_policy(path) == Policy.default()


def test_a_file_states_only_what_differs() -> None:
    policy = parse_policy("exam:\n  min_cases: 7\n")

    assert policy.exam.min_cases == 7
    assert policy.exam.mutation_score == Policy.default().exam.mutation_score
    assert policy.imports == Policy.default().imports


def test_names_in_a_file_add_to_the_default_and_win_over_it() -> None:
    policy = parse_policy("imports:\n  python:\n    allow: [requests, mylib]\n    deny: [json]\n")

    assert policy.imports.python.decide("requests").action == "allow"
    assert policy.imports.python.decide("mylib.part").action == "allow"
    assert policy.imports.python.decide("json").action == "deny"
    assert policy.imports.python.decide("socket").action == "deny"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("langages: [python]", ["line 1", "langages", "did you mean 'languages'"]),
        (
            "version: 1\nexam:\n  min_cases: 0",
            ["line 3", "exam.min_cases", "greater than", "got 0"],
        ),
        ("imports:\n  python:\n    alow: [x]", ["line 3", "imports.python.alow", "'allow'"]),
        ("version: 1\nversion: 1", ["line 2", "'version'", "twice"]),
        ("languages: [python, ruby]", ["line 1", "languages[1]", "'javascript'", "'ruby'"]),
        ("autonomy:\n  level: E", ["line 2", "autonomy.level", "'A'", "'E'"]),
        ("version: 2", ["line 1", "version", "got 2"]),
        ("capabilities:\n  limits:\n    memory: 5", ["line 3", "memory", "'memory_mb'"]),
        ("exam: [", ["line 1", "not valid YAML"]),
        ("- a", ["line 1", "expected keys and values"]),
        ("", ["expected keys and values"]),
        ("exam: !!python/object:os.system {}", ["line 1", "tag"]),
        ("exam: !!set {a}", ["line 1", "tag"]),
        ("x: " + "[" * 3000, ["nested too deeply"]),
        ("x: \x07", ["line 1", "character"]),
        ("exam:\n  mutation_score: .nan", ["line 2", "mutation_score", "number"]),
        ("? [a]\n: 1", ["line 1", "key"]),
        ("webhook:\n  url: example.com/x", ["line 2", "webhook.url", "http or https"]),
        ("webhook:\n  url: 'http://[::1'", ["line 2", "webhook.url"]),
    ],
)
def test_a_mistake_is_named_with_line_field_and_what_is_allowed(
    text: str, parts: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(text, "my.yaml")

    assert str(caught.value).startswith("my.yaml")
    for part in parts:
        assert part in str(caught.value)


def test_aliases_that_blow_up_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(UsageError, match="too many values"):
        parse_policy("\n".join(lines))


def test_an_alias_to_itself_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_policy("a: &a [*a]")


def test_what_is_no_text_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    latin, large = tmp_path / "latin.yaml", tmp_path / "large.yaml"
    latin.write_bytes(b"version: 1\n# \xe9\n")
    large.write_bytes(b"#" * 300_000)

    with pytest.raises(UsageError, match=r"latin.yaml, line 2: is not UTF-8"):
        load_policy(latin)
    with pytest.raises(UsageError, match="larger than 256 KB"):
        load_policy(large)
    with pytest.raises(UsageError, match="no such file"):
        load_policy(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        load_policy(tmp_path)


@pytest.mark.parametrize("host", ["example.com", "https://example.com:443", "127.1:80", "a:0"])
def test_a_host_that_no_call_could_ask_for_is_refused_with_its_line(host: str) -> None:
    with pytest.raises(UsageError, match=r"line 2.*name:port, api\.example\.com:443"):
        parse_policy(f"version: 1\ncapabilities:\n  hosts: ['{host}']")


def test_hosts_may_be_names_addresses_and_everything_public() -> None:
    hosts = ("api.example.com:443", "127.0.0.1:80", "[::1]:80", "localhost:80", "*")

    assert parse_policy(f"capabilities: {{hosts: {list(hosts)}}}").capabilities.hosts == hosts


def test_words_stay_words_and_dates_stay_text() -> None:
    rules = parse_policy("imports:\n  python:\n    allow: [on, no, 2026-01-01]").imports.python

    assert {"on", "no", "2026-01-01"} <= set(rules.allow)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert parse_policy(text).version == 1


def test_a_grant_is_never_more_than_the_policy_has() -> None:
    asked = Capabilities(
        read=("*.csv",), hosts=("example.com:443",), limits=Limits(memory_mb=60_000)
    )

    granted = Policy.default().grant(asked)

    assert granted.read == ("*.csv",)
    assert granted.hosts == ()
    assert granted.limits.memory_mb == Policy.default().capabilities.limits.memory_mb


def test_the_ceiling_holds_for_autonomy_and_budget() -> None:
    policy = parse_policy("autonomy: {ceiling: B}\nbudget: {ceiling: {usd: 0.5}}")

    assert policy.autonomy.allowed("D") == "B"
    assert policy.autonomy.allowed("A") == "A"
    assert policy.autonomy.allowed(None) == "B"
    assert policy.budget.allowed().usd == 0.5
    assert policy.budget.allowed(usd=0.1).usd == 0.1
    assert policy.budget.allowed(usd=9).usd == 0.5


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("os", "ask"),
        ("os.path", "allow"),
        ("os.path.join", "allow"),
        ("os.execv", "deny"),
        ("ostrich", "allow"),
        ("both", "deny"),
    ],
)
def test_the_most_specific_entry_decides_and_the_strictest_between_equals(
    name: str, action: str
) -> None:
    rules = NameRules(allow=("os.path", "both"), ask=("os",), deny=("os.exec*", "both"))

    assert rules.decide(name).action == action


def test_a_policy_that_says_nothing_grants_nothing() -> None:
    empty = Policy()

    assert empty.grant(Capabilities(read=("*",), imports=("numpy",))).read == ()
    assert empty.imports.python.decide("json").action == "ask"
