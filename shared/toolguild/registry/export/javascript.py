"""A JavaScript tool as a Node package. Pure."""

import json
from collections.abc import Mapping, Sequence

from toolguild.canonical import Digest
from toolguild.registry.export.about import cases, one_line, readme, records, template
from toolguild.registry.export.rewrite import javascript_source
from toolguild.tool import Published, Tool


def javascript_package(closure: Sequence[Published]) -> dict[str, str]:
    """Return the files of a package, by path, for a tool that comes after all that it uses."""
    tool = closure[-1].tool
    program, entry = tool.name.replace("_", "-"), tool.draft.entry
    names = _files(closure)
    files = {
        "package.json": json.dumps(_package(closure, program), indent=2, ensure_ascii=False) + "\n",
        "README.md": readme(closure, _HOW.format(entry=entry, program=program)),
        "provenance.json": records(closure),
        "index.js": f'"use strict";\nmodule.exports = require("./{names[tool.digest]}.js");\n',
        "cli.js": template("javascript/cli.js", program=program, entry_text=json.dumps(entry)),
        "paths.js": template("javascript/paths.js"),
        "test/tool.test.js": template("javascript/tool.test.js", entry_text=json.dumps(entry)),
        "test/cases.json": cases(tool),
    }
    for one in closure:
        files |= _module(one.tool, names, closure)
    return files


_HOW = """\
```js
const {{ {entry} }} = require("{program}");
```

From a shell: `node cli.js '{{...}}'`, with the arguments as a JSON object.
Its tests: `node --test`.
"""

_EXPORTS = """
;(() => {
  const found = typeof ENTRY === "function" ? ENTRY : module.exports;
  if (typeof found === "function" && !("ENTRY" in module.exports)) module.exports["ENTRY"] = found;
})();
"""


def _files(closure: Sequence[Published]) -> dict[Digest, str]:
    named = {one.tool.digest: f"used_{one.tool.name}_{one.tool.digest[:8]}" for one in closure}
    return named | {closure[-1].tool.digest: "tool"}


def _module(
    tool: Tool, names: Mapping[Digest, str], closure: Sequence[Published]
) -> dict[str, str]:
    name, entry = names[tool.digest], tool.draft.entry
    source = javascript_source(tool.draft.source, guild=f"./guild_of_{name}.js", paths="./paths.js")
    # As in a guild, the entry need not be exported by the tool's own code.
    source += _EXPORTS.replace("ENTRY", entry)
    files = {f"{name}.js": source}
    if tool.draft.uses:
        entries = {one.tool.digest: one.tool.draft.entry for one in closure}
        lines = [
            f'exports["{alias}"] = require("./{names[used]}.js")["{entries[used]}"];'
            for alias, used in tool.draft.uses.items()
        ]
        files[f"guild_of_{name}.js"] = "\n".join(['"use strict";', *lines, ""])
    return files


def _package(closure: Sequence[Published], program: str) -> dict[str, object]:
    tool = closure[-1].tool
    return {
        "name": program,
        "version": f"{tool.version}.0",
        "description": one_line(tool.draft.description),
        "license": one_line(tool.draft.licence),
        "type": "commonjs",
        "main": "index.js",
        "bin": {program: "cli.js"},
        "scripts": {"test": "node --test"},
        "engines": {"node": ">=20"},
    }
