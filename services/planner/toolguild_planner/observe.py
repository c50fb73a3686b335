"""What is there before anything is planned: files, tools, libraries, limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolguild.capability import Capabilities, Language
from toolguild.goal import Goal
from toolguild.guild import Guild, Registry
from toolguild.messages import Artifact
from toolguild.policy import Policy
from toolguild.tool import Published
from toolguild_planner.preview import FilePreview, preview
from toolguild_planner.schemas import INSTANCE

CANDIDATES = 4  # more tools in a prompt make a small model worse
HEAD = 65536
_LIBRARIES = ("numpy", "pandas", "matplotlib")  # what the `data` extra brings into every sandbox


@dataclass(frozen=True)
class Observation:
    """All that planning knows besides the goal."""

    files: tuple[FilePreview, ...]
    tools: tuple[Published, ...]  # the best candidates, best first
    languages: tuple[Language, ...]
    libraries: tuple[str, ...]
    grant: Capabilities  # what the task may use at most
    max_steps: int
    lessons: tuple[str, ...] = ()  # of earlier tasks like this one
    bounded: bool = True  # the goal's own words are the most that a plan may ask for
    screened: bool = False  # what reads like an order goes into no spec
    credentials: Mapping[str, str] = field(default_factory=dict)  # names with their "name:port"


async def observe(guild: Guild, goal: Goal, files: Sequence[Artifact]) -> Observation:
    """Look at everything that a plan for this goal may build on."""
    previews = [
        preview(file.name, await guild.artifacts.head(file, HEAD), file.bytes) for file in files
    ]
    found = guild.registry.search(_query(goal), limit=CANDIDATES * 2)
    names: dict[str, Published] = {}
    for entry in found:
        names.setdefault(entry.tool.name, entry)
    grant = granted(guild.policy, goal)
    candidates = tuple(names.values())[:CANDIDATES]
    return Observation(
        files=tuple(previews),
        tools=candidates,
        languages=guild.policy.languages,
        libraries=libraries(guild.policy, grant),
        grant=grant,
        max_steps=guild.policy.task.steps,
        bounded=guild.policy.layers.capabilities,
        screened=guild.policy.layers.input
        and guild.policy.input.injection in ("withhold", "refuse"),
        lessons=tuple(lessons(guild.registry, [entry.tool.name for entry in candidates])),
        credentials={name: one.host for name, one in guild.policy.credentials.items()},
    )


def lessons(registry: Registry, names: Sequence[str]) -> Iterator[str]:
    """Say what earlier tasks learned about these tools: versions taken out of use, data that broke one."""
    for name in names:
        for entry in registry.versions(name):
            if entry.status != "published":
                yield f"{entry.tool.title} is {entry.status}: {entry.reason or 'no reason given'}"
            broken = sum(case.origin == "regression" for case in entry.tool.exam.cases)
            if broken:
                yield (
                    f"{entry.tool.title} was made because real data broke an earlier version; it passes "
                    f"{broken} such {'call' if broken == 1 else 'calls'}"
                )


def told(seen: Observation) -> Iterator[str]:
    """Say for the report what was there, with the exact figures that prompts do not show."""
    for file in seen.files:
        figures = [f"{count} {what}" for what, count in file.figures.items()]
        said = ", ".join([file.kind, f"{file.bytes} bytes", *figures])
        yield f"saw {file.name}: {said}" + (f"; {file.note}" if file.note else "")
    if seen.tools:
        yield f"saw published tools: {', '.join(entry.tool.title for entry in seen.tools)}"


def granted(policy: Policy, goal: Goal) -> Capabilities:
    """Return what a task with this goal may use: what it asks for, or else all that the policy has."""
    return policy.capabilities if goal.capabilities is None else policy.grant(goal.capabilities)


def libraries(policy: Policy, grant: Capabilities) -> tuple[str, ...]:
    """Name the libraries beyond the standard one that a tool may use without asking a person."""
    return tuple(
        name
        for name in _LIBRARIES
        if policy.imports.python.decide(name).action == "allow" and {name, "*"} & set(grant.imports)
    )


def parameters(schema: dict[str, Any]) -> list[dict[str, str]]:
    """List name, type and description of each argument that an input schema takes."""
    return [
        {
            "name": name,
            "type": "file" if inner.get("format") == "path" else str(inner.get("type", "any")),
            "description": str(inner.get("description", "")).split(INSTANCE)[0],
        }
        for name, inner in schema.get("properties", {}).items()
        if isinstance(inner, dict)
    ]


def _query(goal: Goal) -> str:
    return " ".join((goal.primary, *goal.preferences))
