"""The main job over the real flow: a tool is made, proved, shared, reused, repaired, in two languages."""

import asyncio
from pathlib import Path

from hall import Hall

from toolguild.goal import Criterion, Example, Goal
from toolguild.messages import events
from toolguild.registry import open_registry

EXPENSES = "date,category,amount\n2026-01-01,food,2.50\n2026-01-02,rent,700\n2026-01-03,food,3\n"
ORDERS = "order_id,region,quantity\n1,north,4\n2,south,1\n3,north,2\n"
EXAMPLE = Example(
    arguments={"path": "/data/t.csv", "group_column": "g", "value_column": "v"},
    expected={"a": 3, "b": 5},
    files={"t.csv": "g,v\na,1\nb,5\na,2\n"},
)


async def test_a_tool_is_made_and_another_user_reuses_it_without_any_code_written(
    hall: Hall, tmp_path: Path
) -> None:
    expenses, orders = tmp_path / "expenses.csv", tmp_path / "orders.csv"
    expenses.write_text(EXPENSES)
    orders.write_text(ORDERS)
    goal = Goal(
        primary="Total amount per category in expenses.csv",
        examples=(EXAMPLE,),
        success_criteria=(Criterion(text="the answer has the keys food, rent"),),
    )
    first, _ = await hall.run(goal, expenses, user="ana")
    assert first.status == "succeeded", first.reason
    assert first.answer == {"food": 5.5, "rent": 700}
    assert [use.name for use in first.made] == ["sum_by_group"]
    assert [one.met for one in first.criteria] == [True]
    assert first.events[0] == f"saw expenses.csv: csv, {len(EXPENSES)} bytes, 3 columns, 3 rows"

    again = Goal(primary="Total quantity per region in orders.csv", examples=(EXAMPLE,))
    second, seen = await hall.run(again, orders, user="ben")
    assert second.status == "succeeded", second.reason
    assert second.answer == {"north": 6, "south": 1}
    assert second.made == ()
    assert [use.digest for use in second.reused] == [use.digest for use in first.made]
    kinds = {noted.envelope.body.kind for noted in seen}
    assert "tool-tried" in kinds
    assert not kinds & {"draft-tool", "set-exam", "tool-wanted"}


async def test_a_tool_that_fails_on_real_data_is_repaired_and_the_task_goes_on(
    hall: Hall, tmp_path: Path
) -> None:
    expenses = tmp_path / "expenses.csv"
    expenses.write_text(EXPENSES + "2026-01-04,food,\n")
    goal = Goal(primary="Total amount per category in expenses.csv", examples=(EXAMPLE,))
    result, seen = await hall.run(goal, expenses)

    assert result.status == "succeeded", result.reason
    assert result.answer == {"food": 5.5, "rent": 700}
    assert result.steps[0].how == "repaired"
    assert [use.version for use in result.made] == ["1.0", "1.1"]
    failed = [m.envelope.body for m in seen if isinstance(m.envelope.body, events.ToolRan)]
    assert failed[0].fault is not None
    assert failed[0].fault.type == "ValueError"
    assert "float" in (failed[0].fault.source_line or "")
    exams = [m.envelope.body.exam for m in seen if isinstance(m.envelope.body, events.ExamSet)]
    origins = {case.origin for case in exams[-1].cases}
    assert "regression" in origins
    assert len(exams[-1].cases) > len(exams[0].cases)


async def test_a_javascript_tool_goes_the_same_way(hall: Hall) -> None:
    goal = Goal(
        primary="Slug in JavaScript",
        preferences=("write the tool in JavaScript",),
        examples=(Example(arguments={"text": "A b"}, expected="a-b"),),
    )
    result, _ = await hall.run(goal)

    assert result.status == "succeeded", result.reason
    assert result.answer == "hello-big-world"


async def test_foreach_runs_one_tool_over_a_list(hall: Hall) -> None:
    result, _ = await hall.run("Slugs of all titles")

    assert result.status == "succeeded", result.reason
    assert result.answer == ["hello-big-world", "one-two"]


async def test_a_tool_calls_another_published_tool_by_digest(hall: Hall) -> None:
    first, _ = await hall.run("Slug of the title")
    second, seen = await hall.run("Title in brackets")

    assert second.status == "succeeded", second.reason
    assert second.answer == "_hello-big-world_"
    drafts = [m.envelope.body for m in seen if isinstance(m.envelope.body, events.ToolDrafted)]
    assert drafts[0].draft.uses == {"slugify": first.made[0].digest}


async def test_a_tool_that_was_revoked_runs_no_more_and_the_same_goal_makes_another(
    hall: Hall,
) -> None:
    first, _ = await hall.run("Slug of the title")
    async with open_registry(hall.bus.js) as registry:
        await registry.set_status(first.made[0].digest, "revoked", "found wrong")
    second, seen = await hall.run("Slug of the title")

    assert second.status == "succeeded", second.reason
    assert [use.version for use in second.made] == ["2.0"]
    failed = [m.envelope.body for m in seen if isinstance(m.envelope.body, events.WorkFailed)]
    assert [one.reason for one in failed] == ["slugify@1.0 is revoked: found wrong"]
    ran = [m.envelope.body for m in seen if isinstance(m.envelope.body, events.ToolRan)]
    assert {one.tool for one in ran} == {second.made[0].digest}


async def test_two_tasks_that_want_the_same_tool_at_once_share_one_build(hall: Hall) -> None:
    results = await asyncio.gather(
        hall.run("Slug of the title", user="ana"), hall.run("Slug of the title", user="ben")
    )

    assert [result.answer for result, _ in results] == ["hello-big-world"] * 2
    assert sum(len(result.made) for result, _ in results) == 1
    assert sum(len(result.reused) for result, _ in results) == 1


async def test_independent_steps_each_get_their_tool(hall: Hall, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("one\ntwo\n")
    result, _ = await hall.run("Count lines and slug", notes)

    assert result.status == "succeeded", result.reason
    assert result.answer == 2
    assert {use.name for use in result.made} == {"count_lines", "slugify"}


async def test_dangerous_and_wrong_drafts_are_refused_until_one_passes(hall: Hall) -> None:
    result, seen = await hall.run("Strip vowels")

    assert result.status == "succeeded", result.reason
    assert result.answer == "bnn"
    bodies = [noted.envelope.body for noted in seen]
    verdicts = [one.verdict for one in bodies if isinstance(one, events.DraftReviewed)]
    assert verdicts[0] == "block"
    assert any(isinstance(one, events.DraftRefused) for one in bodies)
