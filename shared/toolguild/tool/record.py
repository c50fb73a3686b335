"""A tool as the registry keeps it: one immutable record, named by one digest."""

from typing import Literal

from pydantic import Field

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.sandbox.interface import Seen, Usage
from toolguild.tool.draft import Draft
from toolguild.tool.exam import Exam
from toolguild.tool.report import Finding, MutationScore, TestReport
from toolguild.tool.value import Value

Purpose = Literal[
    "clearance",
    "report",
    "publication",
    "decision",
    "intervention",
    "notice",
    "halt",
    "checkpoint",
    "revelation",
]
Status = Literal["published", "deprecated", "quarantined", "revoked"]


class Signature(Value):
    """An Ed25519 signature of one service over a digest, for one purpose."""

    purpose: Purpose
    by: str  # the service's name, or "person:" and a person's
    over: Digest
    key: str  # public key, hexadecimal
    signature: str  # hexadecimal


class Measured(Value):
    """What the tool was seen to use in its tests."""

    peak: Usage | None = None
    sandbox: str = ""
    seen: Seen | None = Field(default=None, exclude_if=lambda seen: seen is None)


class Tool(Value):
    """Everything about a tool that never changes. Its digest is what plans, callers and locks name.

    The clearance is signed over the draft's digest, the report's signature over the report's digest;
    the publication is signed over this record's own digest and stands beside it in `Published`.
    """

    version: str  # "major.minor": same major means it passes the earlier version's exam
    draft: Draft
    exam: Exam
    report: TestReport
    mutation: MutationScore
    measured: Measured
    findings: tuple[Finding, ...] = ()
    clearance: Signature
    report_signature: Signature
    capabilities: Capabilities  # what it and all tools that it uses may do
    approved_by: str | None = None  # the person who approved it, where one was asked

    @property
    def name(self) -> str:
        """The name that people and plans use."""
        return self.draft.name

    @property
    def title(self) -> str:
        """name@version."""
        return f"{self.draft.name}@{self.version}"


class Published(Value):
    """A tool with what may change about it: an entry of the registry."""

    tool: Tool
    publication: Signature
    status: Status = "published"
    reason: str = ""  # why it is deprecated, quarantined or revoked
    published_at: str = ""  # ISO 8601, UTC
