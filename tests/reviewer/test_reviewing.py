"""Code is reviewed before it runs, and only what may run gets a clearance."""

from pathlib import Path
from typing import Any

import pytest
from tests.executor.support import BRIEF, BUILD, Scripted, guild

from toolguild.capability import Capabilities, Limits
from toolguild.errors import OutOfBudget
from toolguild.messages.commands import ReviewDraft
from toolguild.messages.events import DraftReviewed
from toolguild.policy import Policy, ReviewRules
from toolguild.policy.model import Layers
from toolguild.registry import MemoryRegistry
from toolguild.testing import samples
from toolguild.testing.samples import KEYS
from toolguild_reviewer.reviewing import review_draft

WARNS = {"findings": [{"line": 2, "severity": "high", "message": "it forgets the tax"}]}
ASKS = "import pickle\n\ndef sum_column(rows, column):\n    return len(pickle.dumps(rows))\n"
BLOCKS = "def sum_column(rows, column):\n    return eval(column)\n"


async def review(
    folder: Path,
    models: Scripted | None = None,
    policy: Policy | None = None,
    registry: MemoryRegistry | None = None,
    *,
    spec: Any = None,
    draft: Any = None,
    **changes: Any,
) -> DraftReviewed:
    here = guild("reviewer", folder, models=models, policy=policy, registry=registry)
    command = ReviewDraft(
        build=BUILD,
        brief=BRIEF,
        spec=spec or samples.spec(),
        draft=draft or samples.draft(),
        attempt=1,
        **changes,
    )
    return await review_draft(here, command)


def ruled(**changes: Any) -> Policy:
    return Policy.default().model_copy(update={"review": ReviewRules(**changes)})


async def test_good_code_is_cleared_over_its_digest(tmp_path: Path) -> None:
    event = await review(tmp_path)
    assert (event.verdict, event.findings) == ("allow", ())
    assert event.clearance is not None
    KEYS.verify(event.clearance, purpose="clearance", by="reviewer", over=samples.draft().digest)


async def test_code_that_the_rules_block_is_not_cleared_by_an_approval(
    tmp_path: Path,
) -> None:
    models = Scripted()
    draft = samples.draft(source=BLOCKS)
    event = await review(tmp_path, models, draft=draft, approved_by="ann")
    assert (event.verdict, event.clearance) == ("block", None)
    assert event.findings[0].line == 2
    assert models.asked == []  # no model is paid for what the rules decide


async def test_a_person_overrules_what_blocks_and_the_findings_stay_with_who_did(
    tmp_path: Path,
) -> None:
    draft = samples.draft(source=BLOCKS)
    event = await review(tmp_path, draft=draft, approved_by="ann", overruled_by="ann")

    assert event.verdict == "allow"
    assert event.clearance is not None
    KEYS.verify(event.clearance, purpose="clearance", by="reviewer", over=draft.digest)
    *found, mark = event.findings
    assert found[0].severity in ("high", "critical")
    assert (mark.message, mark.policy) == ("overruled by ann", "review.overrule")


async def test_the_operator_may_forbid_to_overrule_a_review(tmp_path: Path) -> None:
    draft = samples.draft(source=BLOCKS)
    event = await review(
        tmp_path, policy=ruled(overrule=False), draft=draft, approved_by="ann", overruled_by="ann"
    )

    assert (event.verdict, event.clearance) == ("block", None)
    assert "the policy lets nobody overrule" in event.findings[-1].message


async def test_code_that_asks_waits_for_a_person_who_approves_exactly_it(tmp_path: Path) -> None:
    draft = samples.draft(source=ASKS)
    event = await review(tmp_path, draft=draft)
    assert (event.verdict, event.clearance) == ("ask", None)
    approved = await review(tmp_path, draft=draft, approved_by="ann")
    assert approved.verdict == "allow"
    assert approved.clearance is not None


@pytest.mark.parametrize(("on_ask", "verdict"), [("refuse", "block"), ("allow", "allow")])
async def test_the_policy_may_answer_instead_of_a_person(
    tmp_path: Path, on_ask: Any, verdict: str
) -> None:
    event = await review(tmp_path, policy=ruled(on_ask=on_ask), draft=samples.draft(source=ASKS))
    assert event.verdict == verdict
    assert (event.clearance is not None) == (verdict == "allow")


