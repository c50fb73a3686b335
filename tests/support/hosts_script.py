"""What the scripted model answers about a tool that sends a number to a host.

Named in settings as "scripted:hosts_script:answer". A goal reads "Post 7 to http://127.0.0.1:8080/count".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import flow_script

CODE = {
    "python": """
import json
import urllib.request


def post_number(url, number):
    request = urllib.request.Request(url, data=json.dumps(number).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())
""",
    "javascript": """
const http = require("http");

function post_number({ url, number }) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST" }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve(JSON.parse(text)));
    });
    request.on("error", reject);
    request.end(JSON.stringify(number));
  });
}
""",
}
_GOAL = re.compile(r"Post (\d+) to (\S+)")


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    match prompt:
        case "plan":
            found = _GOAL.search(values["goal"])
            assert found is not None
            number, url = found.groups()
            return json.dumps(_plan(url, int(number)))
        case "draft" | "repair":
            return f"```{values['language']}\n{CODE[values['language']].strip()}\n```"
        case "examine":
            return json.dumps({"cases": [_case(n) for n in (1, 2, 3)], "properties": []})
        case _:
            return flow_script.answer(role, prompt, values, sample)


def _plan(url: str, number: int) -> flow_script.Json:
    host = url.split("/")[2]
    return flow_script.one_step(
        flow_script.step(
            "s1",
            "NEW",
            "post_number",
            f"Post the number as JSON to the url on {host} and return the JSON value it answers.",
            "integer",
            flow_script.argument("url", "string", url),
            flow_script.argument("number", "integer", number),
        )
    )


def _case(number: int) -> flow_script.Json:
    """The host answers with the number plus 100; the responses are declared, so that it is not asked."""
    url = f"http://127.0.0.1:{8000 + number}/count"
    declared = [
        {"method": "POST", "url": url, "request": str(number), "body": str(number + 100)},
    ]
    return {
        "arguments": {"url": url, "number": number},
        "files": [{"name": "guild.responses.json", "text": json.dumps(declared)}],
        "expected": number + 100,
    }
