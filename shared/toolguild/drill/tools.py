"""The tools that the drill's scripted model writes: six families, each in any number of editions. Pure.

What a tool answers depends on its edition, so that no other one can stand in for it. Tools that wait do so
only where their data says so: an exam is quick, a run takes as long as a job wants.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Argument:
    """One argument of a family's tools."""

    name: str
    type: str


@dataclass(frozen=True)
class Family:
    """What the tools of one family have in common; `{n}` stands for the edition in `purpose` and `source`."""

    purpose: str
    argument: Argument
    returns: str
    source: str
    cases: Callable[[int], list[Json]]
    language: Literal["python", "javascript"] = "python"
    deterministic: bool = True


def named(family: str, edition: int) -> str:
    """Return the name of a tool."""
    return f"{family}_{edition}"


def parts(name: str) -> tuple[Family, int]:
    """Return the family and the edition of a tool's name. Raises KeyError for one that is not ours."""
    family, _, edition = name.rpartition("_")
    return FAMILIES[family], int(edition)


def source_of(name: str) -> str:
    """Return a tool's code."""
    family, edition = parts(name)
    return family.source.replace("{name}", name).replace("{n}", str(edition))


def purpose_of(name: str, job: int) -> str:
    """Return what a tool is for, as a job asks for it: the job's number tells its build from others."""
    family, edition = parts(name)
    return family.purpose.replace("{n}", str(edition)) + f" For job {job}."


def exam_of(name: str) -> Json:
    """Return the exam that the scripted examiner sets."""
    family, edition = parts(name)
    properties = [{"kind": "deterministic", "argument": None}] if family.deterministic else []
    return {"cases": family.cases(edition), "properties": properties}


def answer_of(name: str, arguments: Json, files: Mapping[str, str]) -> Any:
    """Return what a tool answers to one call, worked out as an examiner does, beside every sandbox.

    `files` are texts by name below /data. The code that runs is the drill's own.
    """
    family, edition = parts(name)
    if family.language == "javascript":
        return slug_js(arguments["text"], edition)

    def opened(path: str, mode: str = "r", encoding: str = "utf-8") -> io.StringIO:
        return io.StringIO("" if "w" in mode else files[path.removeprefix("/data/")])

    scope: Json = {"open": opened}
    exec(source_of(name), scope)
    try:
        return scope[name](**arguments)
    except (ValueError, KeyError, IndexError):  # no input for this tool: any answer is as good
        return {"integer": 0, "string": "", "object": {}}[family.returns]


def slug(text: str, edition: int) -> str:
    """Return what the slug tools answer."""
    return "-".join(text.lower().split()) + f"-{edition}"


def slug_js(text: str, edition: int) -> str:
    """Return what the slug tools in JavaScript answer."""
    return "-".join([*text.lower().split(), f"js{edition}"])


def echo(text: str, edition: int) -> str:
    """Return what the echo tools answer: the words behind the pause, turned round."""
    words = text.split()[1:] if text[:1].isdigit() else text.split()
    return " ".join(reversed(words)) + f" {edition}"


def totals(rows: Mapping[str, list[int]], edition: int) -> Json:
    """Return what the totals tools answer for the rows of a CSV file by key."""
    return {key: sum(values) + edition for key, values in rows.items()}


def letter(lines: list[str], edition: int) -> str:
    """Return the file that the letter tools write."""
    return "".join(f"{number}. {line} ({edition})\n" for number, line in enumerate(lines, 1))


def slow(numbers: list[int], edition: int) -> int:
    """Return what the slow tools answer for the numbers behind the pause."""
    return sum(numbers) * 2 + edition


def counted(number: int) -> int:
    """Return what the counting server answers about an effect."""
    return 7 * number + 3


def csv_of(rows: Mapping[str, list[int]]) -> str:
    """Return the CSV file that a totals tool reads."""
    lines = [f"{key},{value}" for key, values in rows.items() for value in values]
    return "\n".join(["key,value", *lines]) + "\n"


def _text_cases(expected: Callable[[str, int], str], *texts: str) -> Callable[[int], list[Json]]:
    def cases(edition: int) -> list[Json]:
        return [
            {"arguments": {"text": text}, "files": [], "expected": expected(text, edition)}
            for text in texts
        ]

    return cases


def _file_case(text: str, expected: object) -> Json:
    name = "case.txt"
    files = [{"name": name, "text": text}]
    return {"arguments": {"path": f"/data/{name}"}, "files": files, "expected": expected}


def _totals_cases(edition: int) -> list[Json]:
    tables: list[dict[str, list[int]]] = [{"a": [2, 5], "b": [3]}, {"x": [4]}, {}]
    return [_file_case(csv_of(rows), totals(rows, edition)) for rows in tables]


