"""The executor runs published tools on real data, and tries them on a request's examples."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from spans import collected
from tests.executor.support import BRIEF, TableSandbox, guild, ok, ran_of

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.errors import Refused
from toolguild.messages import TaskId
from toolguild.messages.commands import RunTool, TryTool
from toolguild.registry import MemoryRegistry
from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.opening import open_sandbox
from toolguild.testing import samples
from toolguild.tool import Example, Tool
from toolguild_executor.trying import try_tool

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATHS: Any = {
    "type": "object",
    "properties": {"path": {"type": "string", "format": "path"}},
    "required": ["path"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    box = await open_sandbox("bubblewrap")
    yield box
    await box.close()


async def registry_of(*tools: Tool) -> MemoryRegistry:
    registry = MemoryRegistry()
    for tool in tools:
        await registry.publish(tool, samples.published(tool).publication)
    return registry


def run(tool: Digest, **changes: Any) -> RunTool:
    base: dict[str, Any] = {"task": TaskId("t-1"), "brief": BRIEF, "step": "s1", "tool": tool}
    return RunTool(**(base | changes))


FILES = Capabilities(read=("*",), write=("*",))


def reader(source: str, **changes: Any) -> Tool:
    """A tool that declares to read and write whatever files there are, unless told otherwise."""
    base = {"name": "reader", "entry": "read", "input_schema": PATHS, "declared": FILES}
    return samples.tool(samples.draft(source=source, **(base | changes)))


async def test_a_published_tool_answers(sandbox: Sandbox, tmp_path: Path) -> None:
    tool = samples.tool()
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    arguments = {"rows": samples.ROWS, "column": "tax"}
    ran = await ran_of(here, run(tool.digest, arguments=arguments, attempt=3, item=2))
    assert (ran.outcome, ran.value) == ("ok", 2)
    assert (ran.attempt, ran.item, ran.spec, ran.regression) == (3, 2, None, None)


async def test_a_run_has_a_span_with_the_name_of_the_tool_and_how_it_ended(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader("def read(path):\n    raise ValueError(path)\n")
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    with collected() as spans:
        await ran_of(here, run(tool.digest, arguments={"path": "/data/a"}))

    (span,) = (one for one in spans.get_finished_spans() if one.name == "execute_tool reader@1.0")
    assert (span.attributes or {})["error.type"] == "error"


async def test_an_artifact_becomes_a_path_and_output_files_become_artifacts(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader(
        "import os\n\ndef read(path):\n    text = open(path, encoding='utf-8').read()\n"
        "    os.makedirs('/output/deep', exist_ok=True)\n"
        "    open('/output/deep/copy.txt', 'w').write(text)\n    return len(text)\n"
    )
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    first = await here.artifacts.put("a.txt", b"12345")
    second = await here.artifacts.put("a.txt", b"123")  # another file of the same name
    mark = {"$artifact": second.model_dump(mode="json")}
    ran = await ran_of(here, run(tool.digest, arguments={"path": mark}, files=(first, second)))
    assert (ran.outcome, ran.value) == ("ok", 3)
    assert [one.name for one in ran.files] == ["deep-copy.txt"]
    assert (await here.artifacts.path(ran.files[0])).read_bytes() == b"123"


async def test_a_failure_on_real_data_comes_with_its_case_and_its_spec(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader("def read(path):\n    return int(open(path).read())\n")
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    file = await here.artifacts.put("n.txt", b"twelve")
    mark = {"$artifact": file.model_dump(mode="json")}
    ran = await ran_of(here, run(tool.digest, arguments={"path": mark}))
    assert ran.outcome == "error"
    assert ran.fault is not None
    assert (ran.fault.type, ran.fault.line) == ("ValueError", 2)
    assert ran.regression is not None
    assert ran.regression.is_law
    assert ran.regression.only_runs
    assert ran.regression.files == {"n.txt": "twelve"}
    assert ran.regression.arguments == {"path": "/data/n.txt"}
    assert ran.spec is not None
    assert ran.spec.input_schema == PATHS


async def test_large_inputs_of_a_failure_make_no_regression_case(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader("def read(path):\n    return int(open(path).read())\n")
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    file = await here.artifacts.put("n.txt", b"x" * 20_000)
    mark = {"$artifact": file.model_dump(mode="json")}
    ran = await ran_of(here, run(tool.digest, arguments={"path": mark}))
    assert ran.outcome == "error"
    assert ran.regression is None
    assert ran.spec is not None


async def test_an_answer_beside_the_output_schema_is_an_error_of_its_own(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader("def read(path):\n    return 'text'\n")
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    file = await here.artifacts.put("n.txt", b"")
    mark = {"$artifact": file.model_dump(mode="json")}
    ran = await ran_of(here, run(tool.digest, arguments={"path": mark}))
    assert (ran.outcome, ran.value) == ("error", None)
    assert ran.fault is not None
    assert ran.fault.kind == "schema"


async def test_wrong_arguments_are_the_callers_mistake_and_start_no_repair(tmp_path: Path) -> None:
    tool, box = samples.tool(), TableSandbox(lambda call: ok(0))
    here = guild("executor", tmp_path, sandbox=box, registry=await registry_of(tool))
    ran = await ran_of(here, run(tool.digest, arguments={"rows": 1, "column": "a"}))
    assert ran.fault is not None
    assert ran.fault.kind == "arguments"
    assert (ran.spec, ran.regression, box.calls) == (None, None, [])


async def test_a_tool_calls_the_tool_that_it_uses(sandbox: Sandbox, tmp_path: Path) -> None:
    inner = samples.tool()
    source = (
        "from guild import add\n\ndef twice(rows, column):\n"
        "    return 2 * add(rows=rows, column=column)\n"
    )
    draft = samples.draft(name="twice", entry="twice", source=source, uses={"add": inner.digest})
    outer = samples.tool(draft)
    registry = await registry_of(inner, outer)
    here = guild("executor", tmp_path, sandbox=sandbox, registry=registry)
    command = run(outer.digest, arguments={"rows": samples.ROWS, "column": "price"})
    assert (await ran_of(here, command)).value == 10
    await registry.set_status(inner.digest, "revoked", "found wrong")
    with pytest.raises(Refused, match="revoked"):
        await ran_of(here, command)


@pytest.mark.parametrize("status", ["revoked", "quarantined"])
async def test_a_withdrawn_tool_never_runs(tmp_path: Path, status: Any) -> None:
    tool, box = samples.tool(), TableSandbox(lambda call: ok(0))
    registry = await registry_of(tool)
    await registry.set_status(tool.digest, status, "found wrong")
    here = guild("executor", tmp_path, sandbox=box, registry=registry)
    with pytest.raises(Refused, match=status):
        await ran_of(here, run(tool.digest, arguments={"rows": [], "column": "a"}))
    assert box.calls == []


async def test_a_tool_whose_report_nobody_signed_never_runs(tmp_path: Path) -> None:
    forged = samples.KEYS.sign("report", samples.report().digest, by="synthesizer")
    tool, box = samples.tool(report_signature=forged), TableSandbox(lambda call: ok(0))
    here = guild("executor", tmp_path, sandbox=box, registry=await registry_of(tool))
    with pytest.raises(Refused):
        await ran_of(here, run(tool.digest, arguments={"rows": [], "column": "a"}))
    assert box.calls == []


def trial(tool: Tool, **changes: Any) -> TryTool:
    return TryTool(
        task=TaskId("t-1"),
        brief=BRIEF,
        step="s1",
        tool=tool.digest,
        request=samples.spec(**changes),
    )


async def test_a_tool_with_other_argument_names_is_tried_under_its_own(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = samples.tool()
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    schema = {
        "type": "object",
        "properties": {"table_rows": {"type": "array"}, "column_name": {"type": "string"}},
        "required": ["table_rows", "column_name"],
    }
    example = Example(arguments={"table_rows": samples.ROWS, "column_name": "tax"}, expected=2)
    tried = await try_tool(here, trial(tool, input_schema=schema, examples=(example,)))
    assert tried.passed, tried.detail
    assert tried.mapping == {"table_rows": "rows", "column_name": "column"}


async def test_a_tool_that_answers_one_example_wrong_is_not_reused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = samples.tool()
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    more = Example(arguments={"rows": samples.ROWS, "column": "price"}, expected=6)
    tried = await try_tool(here, trial(tool, examples=(samples.SUM_EXAMPLE, more)))
    assert not tried.passed
    assert "expected 6, got 5" in tried.detail


async def test_without_examples_nothing_is_reused(tmp_path: Path) -> None:
    tool = samples.tool()
    here = guild("executor", tmp_path, registry=await registry_of(tool))
    tried = await try_tool(here, trial(tool, examples=()))
    assert (tried.passed, tried.detail) == (False, "the request has no examples to try it on")


async def test_a_revoked_candidate_does_not_pass_and_does_not_stop_the_task(tmp_path: Path) -> None:
    tool = samples.tool()
    registry = await registry_of(tool)
    await registry.set_status(tool.digest, "revoked", "found wrong")
    here = guild("executor", tmp_path, registry=registry)
    tried = await try_tool(here, trial(tool))
    assert not tried.passed
    assert "revoked" in tried.detail


async def test_one_alias_for_two_tools_is_refused_before_anything_runs(tmp_path: Path) -> None:
    one = samples.tool()
    two = samples.tool(samples.draft(name="other"))
    middle = samples.tool(samples.draft(name="middle", uses={"add": one.digest}))
    outer = samples.tool(samples.draft(name="outer", uses={"add": two.digest, "m": middle.digest}))
    box = TableSandbox(lambda call: ok(0))
    registry = await registry_of(one, two, middle, outer)
    here = guild("executor", tmp_path, sandbox=box, registry=registry)
    with pytest.raises(Refused, match="two different tools"):
        await ran_of(here, run(outer.digest, arguments={"rows": [], "column": "a"}))
    assert box.calls == []


async def test_an_unknown_tool_is_refused_or_passed_over(tmp_path: Path) -> None:
    here = guild("executor", tmp_path)
    with pytest.raises(Refused, match="no tool"):
        await ran_of(here, run(samples.tool().digest))
    assert not (await try_tool(here, trial(samples.tool()))).passed


async def test_a_tool_that_takes_something_else_is_not_tried(tmp_path: Path) -> None:
    tool = samples.tool()
    here = guild("executor", tmp_path, registry=await registry_of(tool))
    schema = {"type": "object", "properties": {"url": {"type": "integer"}}, "required": ["url"]}
    tried = await try_tool(here, trial(tool, input_schema=schema))
    assert not tried.passed
    assert "does not take these arguments" in tried.detail


async def test_two_output_files_that_would_have_one_name_are_both_kept(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tool = reader(
        "import os\n\ndef read(path):\n    os.makedirs('/output/a', exist_ok=True)\n"
        "    open('/output/a/b.txt', 'w').write('1')\n"
        "    open('/output/a-b.txt', 'w').write('2')\n    return 0\n"
    )
    here = guild("executor", tmp_path, sandbox=sandbox, registry=await registry_of(tool))
    file = await here.artifacts.put("n.txt", b"")
    mark = {"$artifact": file.model_dump(mode="json")}
    ran = await ran_of(here, run(tool.digest, arguments={"path": mark}))
    assert len({one.name for one in ran.files}) == 2
    assert {(tmp_path / one.sha256).read_bytes() for one in ran.files} == {b"1", b"2"}
