"""A guild of one process for these tests: real sandbox, sample keys, scripted model."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from toolguild.budget.memory import MemoryLedgers
from toolguild.canonical import Digest
from toolguild.errors import PermanentError
from toolguild.guild import Answer, Guild, Role
from toolguild.messages import Artifact, Brief, BuildId, ModelUsage, TaskId
from toolguild.messages.commands import RunTool, TestDraft
from toolguild.messages.events import ToolRan
from toolguild.model.prompt import PromptFile, parse_prompt
from toolguild.policy import Policy
from toolguild.registry import MemoryRegistry
from toolguild.runtime.claims import MemoryClaims
from toolguild.sandbox.interface import Call, Ran, Reins, Sandbox, Usage
from toolguild.testing import samples
from toolguild.testing.archive import NoArchive
from toolguild.testing.keys import SampleKeys
from toolguild.testing.trusting import Trusting
from toolguild.tool import Draft, Exam
from toolguild.unhalted import Unhalted
from toolguild.unsteered import Unsteered
from toolguild_executor.running import run_tool

B = TypeVar("B", bound=BaseModel)
BRIEF = Brief(task=TaskId("t-1"))
BUILD = BuildId("b-1")
PROMPTS = Path(__file__).parents[2] / "services/reviewer/toolguild_reviewer/prompts"


class Files:
    """Artifacts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        assert isinstance(content, bytes), "these tests store bytes"
        sha = hashlib.sha256(content).hexdigest()
        (self.folder / sha).write_bytes(content)
        return Artifact(name=name, sha256=sha, bytes=len(content))

    async def path(self, artifact: Artifact) -> Path:
        return self.folder / artifact.sha256

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        return (self.folder / artifact.sha256).read_bytes()[:limit]


class NoJournal:
    """Remembers nothing: every effect runs."""

    async def once(self, key: str, effect: Callable[[], Awaitable[bytes]]) -> bytes:
        return await effect()


class Scripted:
    """A model that gives the listed answers to each prompt, in order, and the last one for ever.

    It renders the real prompt file, so that a value the file names and nobody gives fails the test.
    """

    def __init__(self, **answers: Sequence[Mapping[str, Any]]) -> None:
        self.answers = {name: list(given) for name, given in answers.items()}
        self.asked: list[tuple[str, str]] = []  # prompt, the whole text
        self.complaints: list[str] = []

    async def ask(
        self,
        role: Role,
        prompt: str,
        values: Mapping[str, Any],
        answer: type[B],
        *,
        brief: Brief,
        key: str,
        sample: int = 0,
        schema: Mapping[str, Any] | None = None,
        check: Callable[[B], Sequence[str]] | None = None,
    ) -> Answer[B]:
        file = PROMPTS / f"{prompt}.md"
        parsed = parse_prompt(PromptFile(prompt, file, file.read_bytes()), _no_pattern)
        assert parsed.role == role
        text = "\n".join(one.content for one in parsed.render({"answer_schema": schema, **values}))
        for _ in range(3):
            self.asked.append((prompt, text))
            given = self.answers.get(prompt, [{}])
            one = given.pop(0) if len(given) > 1 else given[0]
            try:
                value = answer.model_validate(one)
            except ValidationError as error:
                self.complaints.append(str(error))
                continue
            complaints = check(value) if check else ()
            self.complaints += complaints
            if not complaints:
                usage = ModelUsage(role=role, model="scripted", source="scripted", calls=1)
                return Answer(value, "scripted", "scripted", parsed.digest, usage)
        raise PermanentError("the answers stay unusable")

    async def ask_code(self, *_: object, **__: object) -> Answer[str]:
        raise AssertionError("neither the executor nor the reviewer asks for code")


def _no_pattern(name: str) -> PromptFile:
    raise AssertionError(f"no pattern {name}")


class TableSandbox:
    """Answers calls from a Python function instead of isolating anything: for pure worker logic only."""

    name = "table"
    isolation = "none"

    def __init__(self, end: Callable[[Call], Ran]) -> None:
        self.end = end
        self.calls: list[Call] = []

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        self.calls.append(call)
        return self.end(call)

    async def close(self) -> None:
        pass


def ok(value: object) -> Ran:
    """A call that ended well."""
    return Ran("ok", value, (), "", Usage(0.01, 0.01, 12.0), None)


def guild(
    service: str,
    folder: Path,
    *,
    sandbox: Sandbox | None = None,
    models: Scripted | None = None,
    registry: MemoryRegistry | None = None,
    policy: Policy | None = None,
    keys: SampleKeys = samples.KEYS,
) -> Guild:
    """Return a guild for one service."""

    async def opened() -> Sandbox:
        assert sandbox is not None, "this test has no sandbox"
        return sandbox

    return Guild(
        service=service,
        policy=policy or Policy.default(),
        artifacts=Files(folder),
        journal=NoJournal(),
        claims=MemoryClaims(),
        registry=registry or MemoryRegistry(),
        models=models or Scripted(),
        signer=keys.signer(service),
        keyring=keys,
        sandbox=opened,
        ledgers=MemoryLedgers(),
        steering=Unsteered(),
        trust=Trusting(),
        archive=NoArchive(),
        halts=Unhalted(),
    )


def order(draft: Draft, exam: Exam, **changes: Any) -> TestDraft:
    """Return the command to test a draft that the reviewer cleared."""
    clearance = samples.KEYS.sign("clearance", Digest(draft.digest), by="reviewer")
    base: dict[str, Any] = {
        "build": BUILD,
        "brief": BRIEF,
        "draft": draft,
        "clearance": clearance,
        "exam": exam,
        "attempt": 1,
    }
    return TestDraft(**(base | changes))


async def ran_of(here: Guild, command: RunTool) -> ToolRan:
    """Run the tool; these tests ask no person first."""
    answer = await run_tool(here, command)
    assert isinstance(answer, ToolRan)
    return answer
