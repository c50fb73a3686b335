"""What workers answer and what the sandbox does is counted where a service shows its metrics."""

import pytest
from prometheus_client import REGISTRY

from toolguild.canonical import Digest
from toolguild.messages import BuildId, Event, Item, ItemId, TaskId
from toolguild.messages.events import (
    DecisionAsked,
    DecisionTaken,
    DraftRefused,
    DraftReviewed,
    Notified,
    ToolPublished,
    ToolTried,
    TrustChanged,
)
from toolguild.runtime.counted_sandbox import CountedSandbox
from toolguild.runtime.tally import tally
from toolguild.sandbox.interface import Call, Code, Ran, Reins, Usage

BUILD, NONE = BuildId("b-1"), Digest("0" * 64)
PASSED = ToolTried(task=TaskId("t-1"), step="s", tool=NONE, title="t@1.0", passed=True)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("answer", "name", "label"),
    [
        (ToolPublished(build=BUILD, tool=NONE, title="t@1.0", made=True), "tools", "made"),
        (ToolPublished(build=BUILD, tool=NONE, title="t@1.0", made=False), "tools", "reused"),
        (PASSED, "tools", "reused"),
        (DraftRefused(build=BUILD, attempt=1, failures=("no",)), "tools", "refused"),
        (DraftReviewed(build=BUILD, attempt=1, draft=NONE, verdict="ask"), "reviews", "ask"),
    ],
)
def test_an_answer_counts_once_by_what_it_means(answer: Event, name: str, label: str) -> None:
    labels = {"how": label} if name == "tools" else {"verdict": label}
    before = counted(f"toolguild_{name}_total", **labels)
    tally(answer)

    assert counted(f"toolguild_{name}_total", **labels) == before + 1


ASK = Item(purpose="run", tasks=(TaskId("t-1"),), title="t@1.0", why="level A")
ITEM = ItemId("i-1")


@pytest.mark.parametrize(
    ("sent", "name", "labels"),
    [
        (DecisionAsked(item=ITEM, ask=ASK), "items_asked", {"purpose": "run"}),
        (
            DecisionTaken(item=ITEM, decision="edit", by="ana"),
            "items_settled",
            {"decision": "edit"},
        ),
        (
            Notified(item=ITEM, channel="webhook", delivered=False),
            "notices",
            {"channel": "webhook", "outcome": "failed"},
        ),
        (
            TrustChanged(tool=NONE, title="t@1.0", level="A", before="C", why="forged"),
            "trust_changes",
            {"direction": "lowered"},
        ),
    ],
)
def test_questions_to_people_and_changes_of_trust_are_counted(
    sent: Event, name: str, labels: dict[str, str]
) -> None:
    before = counted(f"toolguild_{name}_total", **labels)
    tally(sent)

    assert counted(f"toolguild_{name}_total", **labels) == before + 1


def test_a_candidate_that_did_not_pass_is_not_reused() -> None:
    before = counted("toolguild_tools_total", how="reused")
    tally(PASSED.model_copy(update={"passed": False}))

    assert counted("toolguild_tools_total", how="reused") == before


class Box:
    name, isolation = "box", "none"

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        return Ran("timeout", None, (), "", Usage(2.0, 1.0, 3.0), None)

    async def close(self) -> None: ...


async def test_a_sandboxed_call_is_counted_by_its_end_and_its_time() -> None:
    await CountedSandbox(Box()).run(Call(Code("python", "", "f")))

    labels = {"backend": "box", "outcome": "timeout"}
    assert counted("toolguild_sandbox_run_seconds_count", **labels) == 1
    assert counted("toolguild_sandbox_run_seconds_sum", **labels) == 2.0
