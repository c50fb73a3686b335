"""A tool runs on the strength of its own signatures: each one missing, wrong or borrowed stops it."""

from typing import Any

import pytest

from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Limits
from toolguild.errors import Refused
from toolguild.policy import Policy
from toolguild.registry import verify_all, verify_chain
from toolguild.testing import samples
from toolguild.testing.keys import SampleKeys
from toolguild.tool import CaseResult, Published, Signature, Tool

KEYS = SampleKeys()


def resigned(tool: Tool, **changes: Any) -> Published:
    """Publish a changed record with a publication of its own that is in order."""
    return samples.published(tool.model_copy(update=changes), keys=KEYS)


def forged(genuine: Signature, **changes: Any) -> Signature:
    return genuine.model_copy(update=changes)


def good() -> Tool:
    return samples.tool(keys=KEYS)


@pytest.mark.parametrize("status", ["published", "deprecated"])
def test_a_whole_chain_verifies(status: str) -> None:
    verify_chain(samples.published(good(), keys=KEYS, status=status), KEYS)


@pytest.mark.parametrize("status", ["quarantined", "revoked"])
def test_a_stopped_tool_is_refused(status: str) -> None:
    entry = samples.published(good(), keys=KEYS, status=status, reason="leaks")
    with pytest.raises(Refused, match=f"sum_column@1.0 is {status}: leaks"):
        verify_chain(entry, KEYS)


@pytest.mark.parametrize("name", ["clearance", "report_signature"])
@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "00" * 64},
        {"signature": ""},
        {"signature": "no hexadecimal"},
        {"key": "00" * 32},
        {"over": "0" * 64},
        {"by": "synthesizer"},
        {"purpose": "publication"},
    ],
)
def test_a_wrong_signature_in_the_record_is_refused(name: str, changes: dict[str, str]) -> None:
    tool = good()
    entry = resigned(tool, **{name: forged(getattr(tool, name), **changes)})
    with pytest.raises(Refused, match=name.split("_")[0]):
        verify_chain(entry, KEYS)


@pytest.mark.parametrize(
    "changes", [{"signature": "00" * 64}, {"key": "11" * 32}, {"by": "executor"}]
)
def test_a_wrong_publication_is_refused(changes: dict[str, str]) -> None:
    entry = samples.published(good(), keys=KEYS)
    with pytest.raises(Refused, match="its publication does not hold"):
        verify_chain(
            entry.model_copy(update={"publication": forged(entry.publication, **changes)}), KEYS
        )


def test_no_service_signs_for_another() -> None:
    tool = good()
    clearance = KEYS.sign("clearance", tool.draft.digest, by="synthesizer")
    seen = KEYS.sign("report", tool.report.digest, by="reviewer")
    for changes in ({"clearance": clearance}, {"report_signature": seen}):
        with pytest.raises(Refused, match="does not hold"):
            verify_chain(resigned(tool, **changes), KEYS)
    entry = samples.published(tool, keys=KEYS)
    by_author = KEYS.sign("publication", tool.digest, by="synthesizer")
    with pytest.raises(Refused, match="its publication does not hold"):
        verify_chain(entry.model_copy(update={"publication": by_author}), KEYS)


def test_signatures_of_another_tool_cannot_be_borrowed() -> None:
    tool = good()
    other = samples.tool(samples.draft(name="other"), keys=KEYS)
    for name in ("clearance", "report_signature"):
        with pytest.raises(Refused, match="does not hold"):
            verify_chain(resigned(tool, **{name: getattr(other, name)}), KEYS)
    entry = samples.published(tool, keys=KEYS)
    borrowed = samples.published(other, keys=KEYS).publication
    with pytest.raises(Refused, match="its publication does not hold"):
        verify_chain(entry.model_copy(update={"publication": borrowed}), KEYS)


def test_one_signature_does_not_serve_for_another_purpose() -> None:
    tool = good()
    publication = KEYS.sign("publication", tool.draft.digest, by="reviewer")
    with pytest.raises(Refused, match="its clearance does not hold"):
        verify_chain(resigned(tool, clearance=publication), KEYS)


