"""What the author's own desk checks before a draft leaves it, and what the manifest says. Pure."""

from collections.abc import Mapping, Sequence
from importlib import metadata

from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Language
from toolguild.policy import Policy
from toolguild.tool import ToolSpec
from toolguild_synthesizer import javascript_code, python_code
from toolguild_synthesizer.signature import names_of

_READS_HOSTS = ("urllib", "http", "https", "fetch", "socket", "requests", "httpx", "net")


def complaints(
    source: str, spec: ToolSpec, policy: Policy, known: Mapping[str, Digest]
) -> list[str]:
    """Say what is certain to fail later: syntax, the entry function, imports that nobody granted."""
    names = names_of(spec.input_schema)
    if spec.language == "javascript":
        found = javascript_code.complaints(source, spec.name, names)
    else:
        found = python_code.complaints(source, spec.name, names)
    if found:
        return found
    whole = finished(source, spec.language)
    if spec.language == "python":
        found = [
            f"{name} is not defined: define it in the code" for name in python_code.undefined(whole)
        ]
    return [*found, *_imports(whole, spec, policy), *_tools(whole, spec.language, known)]


def finished(source: str, language: Language) -> str:
    """Return the code as it is handed in: without appended calls, with the imports that were forgotten."""
    if language == "python":
        return python_code.completed(python_code.trimmed(source))
    return source


def declared(source: str, spec: ToolSpec) -> Capabilities:
    """Return the capabilities that the code needs, as far as it shows; never more than was asked for."""
    asked = spec.capabilities
    code = python_code if spec.language == "python" else javascript_code
    writes, used = code.writes(source) or "/output" in source, set(code.libraries(source))
    reaches = any(word in source for word in _READS_HOSTS)
    return Capabilities(
        imports=tuple(
            name for name in sorted(used) if name in asked.imports or "*" in asked.imports
        ),
        read=asked.read,
        write=asked.write if writes else (),
        hosts=asked.hosts if reaches else (),
        programs=asked.programs if "subprocess" in source or "child_process" in source else (),
        credentials=asked.credentials if reaches else (),
        limits=asked.limits,
    )


def dependencies(source: str, language: Language) -> tuple[str, ...]:
    """Name the distributions that the code imports, with the versions that are installed here."""
    if language != "python":
        return javascript_code.libraries(source)
    used = python_code.libraries(source)
    owners = metadata.packages_distributions() if used else {}
    names = [(owners.get(name) or [name])[0] for name in used]
    return tuple(sorted({_with_version(name) for name in names}))


def used_tools(source: str, language: Language, known: Mapping[str, Digest]) -> dict[str, Digest]:
    """Map each registry tool that the code calls to its digest."""
    return {name: known[name] for name in _called(source, language) if name in known}


def _with_version(distribution: str) -> str:
    try:
        return f"{distribution}=={metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return distribution


def _imports(source: str, spec: ToolSpec, policy: Policy) -> list[str]:
    granted = set(spec.capabilities.imports)
    code = python_code if spec.language == "python" else javascript_code
    extra = [name for name in code.libraries(source) if name not in granted and "*" not in granted]
    found = [
        f"do not import {name}: use the standard library{_or(sorted(granted))}" for name in extra
    ]
    if spec.language == "python" and not (spec.capabilities.hosts or spec.capabilities.programs):
        rules = policy.imports.python
        denied = [
            name
            for name in sorted(python_code.imports(source))
            if rules.decide(name).action == "deny"
        ]
        found += [f"do not import {name}: the policy denies it" for name in denied]
    return found


def _tools(source: str, language: Language, known: Mapping[str, Digest]) -> list[str]:
    there = f"; there are {', '.join(sorted(known))}" if known else ""
    return [
        f"the guild has no tool {name}{there}: do without it"
        for name in _called(source, language)
        if name not in known
    ]


def _called(source: str, language: Language) -> tuple[str, ...]:
    if language == "python":
        return python_code.guild_tools(source)
    return javascript_code.guild_tools(source)


def _or(names: Sequence[str]) -> str:
    return f" or {', '.join(names)}" if names else ""
