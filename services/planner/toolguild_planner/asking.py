"""What a new tool is asked to be besides its types: language, capabilities, notes. Decided by code. Pure."""

import re
from collections.abc import Mapping
from contextlib import suppress

from pydantic import JsonValue

from toolguild.capability import Capabilities, Language, Limits
from toolguild.goal import Goal
from toolguild.sandbox.egress import responses
from toolguild.sandbox.egress.host import ANY, parse
from toolguild.screen import provenance
from toolguild_planner.marks import files_in, name_of
from toolguild_planner.observe import Observation
from toolguild_planner.proposal import ProposedStep
from toolguild_planner.schemas import type_of_argument

_JAVASCRIPT = re.compile(r"\bjava\s?script\b|\bnode(\.?js)?\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(write|save|export|creat|produc|generat|plot|chart|draw|render|convert)\w*\b.*"
    r"\b(files?|plots?|charts?|images?|png|svg|pdf|csv|json|xml|html|xlsx|reports?)\b",
    re.IGNORECASE | re.DOTALL,
)
_DRAWS = re.compile(
    r"\b(plot|chart|graph|histogram|diagram|draw|render|visuali[sz]e|figure|picture|image|png|svg|pdf|xlsx|excel|"
    r"spreadsheet|zip|convert|rewrite|split)\w*\b|\b(write|save|export|store|download|creat|generat|produc)\w*\b",
    re.IGNORECASE,
)
_URL = re.compile(r"\bhttp(s?)://([^\s/?#'\"<>),;]+)")
_NEEDS = {  # libraries that only some purposes need
    "matplotlib": r"matplotlib|(plot|chart|graph|histogram|diagram)s?\b",
    "numpy": r"numpy|matri(x|ces)|vectors?\b|linear algebra|fourier|fft|regression|polynomial|correlation",
    "pandas": r"pandas|data ?frames?\b|pivot|excel|xlsx|parquet|resampl|rolling|time series",
}


def language(goal: Goal, seen: Observation) -> Language:
    """Return Python unless the person asks for JavaScript or the policy has nothing else."""
    words = " ".join((goal.primary, *goal.constraints, *goal.preferences))
    if "python" not in seen.languages or _JAVASCRIPT.search(words):
        return "javascript" if "javascript" in seen.languages else "python"
    return "python"


def notes(goal: Goal, *, alone: bool) -> tuple[str, ...]:
    """Say what binds the tool; the goal too when it is the only step: a purpose may leave out what matters."""
    wanted = (f"wanted for: {goal.primary}",) if alone else ()
    return (*wanted, *goal.constraints, *goal.preferences)


def capabilities(
    proposed: ProposedStep, arguments: Mapping[str, JsonValue], goal: Goal, seen: Observation
) -> Capabilities:
    """Ask for what the words and arguments of a step need, out of what the task may use at most."""
    grant, words = seen.grant, f"{proposed.purpose} {proposed.returned}"
    said = provenance.said(goal).lower()
    every = f"{words} {said}".lower()
    bound = wished(goal, seen)
    hosts = tuple(one for one in _hosts(grant, every) if {one, ANY} & set(bound.hosts))
    reads = any(is_file(value, _said(proposed, name)) for name, value in arguments.items())
    reads = reads or any(set(example.files) - {responses.FILE} for example in goal.examples)
    writes = (
        proposed.returns == "file"
        or _WRITES.search(words) is not None
        or any(example.expected_files for example in goal.examples)
        or any(isinstance(one, str) and one.startswith("/output/") for one in arguments.values())
    )
    return Capabilities(
        imports=tuple(name for name in seen.libraries if _needed(name, every)),
        read=grant.read if reads else (),
        write=bound.write if writes else (),
        hosts=hosts,
        programs=tuple(name for name in bound.programs if _stands_in(name, every)),
        credentials=_credentials(goal, said, hosts, seen),
        limits=Limits().meet(grant.limits),
    )


def wished(goal: Goal, seen: Observation) -> Capabilities:
    """Return the most that any step may ask for: what the person's own words ask for, out of the grant.

    What a model says, and whatever it has read, can only choose among these. Of libraries it can choose those
    that the operator lets every tool use. With the layer of capabilities off, all of the grant can be asked for.
    """
    grant = seen.grant
    if not seen.bounded:
        return grant
    said = provenance.said(goal).lower()
    listed = goal.capabilities or Capabilities()  # the grant is within it already
    files = bool(listed.write) or asks_for_files(goal)
    secrets = {  # who names a credential names its host
        str(parse(host))
        for name, host in seen.credentials.items()
        if name in listed.credentials or _stands_in(name, said)
    }
    hosts = (
        *_listed(grant.hosts, listed.hosts),
        *_hosts(grant, said),
        *(one for one in grant.hosts if one != ANY and str(parse(one)) in secrets),
    )
    return grant.model_copy(
        update={
            "write": grant.write if files else (),
            "hosts": tuple(dict.fromkeys(hosts)),
            "programs": tuple(
                name for name in grant.programs if name in listed.programs or _stands_in(name, said)
            ),
        }
    )


def asks_for_files(goal: Goal) -> bool:
    """Whether a person asks for a file: in words, or by an example of one."""
    said = provenance.said(goal)
    return (
        _WRITES.search(said) is not None
        or _DRAWS.search(said) is not None
        or any(example.expected_files for example in goal.examples)
    )


def too_far(tool: Capabilities, bound: Capabilities) -> tuple[str, ...]:
    """Name the hosts and programs of a published tool that nobody asked for."""
    hosts = (one for one in tool.hosts if not {one, ANY} & set(bound.hosts))
    programs = (one for one in tool.programs if not {one, ANY} & set(bound.programs))
    return (*hosts, *programs)


def _listed(granted: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in granted if one in asked and one != ANY)


def is_file(value: JsonValue, said: str) -> bool:
    """Whether an argument is a file or holds files; `said` is the type that the model gave it."""
    return type_of_argument(value, said) == "file" or any(True for _ in files_in(value))


def _hosts(grant: Capabilities, words: str) -> tuple[str, ...]:
    """Return the granted hosts that the words name; where every host is granted, those of their addresses."""
    named = [entry for entry in grant.hosts if entry != ANY and parse(entry).name in words]
    for secure, authority in _URL.findall(words) if ANY in grant.hosts else ():
        with suppress(ValueError):  # no host that a call could ask for
            named.append(str(parse(authority.rstrip("."), 443 if secure else 80)))
    return tuple(dict.fromkeys(named))


def _credentials(
    goal: Goal, said: str, hosts: tuple[str, ...], seen: Observation
) -> tuple[str, ...]:
    """Return the credentials for the hosts that a step asks for, where the person named them or their host.

    Only the goal's own words count: a plan, or what a file says, asks for no secret.
    """
    listed = set(goal.capabilities.credentials) if goal.capabilities is not None else set()
    return tuple(
        name
        for name, host in sorted(seen.credentials.items())
        if {name, "*"} & set(seen.grant.credentials)
        and str(parse(host)) in {str(parse(one)) for one in hosts}
        and (name in listed or parse(host).name in said or _stands_in(name, said))
    )


def _needed(library: str, words: str) -> bool:
    return re.search(rf"\b({_NEEDS.get(library, library)})", words) is not None


def _stands_in(program: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(program.lower())}\b", words) is not None


def _said(proposed: ProposedStep, name: str) -> str:
    return next((one.type for one in proposed.arguments if name_of(one.name) == name), "any")
