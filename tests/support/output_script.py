"""What the scripted model answers about tools that hand on what stands in files.

Named in settings as "scripted:output_script:answer".
"""

import json
from collections.abc import Mapping
from typing import Any

import flow_script
from flow_script import argument, one_step, step

READ = "Return the text of a file."
COPY = "Write the content of a file to the output folder under its own name and return its length in bytes."
LOAD = "Return the JSON object that a file holds."
SHOW, EXTRACT = "Show what notes.txt says", "Extract the e-mail addresses in notes.txt"
PAGE, FILES, DESCRIBE = "Show page.txt", "Copy people.csv and plot.png", "Describe the sales"


def _read(name: str, id_: str = "s1") -> flow_script.Json:
    return step(id_, "NEW", "read_text", READ, "string", argument("path", "file", f"$file:{name}"))


def _copy(name: str, id_: str) -> flow_script.Json:
    file = argument("path", "file", f"$file:{name}")
    return step(id_, "NEW", "copy_file", COPY, "integer", file)


PLANS = {
    SHOW: one_step(_read("notes.txt")),
    EXTRACT: one_step(_read("notes.txt")),
    PAGE: one_step(_read("page.txt")),
    FILES: {
        "steps": [_copy("people.csv", "a"), _copy("plot.png", "b")],
        "answer": "$step:a",
    },
    DESCRIBE: {
        "steps": [
            step(
                "a",
                "NEW",
                "load_object",
                LOAD,
                "object",
                argument("path", "file", "$file:sales.json"),
            ),
            _read("notes.txt", "b"),
        ],
        "answer": "$step:b",
    },
}
CODE = {
    "read_text": "def read_text(path):\n"
    '    with open(path, encoding="utf-8") as file:\n'
    "        return file.read()\n",
    "copy_file": "from pathlib import Path\n\n\ndef copy_file(path):\n"
    "    data = Path(path).read_bytes()\n"
    '    return Path("/output", Path(path).name).write_bytes(data)\n',
    "load_object": "import json\n\n\ndef load_object(path):\n"
    '    with open(path, encoding="utf-8") as file:\n'
    "        return json.load(file)\n",
}
_TEXTS = ('{"a": 1}', '{"b": [1, 2], "c": "x"}', "{}")


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    match prompt:
        case "plan":
            return json.dumps(PLANS[values["goal"]])
        case "draft" | "repair":
            return f"```python\n{CODE[values['name']].strip()}\n```"
        case "examine":
            cases = [_case(values["name"], text) for text in _TEXTS]
            return json.dumps({"cases": cases, "properties": []})
        case _:
            return flow_script.answer(role, prompt, values, sample)


def _case(name: str, text: str) -> flow_script.Json:
    expected = {"read_text": text, "copy_file": len(text), "load_object": json.loads(text)}
    files = [{"name": "f.txt", "text": text}]
    return {"arguments": {"path": "/data/f.txt"}, "files": files, "expected": expected[name]}
