"""The jobs, the plans for them and the tools that they need fit together."""

from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from toolguild.drill import tools
from toolguild.drill.jobs import KINDS, Job, jobs
from toolguild.drill.script import plan_of
from toolguild.drill.striker import turns

SOME = jobs(len(KINDS))


def functions(name: str, tmp_path: Path) -> Any:
    """Run a Python tool of the script here, with its folders below tmp_path."""
    code = tools.source_of(name).replace("/output/", f"{tmp_path}/")
    space: dict[str, Any] = {}
    exec(code, space)
    return space[name]


def test_every_kind_has_its_turn_and_the_same_seed_gives_the_same_jobs() -> None:
    assert Counter(job.kind for job in jobs(2 * len(KINDS))) == dict.fromkeys(KINDS, 2)
    assert jobs(9, seed=3) == jobs(9, seed=3)
    assert jobs(9, seed=3) != jobs(9, seed=4)


def test_no_two_goals_are_alike_so_that_each_plan_is_a_request_of_its_own() -> None:
    many = jobs(500)
    assert len({job.goal.primary for job in many}) == len(many)


@pytest.mark.parametrize("job", SOME, ids=lambda job: job.kind)
def test_the_plan_of_a_job_names_tools_that_answer_what_the_job_expects(
    job: Job, tmp_path: Path
) -> None:
    for name, content in job.files.items():
        (tmp_path / name).write_bytes(content)
    found: dict[str, Any] = {}
    for step in plan_of(job.goal.primary)["steps"]:
        if tools.parts(step["new_name"])[0].language != "python":
            pytest.skip("Node runs it in the drill itself")
        if job.effect:
            pytest.skip("a server answers it in the drill itself")
        call = functions(step["new_name"], tmp_path)
        (argument,) = step["arguments"]
        value = argument["value"]
        if step["foreach"] is not None:
            found[step["id"]] = [call(item) for item in step["foreach"]]
        elif value.startswith("$file:"):
            found[step["id"]] = call(str(tmp_path / value.removeprefix("$file:")))
        else:
            found[step["id"]] = call(found.get(value.removeprefix("$step:"), value))
    assert list(found.values())[-1] == job.answer
    for name, content in job.writes.items():
        assert (tmp_path / name).read_bytes() == content


def test_each_round_strikes_every_kind_and_cuts_one_process_off() -> None:
    services = ["auditor", "executor", "planner"]
    length = len(services) + 4
    rounds = list(islice(turns(services, Random(1)), 3 * length))
    for start in range(0, 3 * length, length):
        kinds = Counter(rounds[start : start + length])
        assert kinds["executor"] == 2
        assert all(kinds[kind] == 1 for kind in ("auditor", "planner", "sandbox", "nats"))
    cuts = [kind for kind in rounds if kind.startswith("cut ")]
    assert sorted(cuts) == ["cut auditor", "cut executor", "cut planner"]


def test_the_examiner_works_out_what_a_tool_answers_and_has_an_answer_to_everything() -> None:
    slow, slug, echo = (tools.named(family, 3) for family in ("slow", "slug_js", "echo"))

    assert tools.answer_of(slow, {"path": "/data/n.txt"}, {"n.txt": "0\n4\n5\n"}) == 21
    assert tools.answer_of(slow, {"path": "/data/n.txt"}, {"n.txt": "\n"}) == 0
    assert tools.answer_of(slug, {"text": "One Two"}, {}) == tools.slug_js("One Two", 3)
    assert tools.answer_of(echo, {"text": "left right"}, {}) == tools.echo("left right", 3)
