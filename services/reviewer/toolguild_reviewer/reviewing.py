"""Review a draft before anything of it runs: by rules, then by a model that reads it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from toolguild import static
from toolguild.canonical import digest
from toolguild.errors import PermanentError
from toolguild.guild import Guild
from toolguild.messages import ModelUsage
from toolguild.messages.commands import ReviewDraft
from toolguild.messages.events import DraftReviewed
from toolguild.static import Severity, Verdict
from toolguild.tool import Draft, Finding
from toolguild_reviewer.asking import spec_values
from toolguild_reviewer.manifest import manifest_findings

_NOT_REVIEWED = Finding(
    rule="not-reviewed",
    severity="low",
    message="the layer of review is off: neither rules nor a model have read this code",
    policy="layers.review",
)
_WEIGHT: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}


class Objection(BaseModel):
    """One line that a reader objects to."""

    model_config = ConfigDict(extra="ignore")

    line: int | None = None
    severity: Literal["low", "medium", "high"] = "low"
    message: str = Field(max_length=500)


class Reading(BaseModel):
    """What a model makes of the code. Its verdict is advice; findings decide, as far as the policy lets them."""

    model_config = ConfigDict(extra="ignore")

    findings: list[Objection] = Field(default=[], max_length=20)
    verdict: Literal["allow", "object"] = "allow"


# narrower than what is understood: a small model otherwise writes for ever
_ASKED = {
    "type": "object",
    "properties": {
        "findings": {
            "type": "array",
            "maxItems": 5,
            "items": {
                "type": "object",
                "properties": {
                    "line": {"type": "integer"},
                    "severity": {"enum": ["low", "medium", "high"]},
                    "message": {"type": "string", "maxLength": 200},
                },
                "required": ["line", "severity", "message"],
                "additionalProperties": False,
            },
        },
        "verdict": {"enum": ["allow", "object"]},
    },
    "required": ["findings", "verdict"],
    "additionalProperties": False,
}


async def review_draft(guild: Guild, command: ReviewDraft) -> DraftReviewed:
    """Return findings and verdict, with a clearance signed over the draft's digest when it may run.

    What blocks is cleared only if a person overrules exactly this review and the policy's
    `review.overrule` lets people do that. What asks is cleared only once a person has approved exactly this
    draft, unless the policy's `review.on_ask` says otherwise. Who overruled stands among the findings.
    A model's reading adds findings and takes none away. With the layer of review off neither rules nor model
    read the code, and the findings say so.
    """
    draft = command.draft
    await guild.registry.learn(*draft.uses.values())
    findings = manifest_findings(guild, command.spec, draft)
    rules_read = guild.policy.layers.review and guild.policy.review.static
    model_reads = guild.policy.layers.review and guild.policy.review.semantic
    if not guild.policy.layers.review:
        findings += (_NOT_REVIEWED,)
    if guild.policy.layers.review:
        findings += _licences(guild, draft)
    if rules_read:
        rules = static.review(draft.source, draft.language, guild.policy, draft.declared)
        findings += rules.recorded()
    usage: tuple[ModelUsage, ...] = ()
    if model_reads and verdict_of(findings) != "block":
        read, usage = await _read(guild, command)
        findings += read
    verdict = _settled(guild, command, verdict_of(findings))
    if command.overruled_by is not None:
        findings += (_overruling(command.overruled_by, verdict),)
    return DraftReviewed(
        build=command.build,
        attempt=command.attempt,
        draft=draft.digest,
        verdict=verdict,
        findings=findings,
        clearance=guild.signer.sign("clearance", draft.digest) if verdict == "allow" else None,
        usage=usage,
    )


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Return what the worst finding calls for: high and critical block, medium asks, low is a remark."""
    worst = max((_WEIGHT[one.severity] for one in findings), default=0)
    return "block" if worst >= _WEIGHT["high"] else "ask" if worst else "allow"


def _settled(guild: Guild, command: ReviewDraft, verdict: Verdict) -> Verdict:
    if command.overruled_by is not None and guild.policy.review.overrule:
        return "allow"
    if verdict == "block":
        return "block"
    if command.approved_by is not None:
        return "allow"
    if verdict == "ask" and guild.policy.review.on_ask != "person":
        verdict = "block" if guild.policy.review.on_ask == "refuse" else "allow"
    return "ask" if command.person_asked and verdict == "allow" else verdict


def _overruling(by: str, verdict: Verdict) -> Finding:
    """Return the mark of a person's verdict; one that the policy does not let count is told as well."""
    told = f"overruled by {by}"
    if verdict != "allow":
        told = f"{by} would let it pass, but the policy lets nobody overrule a review"
    return Finding(rule="overruled", severity="low", message=told, policy="review.overrule")


def _licences(guild: Guild, draft: Draft) -> tuple[Finding, ...]:
    """Ask about licences that the policy does not name: the draft's own, and those of tools it uses."""
    allowed = guild.policy.review.licences
    under = {"the draft": draft.licence}
    for alias, digest_of_tool in draft.uses.items():
        entry = guild.registry.get(digest_of_tool)
        if entry is not None:
            under[alias] = entry.tool.draft.licence
    return tuple(
        Finding(
            rule="licence",
            severity="medium",
            message=f"{what} is under {licence[:80]!r}, which the policy does not name",
            policy="review.licences",
        )
        for what, licence in under.items()
        if allowed and licence not in allowed
    )


async def _read(
    guild: Guild, command: ReviewDraft
) -> tuple[tuple[Finding, ...], tuple[ModelUsage, ...]]:
    """Let a model read the code. That it gives no usable answer is itself a remark, not a failure."""
    lines = command.draft.source.splitlines()
    values = {
        **spec_values(command.spec),
        "language": command.draft.language,
        "entry": command.draft.entry,
        "code": "\n".join(f"{number:4} {line}" for number, line in enumerate(lines, start=1)),
    }
    try:
        answer = await guild.models.ask(
            "reviewer",
            "review",
            values,
            Reading,
            brief=command.brief,
            # By the code: another author of the same build may have written the very same.
            key=f"review:{command.build}:{digest(command.draft.source)}",
            schema=_ASKED,
        )
    except PermanentError as error:
        if type(error) is not PermanentError:
            raise  # out of budget, or the operator has to change something
        told = f"the model that reads the code gave no usable answer: {error}"
        return (Finding(rule="semantic", severity="low", message=told[:500], by="semantic"),), ()
    most = guild.policy.review.semantic_severity
    return tuple(_finding(one, lines, most) for one in answer.value.findings), (answer.usage,)


def _finding(one: Objection, lines: list[str], most: Severity) -> Finding:
    """Return what a model objects to. Without a line of code that it cites it is a remark that decides nothing."""
    cited = one.line is not None and 1 <= one.line <= len(lines) and lines[one.line - 1].strip()
    if not cited:
        told = f"{one.message[:400]} (cites no line of the code, so it is only a remark)"
        return Finding(rule="semantic-uncited", severity="low", message=told, by="semantic")
    return Finding(
        rule="semantic",
        severity=min(one.severity, most, key=_WEIGHT.__getitem__),
        message=one.message,
        line=one.line,
        policy="review.semantic_severity",
        by="semantic",
    )
