"""A guild for the tests of workers that ask models: real asking, a scripted model, everything in memory."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolguild.budget.memory import MemoryLedgers
from toolguild.canonical import Digest
from toolguild.guild import Guild, Role
from toolguild.messages import Artifact
from toolguild.model.ask import Manner
from toolguild.model.library import PromptLibrary
from toolguild.model.memory import NoJournal, memory_models
from toolguild.model.scripted import ScriptedModel
from toolguild.policy import Policy
from toolguild.registry import MemoryRegistry
from toolguild.runtime.claims import MemoryClaims
from toolguild.sandbox.interface import Sandbox
from toolguild.testing.archive import NoArchive
from toolguild.testing.trusting import Trusting
from toolguild.tool import (
    Draft,
    Exam,
    Measured,
    MutationScore,
    Provenance,
    Published,
    Signature,
    TestReport,
    Tool,
    ToolSpec,
)
from toolguild.tool.record import Purpose
from toolguild.unhalted import Unhalted
from toolguild.unsteered import Unsteered

NOBODY = Digest("0" * 64)
Says = Callable[[str, Mapping[str, Any], int], str]


@dataclass
class Script:
    """Answers by a function of prompt, values and sample, and keeps what it was asked."""

    says: Says
    asked: list[tuple[str, Mapping[str, Any], int]] = field(default_factory=list)

    def __call__(self, role: Role, prompt: str, values: Mapping[str, Any], sample: int) -> str:
        self.asked.append((prompt, values, sample))
        return self.says(prompt, values, sample)


class HeldFiles:
    """Artifacts in memory."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        assert isinstance(content, bytes), "these workers store no files from disk"
        return self.hold(name, content)

    def hold(self, name: str, data: bytes) -> Artifact:
        sha256 = hashlib.sha256(data).hexdigest()
        self._held[sha256] = data
        return Artifact(name=name, sha256=sha256, bytes=len(data))

    async def path(self, artifact: Artifact) -> Path:
        raise AssertionError("these workers read heads only")

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        return self._held[artifact.sha256][:limit]


class NoKeys:
    """These workers sign nothing and verify nothing."""

    def sign(self, purpose: Purpose, over: Digest) -> Signature:
        raise AssertionError("nothing is signed here")

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        raise AssertionError("nothing is verified here")


async def no_sandbox() -> Sandbox:
    """Fail: these workers run nothing."""
    raise AssertionError("nothing runs here")


def scripted_guild(
    package: str,
    says: Says,
    *,
    registry: MemoryRegistry | None = None,
    policy: Policy | None = None,
    manner: Manner | None = None,
) -> tuple[Guild, Script, HeldFiles]:
    """Return a guild whose models say what `says` says, the script that remembers, and its files."""
    script, files = Script(says), HeldFiles()
    prompts = PromptLibrary.of_packages(package)
    guild = Guild(
        service="test",
        policy=policy or Policy.default(),
        artifacts=files,
        journal=NoJournal(),
        claims=MemoryClaims(),
        registry=registry or MemoryRegistry(),
        models=memory_models(ScriptedModel(script), prompts, manner=manner),
        signer=NoKeys(),
        keyring=NoKeys(),
        sandbox=no_sandbox,
        ledgers=MemoryLedgers(),
        steering=Unsteered(),
        trust=Trusting(),
        archive=NoArchive(),
        halts=Unhalted(),
    )
    return guild, script, files


async def publish(
    registry: MemoryRegistry, spec: ToolSpec, source: str, licence: str = "Apache-2.0"
) -> Published:
    """Put a tool into the registry as if it had passed everything."""
    draft = Draft(
        name=spec.name,
        language=spec.language,
        entry=spec.name,
        source=source,
        description=spec.purpose,
        input_schema=spec.input_schema,
        output_schema=spec.output_schema,
        declared=spec.capabilities,
        licence=licence,
        provenance=Provenance(
            task="t-0",
            build="b-0",
            agent="synthesizer",
            model="m",
            model_source="scripted",
            prompt=NOBODY,
        ),
    )
    signature = Signature(
        purpose="clearance", by="reviewer", over=draft.digest, key="", signature=""
    )
    exam = Exam(spec=spec.digest, cases=())
    tool = Tool(
        version="1.0",
        draft=draft,
        exam=exam,
        report=TestReport(draft=draft.digest, exam=exam.digest, results=()),
        mutation=MutationScore(killed=0, total=0),
        measured=Measured(),
        clearance=signature,
        report_signature=signature,
        capabilities=spec.capabilities,
    )
    over = Signature(purpose="publication", by="reviewer", over=tool.digest, key="", signature="")
    return await registry.publish(tool, over)
