"""A call gets what task, manifest and operator all allow, and one that did more than its tool declares is told."""

from pathlib import Path
from typing import Any

import pytest
from tests.executor.support import BRIEF, TableSandbox, guild, ok, order, ran_of

from toolguild.capability import Capabilities, Limits
from toolguild.errors import Misconfigured, Refused
from toolguild.guild import Guild
from toolguild.messages import Artifact
from toolguild.messages.commands import RunTool, TryTool
from toolguild.messages.events import ToolRan
from toolguild.policy import Policy
from toolguild.registry import MemoryRegistry
from toolguild.sandbox.interface import Call, Fault, OutputFile, Ran, Request, Seen, Usage
from toolguild.testing import samples
from toolguild.tool import Case, Tool
from toolguild_executor.testing import test_draft as sit
from toolguild_executor.trying import try_tool

PATHS: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string", "format": "path"}},
    "required": ["path"],
}
HOSTS = ("a.example:80", "b.example:80")
SECRET = "sk-0123456789abcdef"


def policy(**capabilities: Any) -> Policy:
    base = {"read": ["*"], "write": ["*"], "imports": ["*"], "credentials": ["*"]}
    ceiling = {"limits": {"wall_seconds": 300, "memory_mb": 2048, "processes": 4}}
    given = {key: value for key, value in capabilities.items() if key != "rest"}
    return Policy.model_validate(
        {"capabilities": base | ceiling | given} | capabilities.get("rest", {})
    )


def tool(name: str = "reader", **declared: Any) -> Tool:
    draft = samples.draft(
        name=name,
        input_schema=PATHS,
        declared=Capabilities(**declared),
        output_schema={},
    )
    return samples.tool(draft, capabilities=draft.declared)


async def here(
    folder: Path, box: TableSandbox, *tools: Tool, policy: Policy | None = None
) -> Guild:
    registry = MemoryRegistry()
    for one in tools:
        await registry.publish(one, samples.published(one).publication)
    return guild("executor", folder, sandbox=box, registry=registry, policy=policy)


async def run(made: Guild, of: Tool, *names: str, **brief: Any) -> ToolRan:
    files: list[Artifact] = [await made.artifacts.put(name, name.encode()) for name in names]
    path = {"$artifact": files[0].model_dump(mode="json")} if files else "/data/none"
    command = RunTool(
        task=BRIEF.task,
        brief=BRIEF.model_copy(update=brief),
        step="s1",
        tool=of.digest,
        arguments={"path": path},
        files=tuple(files),
    )
    return await ran_of(made, command)


def did(outcome: Any = "ok", files: tuple[str, ...] = (), **seen: Any) -> TableSandbox:
    """A sandbox in which a call does this."""
    fault = None if outcome == "ok" else Fault("error", "ValueError", "no")
    requests = tuple(
        Request(name, 80, "GET", "denied", 1, 0, 0.1) for name in seen.pop("asked", ())
    )
    kept = tuple(OutputFile(name, b"x") for name in files)
    written = seen.pop("written", files)
    end = Ran(
        outcome, 1, kept, "", Usage(0.1, 0.1, 9.0), fault, requests, Seen(written=written, **seen)
    )
    return TableSandbox(lambda call: end)


async def test_a_call_sees_only_the_files_that_every_side_lets_it_read(tmp_path: Path) -> None:
    one = tool(read=("*.csv", "report*"))
    box = did()
    made = await here(tmp_path, box, one, policy=policy())
    await run(made, one, "sales.csv", "report.txt")
    assert sorted(box.calls[0].inputs) == ["report.txt", "sales.csv"]
    narrow = Capabilities(read=("report*.csv", "sales*"))
    await run(made, one, "report1.csv", "sales.csv", capabilities=narrow)
    assert sorted(box.calls[1].inputs) == ["report1.csv", "sales.csv"]


@pytest.mark.parametrize(
    ("declared", "task"),
    [(("*.json",), None), ((), None), (("*",), ("*.json",)), (("*",), ())],
)
async def test_a_file_that_some_side_forbids_is_told_and_the_tool_does_not_run(
    declared: tuple[str, ...], task: tuple[str, ...] | None, tmp_path: Path
) -> None:
    one, box = tool(read=declared), did()
    asked = None if task is None else Capabilities(read=task)
    ran = await run(await here(tmp_path, box, one), one, "sales.csv", capabilities=asked)
    assert (ran.outcome, box.calls) == ("error", [])
    assert ran.fault is not None
    assert "sales.csv" in ran.fault.message
    assert "capabilities.read" in ran.fault.message
    assert (ran.spec, ran.regression) == (None, None), "there is nothing to repair"