def test_a_stranger_with_keys_of_his_own_is_refused() -> None:
    with pytest.raises(Refused, match="its publication does not hold"):
        verify_chain(samples.published(samples.tool(keys=SampleKeys()), keys=SampleKeys()), KEYS)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("draft", {"source": "def sum_column(rows, column):\n    return 666\n"}),
        ("draft", {"uses": {"helper": "0" * 64}}),
        ("draft", {"declared": Capabilities(hosts=("evil:443",))}),
        ("exam", {"cases": ()}),
        ("report", {"sandbox": "none"}),
    ],
)
def test_what_was_changed_after_signing_is_refused(part: str, changes: dict[str, Any]) -> None:
    tool = good()
    changed = tool.model_copy(update={part: getattr(tool, part).model_copy(update=changes)})
    signed_before = samples.published(tool, keys=KEYS).publication
    with pytest.raises(Refused):
        verify_chain(samples.published(changed, keys=KEYS, publication=signed_before), KEYS)
    with pytest.raises(Refused):
        verify_chain(samples.published(changed, keys=KEYS), KEYS)


def reported(tool: Tool, **changes: Any) -> Published:
    """Publish the tool with another report, which the executor has signed."""
    seen = tool.report.model_copy(update=changes)
    return resigned(
        tool, report=seen, report_signature=KEYS.sign("report", seen.digest, by="executor")
    )


def test_the_report_has_to_be_about_this_draft_and_this_exam() -> None:
    with pytest.raises(Refused, match="about another draft"):
        verify_chain(reported(good(), draft=Digest("0" * 64)), KEYS)
    with pytest.raises(Refused, match="about another exam"):
        verify_chain(reported(good(), exam=Digest("0" * 64)), KEYS)


def test_a_signed_report_of_failure_or_of_nothing_is_no_pass() -> None:
    tool = good()
    failed = CaseResult(
        case=tool.exam.cases[0].digest, passed=False, outcome="ok", difference="5, not 6"
    )
    for results in ((), (*tool.report.results, failed)):
        with pytest.raises(Refused, match="did not pass"):
            verify_chain(reported(tool, results=results), KEYS)


def test_code_declares_no_more_than_the_record_states() -> None:
    of = samples.draft(declared=Capabilities(programs=("sqlite3",)))
    tool = samples.tool(of, keys=KEYS, capabilities=Capabilities())
    with pytest.raises(Refused, match="programs: sqlite3 is not granted"):
        verify_chain(samples.published(tool, keys=KEYS), KEYS)


def test_the_operators_policy_is_the_ceiling() -> None:
    of = samples.draft(declared=Capabilities(hosts=("example.org:443",)))
    entry = samples.published(samples.tool(of, keys=KEYS), keys=KEYS)
    verify_chain(entry, KEYS)
    with pytest.raises(Refused, match=r"hosts: example\.org:443 is not granted"):
        verify_chain(entry, KEYS, policy=Policy())
    with pytest.raises(Refused, match="does not allow python"):
        verify_chain(entry, KEYS, policy=Policy(languages=("javascript",)))
    slow = samples.draft(declared=Capabilities(limits=Limits(wall_seconds=100)))
    with pytest.raises(Refused, match=r"limits\.wall_seconds"):
        verify_chain(
            samples.published(samples.tool(slow, keys=KEYS), keys=KEYS), KEYS, policy=Policy()
        )
    verify_chain(samples.published(good(), keys=KEYS), KEYS, policy=Policy())


def chain(base: Capabilities, top: Capabilities) -> list[Published]:
    used = samples.published(
        samples.tool(samples.draft(name="base", declared=base), keys=KEYS), keys=KEYS
    )
    user = samples.draft(name="top", uses={"base": used.tool.digest})
    return [used, samples.published(samples.tool(user, keys=KEYS, capabilities=top), keys=KEYS)]


def test_a_tool_states_what_the_tools_that_it_uses_may_do() -> None:
    programs = Capabilities(programs=("sqlite3",))
    verify_all(chain(programs, programs), KEYS)
    with pytest.raises(Refused, match=r"top@1\.0 states less than base@1\.0"):
        verify_all(chain(programs, Capabilities()), KEYS)


def test_every_used_tool_has_to_be_there_and_in_order() -> None:
    used, user = chain(Capabilities(), Capabilities())
    with pytest.raises(Refused, match="that it uses as base is missing"):
        verify_all([user], KEYS)
    revoked = used.model_copy(update={"status": "revoked", "reason": "leaks"})
    with pytest.raises(Refused, match=r"base@1\.0 is revoked"):
        verify_all([revoked, user], KEYS)
