"""A Python tool as an installable package. Pure."""

import json
import keyword
import sys
from collections.abc import Mapping, Sequence

from toolguild.canonical import Digest
from toolguild.registry.export.about import cases, one_line, readme, records, template
from toolguild.registry.export.rewrite import python_source
from toolguild.tool import Published, Tool


def python_package(closure: Sequence[Published]) -> dict[str, str]:
    """Return the files of a package, by path, for a tool that comes after all that it uses."""
    tool = closure[-1].tool
    package, program = _package(tool.name), tool.name.replace("_", "-")
    entry = tool.draft.entry
    modules = _modules(closure)
    files = {
        "pyproject.toml": _project(closure, package, program),
        "README.md": readme(closure, _HOW.format(package=package, entry=entry, program=program)),
        "provenance.json": records(closure),
        "tests/test_tool.py": template("python/test_tool.py", package=package, entry=entry),
        "tests/cases.json": cases(tool),
        f"{package}/__init__.py": f"from {package}.tool import {entry}\n\n__all__ = [{json.dumps(entry)}]\n",
        f"{package}/__main__.py": template(
            "python/main.py",
            package=package,
            entry=entry,
            program=program,
            description=ascii(one_line(tool.draft.description).replace("%", "%%")),
        ),
        f"{package}/paths.py": template("python/paths.py"),
    }
    entries = {one.tool.digest: one.tool.draft.entry for one in closure}
    for one in closure:
        files |= _module(one.tool, modules, entries, package)
    return files


_HOW = """\
```python
from {package} import {entry}
```

From a shell, after `pip install .`: `{program} '{{...}}'`, with the arguments as a JSON object.
Its tests: `pytest`.
"""


def _package(name: str) -> str:
    taken = keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "tests"
    return f"{name}_tool" if taken else name


def _modules(closure: Sequence[Published]) -> dict[Digest, str]:
    """Name a module for each tool; two versions of one tool may be there."""
    named = {one.tool.digest: f"used_{one.tool.name}_{one.tool.digest[:8]}" for one in closure}
    return named | {closure[-1].tool.digest: "tool"}


def _module(
    tool: Tool, modules: Mapping[Digest, str], entries: Mapping[Digest, str], package: str
) -> dict[str, str]:
    module = modules[tool.digest]
    guild = f"{package}.guild_of_{module}"
    source = python_source(tool.draft.source, guild=guild, paths=f"{package}.paths")
    files = {f"{package}/{module}.py": source}
    if tool.draft.uses:
        files[f"{package}/guild_of_{module}.py"] = "".join(
            f"from {package}.{modules[used]} import {entries[used]} as {alias}\n"
            for alias, used in tool.draft.uses.items()
        )
    return files


def _project(closure: Sequence[Published], package: str, program: str) -> str:
    tool = closure[-1].tool
    needed = sorted({one for entry in closure for one in entry.tool.draft.dependencies})
    text = {
        "name": program,
        "version": tool.version,
        "description": one_line(tool.draft.description),
        "license": one_line(tool.draft.licence),
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in text.items()]
    return "\n".join(
        [
            "[build-system]",
            'requires = ["hatchling>=1.27"]',
            'build-backend = "hatchling.build"',
            "",
            "[project]",
            *lines,
            'readme = "README.md"',
            'requires-python = ">=3.11"',
            f"dependencies = {json.dumps(needed)}",
            "",
            "[project.optional-dependencies]",
            'test = ["pytest"]',
            "",
            "[project.scripts]",
            f'{program} = "{package}.__main__:main"',
            "",
            "[tool.hatch.build.targets.wheel]",
            f'packages = ["{package}"]',
            "",
            "[tool.pytest.ini_options]",
            'pythonpath = ["."]',
            'testpaths = ["tests"]',
            "",
        ]
    )
