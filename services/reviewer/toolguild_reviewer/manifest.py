"""What a draft's manifest states, against its spec and what it may have."""

from collections.abc import Iterator

from toolguild import canonical
from toolguild.capability import Capabilities
from toolguild.exam.schema import schema_problem
from toolguild.guild import Guild
from toolguild.host import parse
from toolguild.sandbox.egress.host import Grant
from toolguild.tool import Draft, Finding, ToolSpec

_RUNS = ("published", "deprecated")


def manifest_findings(guild: Guild, spec: ToolSpec, draft: Draft) -> tuple[Finding, ...]:
    """Return what speaks against the manifest: other schemas than the spec's, more than the grant gives,
    tools that may not be used. Each blocks: the author can mend them all."""
    return tuple(
        Finding(rule=rule, severity="high", message=message, policy=policy)
        for rule, message, policy in _objections(guild, spec, draft)
    )


def _objections(
    guild: Guild, spec: ToolSpec, draft: Draft
) -> Iterator[tuple[str, str, str | None]]:
    for name in ("input_schema", "output_schema"):
        mine, wanted = getattr(draft, name), getattr(spec, name)
        if problem := schema_problem(mine):
            yield "manifest-schema", f"the {name} is no JSON Schema: {problem}", None
        elif canonical.digest(mine) != canonical.digest(wanted):
            yield "manifest-schema", f"the {name} is not the one that the spec asks for", None
    grant = granted(guild, spec)
    for extra in draft.declared.beyond(grant):
        yield "beyond-grant", f"the manifest declares more than is granted: {extra}", "capabilities"
    yield from _credentials(guild, draft)
    for alias, digest in draft.uses.items():
        entry = guild.registry.get(digest)
        if entry is None or entry.status not in _RUNS:
            what = "does not exist" if entry is None else f"is {entry.status}"
            yield "uses-tool", f"{alias}: the tool {digest} {what}", None
            continue
        for extra in entry.tool.capabilities.beyond(guild.policy.capabilities):
            yield "beyond-grant", f"{alias} may do more than is granted: {extra}", "capabilities"


def _credentials(guild: Guild, draft: Draft) -> Iterator[tuple[str, str, str | None]]:
    """Object to credentials that the policy does not have, or not for this tool or its hosts."""
    for name in draft.declared.credentials:
        known, entry = guild.policy.credentials.get(name), f"credentials.{name}"
        if known is None:
            yield "credential", f"there is no credential {name}", "credentials"
        elif not known.serves([draft.name]):
            yield "credential", f"{draft.name} may not use the credential {name}", f"{entry}.tools"
        elif not Grant(draft.declared.hosts).covers(parse(known.host)):
            yield (
                "credential",
                f"the credential {name} is for {known.host}, which the manifest does not declare",
                f"{entry}.host",
            )


def granted(guild: Guild, spec: ToolSpec) -> Capabilities:
    """Return what a draft for this spec may declare.

    Libraries are granted by the policy alone: which one serves best is the author's choice, and the
    static rules judge each import. With the layer of capabilities off, the policy's ceiling is all there is.
    """
    allowed = guild.policy.capabilities
    if not guild.policy.layers.capabilities:
        return allowed
    return guild.policy.grant(spec.capabilities).model_copy(update={"imports": allowed.imports})


def whole_capabilities(guild: Guild, draft: Draft) -> Capabilities:
    """Return what the draft and all tools that it uses may do."""
    whole = draft.declared
    for digest in draft.uses.values():
        entry = guild.registry.get(digest)
        if entry is not None:
            whole = whole.join(entry.tool.capabilities)
    return whole
