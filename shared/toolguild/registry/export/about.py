"""What an exported package says about its tool: cases, provenance, README. Pure."""

import json
from collections.abc import Sequence
from pathlib import Path

from toolguild.tool import Provenance, Published, Tool

_TEMPLATES = Path(__file__).parent / "templates"


def template(name: str, **values: str) -> str:
    """Return a file of the templates with each @NAME@ filled in."""
    text = (_TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", value)
    return text


def one_line(text: str) -> str:
    """Return a text as one printable line."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def cases(tool: Tool) -> str:
    """Return the exam's cases and the author's examples as JSON, each once."""
    examples = [
        example.model_dump(mode="json") | {"only_runs": False} for example in tool.draft.examples
    ]
    exam = [case.model_dump(mode="json", exclude={"origin"}) for case in tool.exam.cases]
    every = {json.dumps(case, sort_keys=True): case for case in (*exam, *examples)}
    return json.dumps(list(every.values()), indent=2, ensure_ascii=False) + "\n"


def records(closure: Sequence[Published]) -> str:
    """Return the whole registry entries, signatures included, of the tool and then of all that it uses."""
    return (
        json.dumps([entry.model_dump(mode="json") for entry in reversed(closure)], indent=2) + "\n"
    )


def readme(closure: Sequence[Published], how: str) -> str:
    """Return the README; `how` says how to call and test the tool."""
    tool = closure[-1].tool
    made = tool.draft.provenance
    used = "".join(
        f"- {entry.tool.title}, digest `{entry.tool.digest}`, {one_line(entry.tool.draft.licence)}\n"
        for entry in closure[:-1]
    )
    return f"""# {tool.name}

{one_line(tool.draft.description)}

{how}
The tool was written for files below `/data` (to read) and `/output` (to write). Here these two stand for
the folders `./data` and `./output`, or those that `TOOL_DATA` and `TOOL_OUTPUT` name.

## Arguments

```json
{json.dumps(tool.draft.input_schema, indent=2, ensure_ascii=False)}
```

## Answer

```json
{json.dumps(tool.draft.output_schema, indent=2, ensure_ascii=False)}
```

## Where it comes from

Exported from a Toolguild registry. Outside a guild nothing limits what the code may do: it runs with your rights.

- version {tool.version}, digest `{tool.digest}`, published {closure[-1].published_at or "at an unknown time"}
- written by {_author(made)} for task {made.task}, asked with prompt `{made.prompt}`
- passed {len(tool.exam.cases)} cases; {tool.mutation.killed} of {tool.mutation.total} small faults were noticed
{_made_from(made)}- the full record with its signatures is in `provenance.json`
{chr(10) + "It uses these tools, which are part of this package:" + chr(10) + chr(10) + used if used else ""}
## Licence

{tool.draft.licence}
"""


def _author(made: Provenance) -> str:
    model = f"the model {made.model} ({made.model_source})"
    if made.agent.startswith("person:"):
        return f"{made.agent}, who edited what {model} wrote,"
    return f"{made.agent} with {model}"


def _made_from(made: Provenance) -> str:
    parents = ", ".join(f"`{parent}`" for parent in made.parents)
    return f"- made from the published {parents}, under whose licence it stays\n" if parents else ""
