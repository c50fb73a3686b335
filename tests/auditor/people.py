"""People who decide, and items for them."""

from typing import Any

from toolguild.canonical import Digest
from toolguild.messages import BuildId, Item, ItemId, TaskId, events
from toolguild.testing.keys import SampleKeys
from toolguild.tool import Draft, Provenance

TASK, BUILD, NONE = TaskId("t-1"), BuildId("b-1"), Digest("ab" * 32)
KEYS = SampleKeys()
ITEM = ItemId("i-1")


def draft(source: str = "def f():\n    return 1\n", agent: str = "synthesizer") -> Draft:
    return Draft(
        name="adder",
        language="python",
        entry="f",
        source=source,
        description="adds",
        input_schema={"type": "object"},
        output_schema={"type": "number"},
        provenance=Provenance(
            task=TASK, build=BUILD, agent=agent, model="m", model_source="scripted", prompt=NONE
        ),
    )


def approval(of: Draft | None = None) -> events.ApprovalAsked:
    return events.ApprovalAsked(
        build=BUILD, tasks=(TASK,), attempt=1, draft=of or draft(), why="level A"
    )


def question(purpose: str = "run", **changed: Any) -> events.DecisionAsked:
    ask = {"purpose": purpose, "tasks": (TASK,), "title": "adder@1.0", "why": "level A"} | changed
    return events.DecisionAsked(item=ITEM, ask=Item.model_validate(ask))


def says(
    decision: str,
    asked: events.ApprovalAsked | events.DecisionAsked,
    by: str = "ana",
    **changed: Any,
) -> events.DecisionGiven:
    shown = asked.draft if isinstance(asked, events.ApprovalAsked) else asked.ask.draft
    item = f"i-{shown.digest[:16]}" if shown else ITEM
    given = events.DecisionGiven.model_validate(
        {
            "item": item,
            "decision": decision,
            "by": by,
            "reason": "because",
            "id": f"{by} {decision}",
            "at": "2026-01-01T12:00:00.000+00:00",
            "draft": shown.digest if shown else None,
        }
        | changed
    )
    signature = KEYS.sign("decision", given.signed, by=f"person:{by}")
    return given.model_copy(update={"signature": signature})
