"""What a report says about one tool: where it comes from and how it was proved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolguild.canonical import Digest
from toolguild.messages import Result, ToolUse
from toolguild.sandbox.interface import Seen
from toolguild.tool import Published

MOST_LISTED = 8


@dataclass(frozen=True)
class ToolCard:
    """One used tool in words. `facts`, pairs of name and text, are empty for an unknown entry."""

    title: str
    how: str  # "made" or "reused"
    digest: Digest
    description: str
    facts: tuple[tuple[str, str], ...] = ()
    rulings: tuple[str, ...] = ()
    source: str = ""
    language: str = ""


def cards(result: Result, tools: Mapping[Digest, Published]) -> tuple[ToolCard, ...]:
    """Describe the tools that a task made, then those that it reused."""
    made = tuple(_card(use, "made", tools) for use in result.made)
    return made + tuple(_card(use, "reused", tools) for use in result.reused)


def exam_summary(entry: Published) -> str:
    """Say in one sentence how the tool was proved."""
    tool = entry.tool
    origins = Counter(case.origin for case in tool.exam.cases)
    cases = ", ".join(f"{count} {_ORIGINS[origin]}" for origin, count in sorted(origins.items()))
    parts = [f"{len(tool.exam.cases)} cases ({cases})" if cases else "no cases"]
    if tool.exam.properties:
        parts.append(f"{len(tool.exam.properties)} properties")
    parts.append(f"{tool.report.generated.tried} generated inputs")
    parts.append(f"{tool.mutation.killed} of {tool.mutation.total} planted faults noticed")
    return ", ".join(parts)


def provenance_text(entry: Published) -> str:
    """Say who wrote the tool, from what, for which task."""
    origin = entry.tool.draft.provenance
    model = f"{origin.model} ({origin.model_source})"
    text = f"{origin.agent} with {model}"
    if origin.agent.startswith("person:"):
        text = f"{origin.agent}, who edited what {model} wrote"
    text += f", task {origin.task}, prompt {origin.prompt[:12]}, draft {origin.attempt}"
    parents = ", ".join(parent[:12] for parent in origin.parents)
    return f"{text}, made from {parents}" if parents else text


_ORIGINS = {
    "spec": "from the request",
    "examiner": "by the examiner",
    "regression": "from real failures",
}


def _card(use: ToolUse, how: str, tools: Mapping[Digest, Published]) -> ToolCard:
    entry = tools.get(use.digest)
    if entry is None:
        return ToolCard(f"{use.name}@{use.version}", how, use.digest, use.description)
    tool = entry.tool
    return ToolCard(
        title=tool.title,
        how=how,
        digest=use.digest,
        description=tool.draft.description or use.description,
        facts=facts(entry),
        rulings=tuple(
            f"{ruling.decision.replace('_', ' ')}: {ruling.why}" for ruling in tool.exam.rulings
        ),
        source=tool.draft.source,
        language=tool.draft.language,
    )


def facts(entry: Published) -> tuple[tuple[str, str], ...]:
    """Say what is worth knowing about a tool, as pairs of name and text."""
    return tuple((name, text) for name, text in _facts(entry) if text)


def beside(entry: Published) -> tuple[tuple[str, str, str], ...]:
    """Say of each kind of use what the tool, with those that it uses, declares, and what its tests measured.

    Left out is what it neither declares nor did. Libraries and credentials cannot be seen from outside.
    """
    may, seen = entry.tool.capabilities, entry.tool.measured.seen or _UNSEEN
    peak, most = entry.tool.measured.peak, may.limits
    names = (
        ("reads", may.read, seen.read),
        ("writes", may.write, seen.written),
        ("hosts", may.hosts, seen.hosts if entry.tool.measured.seen else None),
        ("programs", may.programs, seen.programs),
        ("imports", may.imports, None),
        ("credentials", may.credentials, None),
    )
    sizes = (
        ("processes", f"{most.processes}", None if seen.processes is None else f"{seen.processes}"),
        ("memory", f"{most.memory_mb} MB", peak and f"{peak.peak_memory_mb:.0f} MB"),
        ("CPU", f"{most.cpu_seconds:g} s", peak and f"{peak.cpu_seconds:.3f} s"),
        ("time", f"{most.wall_seconds:g} s", peak and f"{peak.wall_seconds:.3f} s"),
    )
    told = [(label, _listed(can), _listed(did)) for label, can, did in names if can or did]
    return (*told, *((label, can, did or _NOBODY) for label, can, did in sizes))


_NOBODY = "not measured"
_UNSEEN = Seen(read=None, written=None, programs=None, processes=None)


def _listed(names: Sequence[str] | None) -> str:
    if names is None:
        return _NOBODY
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return (", ".join(names[:MOST_LISTED]) or "none") + more


def _facts(entry: Published) -> Sequence[tuple[str, str]]:
    tool = entry.tool
    review = f"{len(tool.findings)} remarks" if tool.findings else "no objections"
    approved = f", approved by {tool.approved_by}" if tool.approved_by else ""
    peak = tool.measured.peak
    return (
        ("language", f"{tool.draft.language}, {len(tool.draft.source.splitlines())} lines"),
        ("written by", provenance_text(entry)),
        ("licence", tool.draft.licence),
        ("exam", exam_summary(entry)),
        ("review", review + approved),
        ("libraries", ", ".join(tool.draft.dependencies) or "standard library only"),
        (
            "measured",
            f"{peak.wall_seconds:.3f} s, {peak.peak_memory_mb:.0f} MB at most" if peak else "",
        ),
        ("sandbox", tool.measured.sandbox),
        ("published", entry.published_at),
        ("status", entry.status if entry.status != "published" else ""),
    )
