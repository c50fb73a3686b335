"""A run that may reach hosts is begun once; exams and trials reach none."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from tests.executor.support import BRIEF, TableSandbox, guild, ok, order, ran_of
from tests.sandbox.hosts import Asked, server

from toolguild.capability import Capabilities
from toolguild.errors import Unavailable, verdict
from toolguild.guild import Guild
from toolguild.messages import TaskId
from toolguild.messages.commands import RunTool, TryTool
from toolguild.messages.events import HostAsked
from toolguild.policy.load import parse_policy
from toolguild.registry import MemoryRegistry
from toolguild.runtime.claims import MemoryClaims
from toolguild.runtime.journal import MemoryJournal
from toolguild.sandbox.interface import Call, NotStarted, Ran, Reins, Sandbox
from toolguild.sandbox.opening import open_sandbox
from toolguild.testing import samples
from toolguild.tool import Case, Example, Tool
from toolguild_executor import claims
from toolguild_executor.claims import Interrupted
from toolguild_executor.testing import test_draft as sit
from toolguild_executor.trying import try_tool

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
POST = (
    "import urllib.request\n\ndef post(url):\n"
    "    with urllib.request.urlopen(url, data=b'1') as answer:\n"
    "        return answer.read().decode()\n"
)
GET = POST.replace(", data=b'1'", "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    box = await open_sandbox("bubblewrap")
    yield box
    await box.close()


@pytest_asyncio.fixture(loop_scope="module")
async def host() -> AsyncIterator[Asked]:
    async with server() as asked:
        yield asked


def poster(host: Asked, source: str = POST) -> Tool:
    """A tool that may reach the host."""
    declared = Capabilities(hosts=(f"127.0.0.1:{host.port}",))
    text = {"type": "string"}
    draft = samples.draft(
        name="poster", entry="post", source=source, input_schema=URL, output_schema=text
    ).model_copy(update={"declared": declared})
    return samples.tool(draft)


async def guild_with(sandbox: Sandbox, folder: Path, host: Asked, *tools: Tool) -> Guild:
    """A guild that remembers, whose policy grants the host."""
    registry = MemoryRegistry()
    for tool in tools:
        await registry.publish(tool, samples.published(tool).publication)
    policy = parse_policy(f"capabilities: {{hosts: ['127.0.0.1:{host.port}']}}")
    here = guild("executor", folder, sandbox=sandbox, registry=registry, policy=policy)
    return replace(here, journal=MemoryJournal(), claims=MemoryClaims())


def run(tool: Tool, host: Asked, **changes: object) -> RunTool:
    base = {"task": TaskId("t-1"), "brief": BRIEF, "step": "s1", "tool": tool.digest}
    arguments = {"url": f"http://127.0.0.1:{host.port}/n"}
    return RunTool(**(base | {"arguments": arguments} | changes))


async def test_a_run_delivered_again_is_answered_from_the_record(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host)
    here = await guild_with(sandbox, tmp_path, host, tool)
    first = await ran_of(here, run(tool, host))
    again = await ran_of(here, run(tool, host))
    assert (first.outcome, first.value) == ("ok", "POST /n 1")
    assert again == first
    assert len(host.requests) == 1
    assert [one.verdict for one in first.requests] == ["allowed"]


async def test_another_item_or_attempt_is_another_run(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host)
    here = await guild_with(sandbox, tmp_path, host, tool)
    for command in (run(tool, host, item=0), run(tool, host, item=1), run(tool, host, attempt=2)):
        await ran_of(here, command)
    assert len(host.requests) == 3


async def test_a_run_whose_executor_died_after_the_effect_is_not_repeated(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    slow = POST.replace("        return", "        import time; time.sleep(60)\n        return")
    tool = poster(host, slow)
    here = await guild_with(sandbox, tmp_path, host, tool)
    dying = asyncio.create_task(ran_of(here, run(tool, host)))
    await asyncio.wait_for(host.was_asked.wait(), 60)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    with pytest.raises(Interrupted, match="step s1 was interrupted") as told:
        await ran_of(here, run(tool, host))
    assert len(host.requests) == 1
    given_up = verdict(told.value, 1)
    assert getattr(given_up, "code", None) == "interrupted"

    allowed = asyncio.create_task(ran_of(here, run(tool, host, again="i-1")))  # by a person
    while len(host.requests) < 2:
        host.was_asked.clear()
        await asyncio.wait_for(host.was_asked.wait(), 60)
    allowed.cancel()
    await asyncio.gather(allowed, return_exceptions=True)


async def test_a_second_delivery_waits_a_moment_for_the_outcome_of_the_first(
    sandbox: Sandbox, tmp_path: Path, host: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long the moment is, is real time: here longer than any machine takes."""
    monkeypatch.setattr(claims, "_PATIENCE", 60.0)
    slow = POST.replace("        return", "        import time; time.sleep(0.5)\n        return")
    tool = poster(host, slow)
    here = await guild_with(sandbox, tmp_path, host, tool)

    class Elsewhere(MemoryJournal):
        """Another replica's view: the same record, and locks of its own."""

        _known = here.journal._known  # type: ignore[attr-defined]  # shared on purpose

        def __init__(self) -> None:
            known = self._known
            super().__init__()
            self._known = known

    there = replace(here, journal=Elsewhere())
    first = asyncio.create_task(ran_of(here, run(tool, host)))
    await asyncio.wait_for(host.was_asked.wait(), 60)
    assert await ran_of(there, run(tool, host)) == await first
    assert len(host.requests) == 1


