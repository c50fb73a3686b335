"""What planning learns from the record of earlier tasks."""

from scripted_guild import scripted_guild

from toolguild.goal import Goal
from toolguild.registry import MemoryRegistry
from toolguild.testing import samples
from toolguild.tool import Case
from toolguild_planner.observe import lessons, observe

BROKE = Case(arguments={"rows": [{"a": None}], "column": "a"}, origin="regression", only_runs=True)


async def registry_with_a_past() -> MemoryRegistry:
    registry = MemoryRegistry()
    old = samples.published()
    exam = samples.exam(cases=(*samples.exam().cases, BROKE))
    code = samples.draft(source="def sum_column(rows, column): ...")
    mended = samples.published(samples.tool(code, exam, version="1.1"))
    for entry in (old, mended):
        await registry.publish(entry.tool, entry.publication)
    await registry.set_status(old.tool.digest, "deprecated", "trips over empty cells")
    return registry


async def test_versions_out_of_use_and_data_that_broke_one_are_lessons() -> None:
    told = list(lessons(await registry_with_a_past(), ["sum_column"]))

    assert told == [
        "sum_column@1.0 is deprecated: trips over empty cells",
        "sum_column@1.1 was made because real data broke an earlier version; it passes 1 such call",
    ]


async def test_the_planner_sees_the_lessons_of_the_tools_that_may_serve() -> None:
    guild, _, _ = scripted_guild(
        "toolguild_planner", lambda *_: "{}", registry=await registry_with_a_past()
    )
    seen = await observe(guild, Goal(primary="Add up the numbers of one column"), ())

    assert any("trips over empty cells" in lesson for lesson in seen.lessons)
