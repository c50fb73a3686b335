"""What the scripted model of the flow tests answers: plans by goal, code by tool and attempt, exams by tool.

Named in settings as "scripted:flow_script:answer", so that services in other processes find it too.
"""

import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def argument(name: str, type_: str, value: object) -> Json:
    return {"name": name, "type": type_, "value": value, "description": name}


def step(id_: str, tool: str, new: str, purpose: str, returns: str, *arguments: Json) -> Json:
    return {
        "id": id_,
        "tool": tool,
        "new_name": new,
        "purpose": purpose,
        "returns": returns,
        "returned": purpose,
        "arguments": list(arguments),
        "foreach": None,
    }


def one_step(only: Json) -> Json:
    return {"steps": [only], "answer": f"$step:{only['id']}"}


TOTALS = "Return the sum of value_column of a CSV file for each value of group_column."


def totals(file: str, group: str, value: str) -> Json:
    return one_step(
        step(
            "s1",
            "NEW",
            "sum_by_group",
            TOTALS,
            "object",
            argument("path", "file", f"$file:{file}"),
            argument("group_column", "string", group),
            argument("value_column", "string", value),
        )
    )


SLUG = "Return the text in lower case with hyphens between its words."
LINES = "Return the number of lines of a text file."
FETCH = "Return the text with every vowel removed."

PLANS: dict[str, Json] = {
    "Total amount per category in expenses.csv": totals("expenses.csv", "category", "amount"),
    "Total quantity per region in orders.csv": totals("orders.csv", "region", "quantity"),
    "Slug of the title": one_step(
        step("s1", "NEW", "slugify", SLUG, "string", argument("text", "string", "Hello Big World"))
    ),
    "Slugs of all titles": {
        "steps": [
            step("s1", "NEW", "slugify", SLUG, "string", argument("text", "string", "$item"))
            | {"foreach": ["Hello Big World", "One  Two"]}
        ],
        "answer": "$step:s1",
    },
    "Count lines and slug": {
        "steps": [
            step(
                "a",
                "NEW",
                "count_lines",
                LINES,
                "integer",
                argument("path", "file", "$file:notes.txt"),
            ),
            step("b", "NEW", "slugify", SLUG, "string", argument("text", "string", "A B")),
        ],
        "answer": "$step:a",
    },
    "Slug in JavaScript": one_step(
        step(
            "s1", "NEW", "slugify_js", SLUG, "string", argument("text", "string", "Hello Big World")
        )
    ),
    "Title in brackets": one_step(
        step(
            "s1",
            "NEW",
            "bracket_slug",
            "Slugify a title and return it with a mark before and after it.",
            "string",
            argument("title", "string", "Hello Big World"),
            argument("mark", "string", "_"),
        )
    ),
    "Plot the amounts with matplotlib": one_step(
        step(
            "s1",
            "NEW",
            "plot_amounts",
            "Write a bar plot of value_column by row with matplotlib and return the mean by pandas.",
            "number",
            argument("path", "file", "$file:expenses.csv"),
            argument("value_column", "string", "amount"),
        )
    ),
    "Strip vowels": one_step(
        step("s1", "NEW", "strip_vowels", FETCH, "string", argument("text", "string", "banana"))
    ),
}

SUM_BY_GROUP = """
import csv


def sum_by_group(path, group_column, value_column):
    totals = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = row[group_column]
            totals[key] = totals.get(key, 0.0) + float(row[value_column])
    return {key: round(value, 2) for key, value in totals.items()}
"""

CODE: dict[str, list[str]] = {
    "sum_by_group": [
        SUM_BY_GROUP,
        SUM_BY_GROUP.replace(
            "            totals[key] = totals.get(key, 0.0) + float(row[value_column])",
            '            text = row[value_column].strip() or "0"\n'
            "            totals[key] = totals.get(key, 0.0) + float(text)",
        ),
    ],
    "slugify": ['def slugify(text):\n    return "-".join(text.lower().split())\n'],
    "count_lines": [
        "def count_lines(path):\n"
        '    with open(path, encoding="utf-8") as file:\n'
        "        return sum(1 for _ in file)\n"
    ],
    "slugify_js": [
        "function slugify_js({ text }) {\n"
        '  return text.toLowerCase().split(/\\s+/).filter(Boolean).join("-");\n'
        "}\n"
    ],
    "bracket_slug": [
        "from guild import slugify\n\n\n"
        "def bracket_slug(title, mark):\n    return mark + slugify(text=title) + mark\n"
    ],
    "plot_amounts": [
        "import matplotlib.pyplot as plt\nimport pandas as pd\n\n\n"
        "def plot_amounts(path, value_column):\n"
        "    values = pd.read_csv(path)[value_column]\n"
        "    plt.bar(range(len(values)), values)\n"
        '    plt.savefig("/output/amounts.png")\n'
        "    return float(values.mean())\n"
    ],
    "strip_vowels": [
        'import os\n\n\ndef strip_vowels(text):\n    os.system("id")\n    return text\n',
        'def strip_vowels(text):\n    return text.replace("a", "")\n',
        'def strip_vowels(text):\n    return "".join(c for c in text if c not in "aeiouAEIOU")\n',
    ],
}