async def test_a_run_that_never_started_may_start_again(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host)

    class Failing:
        """A sandbox that fails once, after it said that it begins."""

        name, isolation = sandbox.name, sandbox.isolation
        failures = 1

        async def run(self, call: Call, reins: Reins | None = None) -> Ran:
            if self.failures:
                self.failures -= 1
                assert call.begin is not None
                await call.begin()
                raise NotStarted("the child died")
            return await sandbox.run(call)

        async def close(self) -> None: ...

    here = await guild_with(Failing(), tmp_path, host, tool)
    with pytest.raises(NotStarted):
        await ran_of(here, run(tool, host))
    assert (await ran_of(here, run(tool, host))).outcome == "ok"
    assert len(host.requests) == 1


async def test_a_tool_that_fails_after_it_changed_something_is_not_mended_by_doing_it_again(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host, POST.replace("answer.read().decode()", "int(answer.read())"))
    here = await guild_with(sandbox, tmp_path, host, tool)
    with pytest.raises(Interrupted, match=r"failed \(ValueError.*POST 127\.0\.0\.1"):
        await ran_of(here, run(tool, host))
    with pytest.raises(Interrupted):
        await ran_of(here, run(tool, host))
    assert len(host.requests) == 1


async def test_a_tool_that_only_read_and_failed_may_be_mended(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host, GET.replace("answer.read().decode()", "int(answer.read())"))
    here = await guild_with(sandbox, tmp_path, host, tool)
    ran = await ran_of(here, run(tool, host))
    assert ran.outcome == "error"
    assert ran.spec is not None
    assert ran.regression is None  # what the host answered is not kept


async def test_without_hosts_nothing_is_claimed_and_a_repeated_run_simply_runs(
    tmp_path: Path,
) -> None:
    tool, box = samples.tool(), TableSandbox(lambda call: ok(5))
    registry = MemoryRegistry()
    await registry.publish(tool, samples.published(tool).publication)
    here = guild("executor", tmp_path, sandbox=box, registry=registry)
    command = RunTool(
        task=TaskId("t-1"),
        brief=BRIEF,
        step="s1",
        tool=tool.digest,
        arguments={"rows": samples.ROWS, "column": "price"},
    )
    for _ in range(2):
        assert (await ran_of(here, command)).value == 5
    assert [call.begin for call in box.calls] == [None, None]


def declared(url: str, body: str, **more: str) -> dict[str, str]:
    """The files of a case whose host answers a POST."""
    one = {"method": "POST", "url": url, "body": body} | more
    return {"guild.responses.json": json.dumps([one])}


async def test_an_exam_asks_the_declared_responses_and_never_the_host(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool = poster(host)
    here = await guild_with(sandbox, tmp_path, host, tool)
    urls = [f"http://127.0.0.1:{host.port}/{n}" for n in range(3)]
    cases = [
        Case(arguments={"url": url}, expected=f"seen {n}", files=declared(url, f"seen {n}"))
        for n, url in enumerate(urls)
    ]
    exam = samples.exam(cases=tuple(cases), generated=5)
    report = (await sit(here, order(tool.draft, exam))).report
    assert report.passed, report
    assert report.generated.tried == 0
    assert report.mutation is not None
    assert report.mutation.share == 1.0
    assert host.reached == 0


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "the case declares no response to POST"),
        ({"guild.responses.json": "{"}, "guild.responses.json is no list of responses"),
    ],
)
async def test_a_case_without_a_response_fails_and_says_so(
    sandbox: Sandbox, tmp_path: Path, host: Asked, files: dict[str, str], told: str
) -> None:
    tool = poster(host)
    here = await guild_with(sandbox, tmp_path, host, tool)
    one = Case(arguments={"url": f"http://127.0.0.1:{host.port}/"}, expected="x", files=files)
    report = (await sit(here, order(tool.draft, samples.exam(cases=(one,))))).report
    assert not report.passed
    assert told in report.results[0].difference
    assert host.reached == 0


async def test_a_trial_reaches_no_host(sandbox: Sandbox, tmp_path: Path, host: Asked) -> None:
    tool = poster(host)
    here = await guild_with(sandbox, tmp_path, host, tool)
    url = f"http://127.0.0.1:{host.port}/"
    results = []
    for files in ({}, declared(url, "fine")):
        example = Example(arguments={"url": url}, expected="fine", files=files)
        request = samples.spec(
            input_schema=URL, output_schema={"type": "string"}, examples=(example,)
        )
        command = TryTool(
            task=TaskId("t-1"), brief=BRIEF, step="s1", tool=tool.digest, request=request
        )
        results.append((await try_tool(here, command)).passed)
    assert results == [False, True]
    assert host.reached == 0


async def test_a_call_that_fails_for_want_of_a_record_is_not_the_tools_fault_and_begins_again(
    sandbox: Sandbox, tmp_path: Path, host: Asked
) -> None:
    tool, told = poster(host), 0

    async def asked(event: HostAsked) -> None:
        nonlocal told
        told += 1
        if told == 1:
            raise Unavailable("NATS is away")

    here = replace(await guild_with(sandbox, tmp_path, host, tool), asked=asked)
    with pytest.raises(NotStarted, match="no record of a request could be made"):
        await ran_of(here, run(tool, host))
    assert host.requests == []
    assert (await ran_of(here, run(tool, host))).value == "POST /n 1"
    assert (told, len(host.requests)) == (2, 1)