async def test_the_operator_narrows_by_refusing_a_tool_that_declares_more(tmp_path: Path) -> None:
    one = tool(read=("*",))
    with pytest.raises(Refused, match=r"read: \* is not granted"):
        await run(await here(tmp_path, did(), one, policy=policy(read=["*.csv"])), one, "a.csv")
    fine = tool(read=("sales*.csv",))
    made = await here(tmp_path, did(), fine, policy=policy(read=["*.csv"]))
    assert (await run(made, fine, "sales1.csv")).outcome == "ok"


async def test_hosts_programs_credentials_and_limits_are_met_with_the_task(tmp_path: Path) -> None:
    one = tool(
        hosts=HOSTS,
        programs=("sort", "wc"),
        credentials=("key",),
        limits=Limits(wall_seconds=9, processes=4),
    )
    allowed = policy(
        hosts=[*HOSTS, "c.example:80"],
        programs=["sort", "wc", "sh"],
        rest={"credentials": {"key": {"host": "c.example:80"}}},
    )
    box = did()
    made = await here(tmp_path, box, one, policy=allowed)
    await run(made, one)
    assert box.calls[0].hosts == HOSTS
    assert box.calls[0].programs == ("sort", "wc")
    assert box.calls[0].credentials == ("key",)
    assert box.calls[0].limits.wall_seconds == 9
    task = Capabilities(
        hosts=("b.example:80", "d.example:80"), programs=("wc",), limits=Limits(wall_seconds=3)
    )
    made = await here(tmp_path, box, one, policy=allowed)
    await run(made, one, capabilities=task)
    assert box.calls[1].hosts == ("b.example:80",)
    assert box.calls[1].programs == ("wc",)
    assert box.calls[1].credentials == ()
    assert box.calls[1].limits.wall_seconds == 3


async def test_with_the_layer_off_only_the_operators_ceiling_is_left(tmp_path: Path) -> None:
    one = tool(read=("*.json",), limits=Limits(wall_seconds=9))
    off = {"layers": {"capabilities": False}}
    box = did(files=("a.txt",), programs=("sh",))
    made = await here(tmp_path, box, one, policy=policy(hosts=["a.example:80"], rest=off))
    ran = await run(made, one, "sales.csv", capabilities=Capabilities())
    assert ran.outcome == "ok"
    assert [file.name for file in ran.files] == ["a.txt"]
    (call,) = box.calls
    assert (list(call.inputs), call.hosts) == (["sales.csv"], ("a.example:80",))
    assert call.limits.wall_seconds == 9, "a tool never gets more time than it declares"
    assert ran.seen is not None
    assert ran.seen.programs == ("sh",), "what was measured is told all the same"
    narrow = policy(write=["*.csv"], rest=off)
    ran = await run(await here(tmp_path, box, one, policy=narrow), one, "sales.csv")
    assert (ran.outcome, ran.files) == ("ok", ()), "the ceiling holds"


@pytest.mark.parametrize(
    ("box", "told"),
    [
        (did(files=("plot.png",)), "it wrote plot.png, and it declares *.csv"),
        (did(written=("a.fifo",)), "it wrote a.fifo, and it declares *.csv"),
        (did(read=("a.csv", "passwd")), "it read passwd, and it declares *.csv"),
        (did(programs=("/usr/bin/sort", "/bin/sh")), "it started /bin/sh, and it declares sort"),
        (
            did(asked=("evil.example",)),
            "it asked for evil.example:80, and it declares a.example:80",
        ),
        (did(processes=5), "it ran 5 processes at once, and it declares at most 4"),
        (did("error", asked=("evil.example",)), "It ended with ValueError: no"),
    ],
)
async def test_a_call_that_did_more_than_its_tool_declares_ends_as_an_incident(
    box: TableSandbox, told: str, tmp_path: Path
) -> None:
    one = tool(
        read=("*.csv",),
        write=("*.csv",),
        programs=("sort",),
        hosts=("a.example:80",),
        limits=Limits(processes=4),
    )
    allowed = policy(hosts=list(HOSTS), programs=["sort", "sh"])
    ran = await run(await here(tmp_path, box, one, policy=allowed), one, "a.csv")
    assert (ran.outcome, ran.value, ran.files) == ("beyond", None, ())
    assert ran.fault is not None
    assert told in ran.fault.message
    assert ran.outcome in allowed.autonomy.trust.incidents
    assert ran.outcome in Policy.default().autonomy.trust.incidents