def _letter_cases(edition: int) -> list[Json]:
    return [
        _file_case("".join(f"{line}\n" for line in lines), letter(lines, edition))
        for lines in (["dear all"], ["one", "two", "three"], [])
    ]


def _slow_cases(edition: int) -> list[Json]:
    return [
        _file_case("".join(f"{number}\n" for number in (0, *numbers)), slow(numbers, edition))
        for numbers in ([], [5], [1, 2])
    ]


def _post_cases(port: int) -> list[Json]:
    """The host is not asked in an exam: its answers are declared."""
    cases = []
    for number in (1, 2, 3):
        url = f"http://127.0.0.1:{port}/count/{number}"
        declared = {"method": "POST", "url": url, "request": "1", "body": str(counted(number))}
        files = [{"name": "guild.responses.json", "text": json.dumps([declared])}]
        cases.append({"arguments": {"url": url}, "files": files, "expected": counted(number) + 1})
    return cases


_TEXT, _PATH = Argument("text", "string"), Argument("path", "file")

FAMILIES: dict[str, Family] = {
    "post": Family(  # its edition is the port of the counting server
        purpose="Post 1 to the url on 127.0.0.1:{n} and return the JSON number that it answers, plus one.",
        argument=Argument("url", "string"),
        returns="integer",
        source=(
            "import json\n"
            "import urllib.request\n\n\n"
            "def {name}(url):\n"
            '    request = urllib.request.Request(url, data=b"1", method="POST")\n'
            "    with urllib.request.urlopen(request, timeout=20) as answer:\n"
            "        return json.loads(answer.read()) + 1\n"
        ),
        cases=_post_cases,
        deterministic=False,
    ),
    "slug": Family(
        purpose="Return the text in lower case with hyphens, as edition {n} of the slug.",
        argument=_TEXT,
        returns="string",
        source='def {name}(text):\n    return "-".join(text.lower().split()) + "-{n}"\n',
        cases=_text_cases(slug, "One Two", "  A  ", ""),
    ),
    "slug_js": Family(
        purpose="Return the text in lower case with hyphens, as JavaScript edition {n} of the slug.",
        argument=_TEXT,
        returns="string",
        source=(
            "function {name}({ text }) {\n"
            '  return [...text.toLowerCase().split(/\\s+/).filter(Boolean), "js{n}"].join("-");\n'
            "}\n"
        ),
        cases=_text_cases(slug_js, "One Two", "  A  ", ""),
        language="javascript",
    ),
    "echo": Family(
        purpose="Wait for the milliseconds that the text starts with, then return its other words "
        "turned round, as edition {n} of the echo.",
        argument=_TEXT,
        returns="string",
        source=(
            "import time\n\n\n"
            "def {name}(text):\n"
            "    words = text.split()\n"
            "    if text[:1].isdigit():\n"
            "        time.sleep(min(int(words.pop(0)), 500) / 1000)\n"
            '    return " ".join(reversed(words)) + " {n}"\n'
        ),
        cases=_text_cases(echo, "one two three", "1 left right", "alone", ""),
    ),
    "totals": Family(
        purpose="Return the sum of the values of each key of a CSV file, plus {n}.",
        argument=_PATH,
        returns="object",
        source=(
            "def {name}(path):\n"
            "    totals = {}\n"
            '    with open(path, encoding="utf-8") as file:\n'
            "        for line in file:\n"
            '            key, comma, value = line.strip().partition(",")\n'
            "            if comma and value.isdecimal():\n"
            "                totals[key] = totals.get(key, {n}) + int(value)\n"
            "    return totals\n"
        ),
        cases=_totals_cases,
    ),
    "letter": Family(
        purpose="Number the lines of a text file, as edition {n} of the letter, write them to letter.txt and "
        "return them.",
        argument=_PATH,
        returns="string",
        source=(
            "def {name}(path):\n"
            '    with open(path, encoding="utf-8") as file:\n'
            "        lines = file.read().splitlines()\n"
            '    rows = [f"{number}. {line} ({n})\\n" for number, line in enumerate(lines, 1)]\n'
            '    text = "".join(rows)\n'
            '    with open("/output/letter.txt", "w", encoding="utf-8") as out:\n'
            "        out.write(text)\n"
            "    return text\n"
        ),
        cases=_letter_cases,
    ),
    "slow": Family(
        purpose="Return twice the sum of a file's numbers plus {n}, as many milliseconds later as its first "
        "line says.",
        argument=_PATH,
        returns="integer",
        source=(
            "import time\n\n\n"
            "def {name}(path):\n"
            '    with open(path, encoding="utf-8") as file:\n'
            "        pause, *numbers = [int(line) for line in file]\n"
            "    time.sleep(min(pause, 3000) / 1000)\n"
            "    return sum(numbers) * 2 + {n}\n"
        ),
        cases=_slow_cases,
    ),
}