SALES = "region,quantity\nnorth,2\nsouth,3\nnorth,5\n"
EXAMS: dict[str, Json] = {
    "sum_by_group": {
        "cases": [
            {
                "arguments": {
                    "path": "/data/a.csv",
                    "group_column": "region",
                    "value_column": "quantity",
                },
                "files": [{"name": "a.csv", "text": SALES}],
                "expected": {"north": 7, "south": 3},
            },
            {
                "arguments": {
                    "path": "/data/b.csv",
                    "group_column": "k",
                    "value_column": "v",
                },
                "files": [{"name": "b.csv", "text": "k,v\nx,0.5\n"}],
                "expected": {"x": 0.5},
            },
            {
                "arguments": {
                    "path": "/data/c.csv",
                    "group_column": "k",
                    "value_column": "v",
                },
                "files": [{"name": "c.csv", "text": "k,v\n"}],
                "expected": {},
            },
        ],
        "properties": [{"kind": "deterministic", "argument": None}],
    },
    "slugify": {
        "cases": [
            {"arguments": {"text": "One Two"}, "files": [], "expected": "one-two"},
            {"arguments": {"text": "  A  "}, "files": [], "expected": "a"},
            {"arguments": {"text": ""}, "files": [], "expected": ""},
        ],
        "properties": [{"kind": "idempotent", "argument": "text"}],
    },
    "count_lines": {
        "cases": [
            {
                "arguments": {"path": "/data/n.txt"},
                "files": [{"name": "n.txt", "text": text}],
                "expected": text.count("\n"),
            }
            for text in ("", "a\n", "a\nb\nc\n")
        ],
        "properties": [],
    },
    "strip_vowels": {
        "cases": [
            {"arguments": {"text": text}, "files": [], "expected": expected}
            for text, expected in (("banana", "bnn"), ("", ""), ("SOE x", "S x"))
        ],
        "properties": [{"kind": "idempotent", "argument": "text"}],
    },
}
EXAMS["plot_amounts"] = {
    "cases": [
        {
            "arguments": {"path": "/data/p.csv", "value_column": "v"},
            "files": [{"name": "p.csv", "text": f"v\n{rows}\n"}],
            "expected": expected,
        }
        for rows, expected in (("1\n3", 2), ("5", 5), ("1\n1\n4", 2))
    ],
    "properties": [],
}
EXAMS["bracket_slug"] = {
    "cases": [
        {"arguments": {"title": title, "mark": "*"}, "files": [], "expected": expected}
        for title, expected in (("A B", "*a-b*"), ("", "**"), ("x", "*x*"))
    ],
    "properties": [],
}
EXAMS["slugify_js"] = EXAMS["slugify"]


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    match prompt:
        case "plan":
            return json.dumps(PLANS[values["goal"]])
        case "draft" | "repair":
            drafts = CODE[values["name"]]
            before = 0 if prompt == "draft" else 1 + _attempt_of(drafts, str(values["source"]))
            code = drafts[min(max(sample - 1, before), len(drafts) - 1)]
            return f"```{values['language']}\n{code.strip()}\n```"
        case "describe":
            return json.dumps({"aliases": [f"{values['name'].replace('_', ' ')} helper"]})
        case "examine":
            return json.dumps(EXAMS[values["name"]])
        case "review":
            return json.dumps({"findings": [], "verdict": "allow"})
        case "judge":
            return json.dumps({"evidence": "the answer shows it", "met": True})
        case "reconsider":
            return json.dumps({"reasoning": "as before", "expected": None})
        case "doubt":
            return json.dumps({"reasoning": "it holds", "holds": True})
        case _:
            raise AssertionError(f"nobody wrote an answer for {role} {prompt}")


def _attempt_of(drafts: list[str], source: str) -> int:
    known = [code.strip() for code in drafts]
    return known.index(source.strip()) if source.strip() in known else -1