async def test_a_host_that_the_caller_named_is_refused_and_not_the_tools_fault(
    tmp_path: Path,
) -> None:
    one = tool(hosts=HOSTS[:1])
    box = did("error", asked=("elsewhere.example",))
    made = await here(tmp_path, box, one, policy=policy(hosts=list(HOSTS)))
    command = RunTool(
        task=BRIEF.task,
        brief=BRIEF,
        step="s1",
        tool=one.digest,
        arguments={"path": "http://Elsewhere.example/x"},
    )
    ran = await ran_of(made, command)
    assert ran.outcome == "error"
    assert ran.seen is not None
    assert ran.seen.hosts == ("elsewhere.example:80",), "it is told all the same"
    case = Case(arguments=command.arguments, expected=1)
    got = await sit(made, order(one.draft, samples.exam(cases=(case,))))
    assert got.report.seen is not None
    assert got.report.seen.hosts == ()


async def test_what_lies_within_the_manifest_is_no_incident(tmp_path: Path) -> None:
    one = tool(
        read=("*",), write=("out*",), programs=("sort",), hosts=HOSTS, limits=Limits(processes=4)
    )
    box = did(
        files=("out.csv",),
        read=("a.csv",),
        programs=("/usr/bin/sort",),
        asked=("a.example",),
        processes=3,
    )
    made = await here(tmp_path, box, one, policy=policy(hosts=list(HOSTS), programs=["sort"]))
    ran = await run(made, one, "a.csv")
    assert (ran.outcome, [file.name for file in ran.files]) == ("ok", ["out.csv"])
    assert ran.seen is not None
    assert ran.seen.hosts == ("a.example:80",)


async def test_what_a_sandbox_could_not_see_is_not_judged_but_its_files_are(tmp_path: Path) -> None:
    blind = ok(1)
    box = TableSandbox(lambda call: blind)
    one = tool(read=("*",))
    made = await here(tmp_path, box, one)
    assert (await run(made, one, "a.csv")).outcome == "ok"
    blind = Ran("ok", 1, (OutputFile("x", b""),), "", Usage(0, 0, 0), None)
    assert (await run(made, one, "a.csv")).outcome == "beyond"


async def test_a_file_that_only_the_task_forbids_does_not_come_back_and_blames_nobody(
    tmp_path: Path,
) -> None:
    one = tool(read=("*",), write=("*",))
    task = Capabilities(read=("*",), write=("*.csv",), limits=Limits())
    made = await here(tmp_path, did(files=("a.csv", "b.png")), one)
    ran = await run(made, one, "x.csv", capabilities=task)
    assert (ran.outcome, ran.files, ran.spec) == ("error", (), None)
    assert ran.fault is not None
    assert "b.png" in ran.fault.message
    assert "a.csv" not in ran.fault.message


async def test_a_tool_that_failed_with_less_than_it_declares_is_not_repaired(
    tmp_path: Path,
) -> None:
    one = tool(read=("*",), hosts=HOSTS)
    made = await here(tmp_path, did("error"), one, policy=policy(hosts=list(HOSTS)))
    whole = Capabilities(read=("*",), hosts=HOSTS)
    blamed = await run(made, one, "a.csv", capabilities=whole)
    assert blamed.spec is not None
    made = await here(tmp_path, did("error"), one, policy=policy(hosts=list(HOSTS)))
    less = Capabilities(read=("*",), hosts=HOSTS[:1])
    assert (await run(made, one, "a.csv", capabilities=less)).spec is None


async def test_all_that_an_exam_saw_stands_in_its_report(tmp_path: Path) -> None:
    seen = iter(
        [
            did(files=("a.txt",), programs=("sh",), processes=2),
            did(read=("x.csv",), asked=("evil.example",)),
            did(),
        ]
    )
    boxes = [next(seen) for _ in range(3)]
    count = iter(range(100))

    def end(call: Call) -> Ran:
        return boxes[min(next(count), 2)].end(call)

    draft = samples.draft(output_schema={})
    got = await sit(await here(tmp_path, TableSandbox(end)), order(draft, samples.exam()))
    assert got.report.seen == Seen(
        read=("x.csv",),
        written=("a.txt",),
        programs=("sh",),
        hosts=("evil.example:80",),
        processes=2,
    )