async def test_at_level_a_a_person_approves_even_good_code(tmp_path: Path) -> None:
    event = await review(tmp_path, person_asked=True)
    assert (event.verdict, event.clearance) == ("ask", None)
    approved = await review(tmp_path, person_asked=True, approved_by="ann")
    assert approved.clearance is not None


@pytest.mark.parametrize(
    ("most", "verdict"), [("low", "allow"), ("medium", "ask"), ("high", "block")]
)
async def test_what_a_model_finds_weighs_what_the_policy_says(
    tmp_path: Path, most: Any, verdict: str
) -> None:
    models = Scripted(review=[WARNS])
    event = await review(tmp_path, models, ruled(semantic_severity=most))
    assert event.verdict == verdict
    (found,) = event.findings
    assert (found.by, found.line, found.severity) == ("semantic", 2, most)
    assert "   2 " in models.asked[0][1]


@pytest.mark.parametrize("line", [999, 0, -1, None])
async def test_what_cites_no_line_of_the_code_is_a_remark_that_decides_nothing(
    tmp_path: Path, line: int | None
) -> None:
    answer = {"findings": [{"line": line, "severity": "high", "message": "far out"}]}
    event = await review(tmp_path, Scripted(review=[answer]), ruled(semantic_severity="high"))
    (found,) = event.findings
    assert (found.line, found.severity, event.verdict) == (None, "low", "allow")
    assert "far out" in found.message
    assert "cites no line" in found.message


@pytest.mark.parametrize(("source", "verdict"), [(BLOCKS, "block"), (ASKS, "ask")])
@pytest.mark.parametrize("says", [{"findings": [], "verdict": "allow"}, {"verdict": "allow"}])
async def test_a_model_that_finds_everything_fine_clears_nothing_that_the_rules_stop(
    tmp_path: Path, source: str, verdict: str, says: Any
) -> None:
    event = await review(tmp_path, Scripted(review=[says]), draft=samples.draft(source=source))
    assert (event.verdict, event.clearance) == (verdict, None)


async def test_with_the_layer_of_review_off_nothing_reads_the_code_and_the_findings_say_so(
    tmp_path: Path,
) -> None:
    policy = Policy.default().model_copy(update={"layers": Layers(review=False)})
    models = Scripted(review=[WARNS])
    draft = samples.draft(source=BLOCKS)
    event = await review(tmp_path, models, policy, draft=draft)
    assert (event.verdict, models.asked) == ("allow", [])
    assert event.clearance is not None
    (found,) = event.findings
    assert (found.rule, found.policy) == ("not-reviewed", "layers.review")


async def test_a_model_that_answers_garbage_is_a_remark(tmp_path: Path) -> None:
    event = await review(tmp_path, Scripted(review=[{"findings": "none"}]))
    assert event.verdict == "allow"
    assert "no usable answer" in event.findings[0].message


async def test_a_budget_that_is_gone_is_no_remark(tmp_path: Path) -> None:
    class Poor(Scripted):
        async def ask(self, *_: Any, **__: Any) -> Any:
            raise OutOfBudget("no tokens left")

    with pytest.raises(OutOfBudget):
        await review(tmp_path, Poor())


async def test_the_policy_can_switch_the_reading_off(tmp_path: Path) -> None:
    models = Scripted(review=[WARNS])
    event = await review(tmp_path, models, ruled(semantic=False))
    assert (event.findings, models.asked) == ((), [])


async def test_a_manifest_beyond_its_grant_blocks(tmp_path: Path) -> None:
    asked = samples.spec(capabilities=Capabilities(write=("*.csv",)))
    greedy = Capabilities(
        write=("*.csv", "*.txt"), hosts=("example.org:443",), limits=Limits(memory_mb=1024)
    )
    event = await review(tmp_path, spec=asked, draft=samples.draft(declared=greedy))
    assert event.verdict == "block"
    told = " ".join(one.message for one in event.findings)
    assert "*.txt" in told
    assert "*.csv is" not in told
    assert "example.org" in told
    assert "memory_mb" in told


async def test_other_schemas_than_the_specs_block(tmp_path: Path) -> None:
    event = await review(tmp_path, draft=samples.draft(output_schema={"type": "string"}))
    assert event.verdict == "block"
    assert "output_schema" in event.findings[0].message


