"""One question of the inbox: what a person is asked to look at."""

from typing import Literal

from toolguild.canonical import Digest
from toolguild.messages.base import BuildId, TaskId
from toolguild.tool import Draft, Finding
from toolguild.tool.value import Value

Risk = Literal["low", "medium", "high"]
Purpose = Literal[
    "draft",  # before code runs: approve, reject, or edit it
    "run",  # before a tool runs on real data: approve or reject
    "watch",  # a task runs that a person should watch; nothing waits
    "exception",  # a rule of the policy asks for attention; the task may wait
    "audit",  # after the end: was all well? A rejection is an incident of the tools
]


class Item(Value):
    """What is asked, why, and what hangs on it."""

    purpose: Purpose
    tasks: tuple[TaskId, ...]
    title: str
    why: str
    risk: Risk = "medium"
    blocks: bool = True  # something waits for the answer
    author: str = ""  # who wrote what is shown; this person may not approve it
    build: BuildId | None = None
    attempt: int = 0
    draft: Draft | None = None
    findings: tuple[Finding, ...] = ()
    step: str = ""
    tool: Digest | None = None
    tools: tuple[Digest, ...] = ()  # audit: those that took part
    rule: str = ""  # the entry of the policy that asks