async def test_a_case_with_a_file_that_the_manifest_does_not_declare_fails_and_says_so(
    tmp_path: Path,
) -> None:
    case = Case(arguments={"path": "/data/a.csv"}, files={"a.csv": "1"}, expected=1)
    draft = samples.draft(
        input_schema=PATHS, output_schema={}, declared=Capabilities(read=("*.json",))
    )
    box = did()
    got = await sit(await here(tmp_path, box), order(draft, samples.exam(cases=(case,))))
    assert not got.report.results[0].passed
    assert (
        "it gives a.csv, which the manifest does not declare to read"
        in got.report.results[0].difference
    )
    assert box.calls == []


async def test_a_tool_that_does_more_than_it_declares_is_not_reused(tmp_path: Path) -> None:
    one = samples.tool(samples.draft())
    command = TryTool(
        task=BRIEF.task, brief=BRIEF, step="s1", tool=one.digest, request=samples.spec()
    )
    values = {"price": 5, "tax": 2}

    def end(call: Call) -> Ran:
        made = did(programs=("sh",)).end(call)
        return Ran(
            "ok", values[str(call.arguments["column"])], (), "", made.usage, None, (), made.seen
        )

    tried = await try_tool(await here(tmp_path, TableSandbox(end), one), command)
    assert not tried.passed
    assert "started sh" in tried.detail


def with_key(**changes: Any) -> Policy:
    key = {"host": "a.example:80", "tls": False} | changes
    return policy(hosts=list(HOSTS), rest={"credentials": {"key": key}})


async def test_the_value_is_read_by_the_executor_for_real_calls_and_never_for_exams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_CREDENTIAL_KEY", SECRET)
    one, box = tool(hosts=HOSTS, credentials=("key",)), did()
    made = await here(tmp_path, box, one, policy=with_key())
    ran = await run(made, one)
    (bearer,) = box.calls[0].terms.bearers
    assert (bearer.name, bearer.value) == ("key", SECRET)
    assert SECRET not in ran.model_dump_json() + repr(box.calls)
    case = Case(arguments={"path": "x"}, expected=1)
    await sit(made, order(one.draft, samples.exam(cases=(case,))))
    assert [call.terms.bearers for call in box.calls[1:]] == [()] * (len(box.calls) - 1)
    assert len(box.calls) > 1


async def test_a_credential_without_a_value_stops_the_call_with_what_to_do(tmp_path: Path) -> None:
    one, box = tool(hosts=HOSTS, credentials=("key",)), did()
    with pytest.raises(Misconfigured, match="set TOOLGUILD_CREDENTIAL_KEY"):
        await run(await here(tmp_path, box, one, policy=with_key()), one)
    assert box.calls == []


async def test_only_the_tools_that_the_policy_names_may_use_it_and_all_that_run_together(
    tmp_path: Path,
) -> None:
    one = tool("inner", hosts=HOSTS, credentials=("key",))
    draft = samples.draft(
        name="outer", declared=one.capabilities, uses={"inner": one.digest}, output_schema={}
    )
    outer = samples.tool(draft)
    made = await here(tmp_path, did(), one, outer, policy=with_key(tools=["inner"]))
    with pytest.raises(Refused, match="inner, outer may not use the credential key"):
        await ran_of(
            made,
            RunTool(
                task=BRIEF.task,
                brief=BRIEF,
                step="s1",
                tool=outer.digest,
                arguments={"rows": [], "column": "x"},
            ),
        )
    with pytest.raises(Refused, match="may not use the credential key"):
        await run(await here(tmp_path, did(), one, policy=with_key(tools=["other"])), one)
    gone = policy(hosts=list(HOSTS))
    with pytest.raises(Refused, match="does not have it"):
        await run(await here(tmp_path, did(), one, policy=gone), one)


async def test_a_tool_that_declares_none_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_CREDENTIAL_KEY", SECRET)
    one, box = tool(hosts=HOSTS), did()
    await run(await here(tmp_path, box, one, policy=with_key()), one)
    assert (box.calls[0].credentials, box.calls[0].terms.bearers) == ((), ())
    assert box.calls[0].terms.limits.requests == 1000