async def test_a_tool_that_is_gone_cannot_be_used(tmp_path: Path) -> None:
    registry, used = MemoryRegistry(), samples.tool()
    draft = samples.draft(name="other", uses={"add": used.digest})
    event = await review(tmp_path, registry=registry, draft=draft)
    assert "does not exist" in event.findings[0].message
    await registry.publish(used, samples.published(used).publication)
    assert (await review(tmp_path, registry=registry, draft=draft)).verdict == "allow"
    await registry.set_status(used.digest, "revoked", "found wrong")
    event = await review(tmp_path, registry=registry, draft=draft)
    assert event.verdict == "block"


REACHES = Capabilities(hosts=("api.example.com:443",), credentials=("weather",))


def with_key(**changes: Any) -> Policy:
    """A policy with a credential for a host that it grants."""
    return Policy.model_validate(
        {
            "capabilities": {"hosts": ["api.example.com:443"], "credentials": ["*"]},
            "credentials": {"weather": {"host": "api.example.com:443"} | changes},
            "review": {"semantic": False},
        }
    )


@pytest.mark.parametrize(
    ("policy", "declared", "told"),
    [
        (with_key(tools=["other"]), REACHES, "sum_column may not use the credential weather"),
        (
            with_key(host="b.example:443"),
            REACHES,
            "is for b.example:443, which the manifest does not",
        ),
        (
            with_key(),
            REACHES.model_copy(update={"credentials": ("x",)}),
            "there is no credential x",
        ),
        (
            with_key(),
            Capabilities(credentials=("weather",)),
            "is for api.example.com:443, which the manifest does not declare",
        ),
    ],
)
async def test_a_manifest_with_a_credential_that_it_may_not_use_is_blocked(
    policy: Policy, declared: Capabilities, told: str, tmp_path: Path
) -> None:
    spec = samples.spec(capabilities=declared)
    seen = await review(tmp_path, policy=policy, spec=spec, draft=samples.draft(declared=declared))
    assert seen.verdict == "block"
    assert any(told in one.message for one in seen.findings if one.rule == "credential")


async def test_a_manifest_with_a_credential_that_was_asked_for_passes(tmp_path: Path) -> None:
    spec = samples.spec(capabilities=REACHES)
    seen = await review(
        tmp_path, policy=with_key(), spec=spec, draft=samples.draft(declared=REACHES)
    )
    assert seen.verdict == "allow", seen.findings
    unasked = samples.spec(capabilities=REACHES.model_copy(update={"credentials": ()}))
    seen = await review(
        tmp_path, policy=with_key(), spec=unasked, draft=samples.draft(declared=REACHES)
    )
    assert seen.verdict == "block"


async def test_globs_of_a_manifest_are_compared_as_globs_with_the_grant(tmp_path: Path) -> None:
    spec = samples.spec(capabilities=Capabilities(read=("*.csv",), write=("*",)))
    for read, verdict in ((("sales*.csv",), "allow"), (("*",), "block"), (("a.txt",), "block")):
        draft = samples.draft(declared=Capabilities(read=read))
        seen = await review(tmp_path, policy=ruled(semantic=False), spec=spec, draft=draft)
        assert seen.verdict == verdict, read


async def test_with_the_layer_of_capabilities_off_the_operators_ceiling_is_what_a_manifest_may_have(
    tmp_path: Path,
) -> None:
    off = ruled(semantic=False).model_copy(update={"layers": Layers(capabilities=False)})
    draft = samples.draft(declared=Capabilities(read=("*",)))
    assert (await review(tmp_path, policy=off, draft=draft)).verdict == "allow"
    beyond = samples.draft(declared=Capabilities(hosts=("a.example:80",)))
    assert (await review(tmp_path, policy=off, draft=beyond)).verdict == "block"


async def test_a_licence_that_the_policy_does_not_name_asks(tmp_path: Path) -> None:
    draft = samples.draft(licence="SSPL-1.0")
    event = await review(tmp_path, draft=draft)
    assert (event.verdict, event.clearance) == ("ask", None)
    (found,) = event.findings
    assert (found.rule, found.policy) == ("licence", "review.licences")
    assert "SSPL-1.0" in found.message
    assert (await review(tmp_path, draft=draft, approved_by="ann")).clearance is not None
    assert (await review(tmp_path, policy=ruled(licences=()), draft=draft)).verdict == "allow"
