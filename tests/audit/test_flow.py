"""A whole guild at work: the chain tells all of it, and can be switched off."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from hall import Hall, open_hall

from toolguild.chain.checkpoint import Keys
from toolguild.chain.entry import Item
from toolguild.cli.audit_file import directory_keys
from toolguild.cli.audit_text import account_lines
from toolguild.client.account import account
from toolguild.client.audit import Query, items, kind_of, verify
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, Event, TaskId, events
from toolguild.runtime.store import bucket, keys_of
from toolguild.runtime.topology import AUDIT

WITHIN = 60.0
GOAL = "Total amount per category in expenses.csv"


async def recorded(hall: Hall, keys: Keys) -> list[Item]:
    """Return the chain once it has all that the log has."""
    deadline = time.monotonic() + WITHIN
    while (await verify(hall.bus, keys)).unrecorded:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    return [item async for _, item in items(hall.bus, keys)]


async def test_the_chain_tells_what_was_done_for_a_task_and_why(tmp_path: Path) -> None:
    place = tmp_path / "expenses.csv"
    place.write_text("date,category,amount\n2026-01-01,food,2.50\n2026-01-02,rent,700\n")
    async with open_hall(tmp_path) as hall:
        result, _ = await hall.run(GOAL, place, user="ana")
        assert result.status == "succeeded", result.reason
        assert "audit" in result.layers
        keys = directory_keys(tmp_path / "keys")
        chain = await recorded(hall, keys)
        told = await verify(hall.bus, keys)
        answers = await _answers(hall)

    assert [str(one) for one in told.walk.faults] == []
    assert told.walk.gaps == []  # nothing missed, and every seal holds
    calls = [one for one in chain if kind_of(one.entry) == "model-called"]
    assert len(calls) == answers > 0

    found = account(result.task, chain, keys)
    unanswered = [one.told.kind for one in found.actions if not one.outcomes]
    assert unanswered == []
    kinds = {outcome.kind for one in found.actions for outcome in one.outcomes}
    assert {"plan-made", "draft-reviewed", "draft-tested", "tool-published", "tool-ran"} <= kinds
    reasons = {one.kind: one.reasons for one in found.decisions}
    assert "verdict: allow" in reasons["draft-reviewed"]
    assert any("cases passed in the sandbox" in one for one in reasons["tool-published"])
    assert any(one.startswith("checked: each of") for one in reasons["plan-made"])
    states = {one.kind: one.signature for one in found.decisions if one.signature}
    assert states == {
        "draft-reviewed": "signed by reviewer: holds",
        "draft-tested": "signed by executor: holds",
    }
    assert {one["written_by"] for one in found.tools if "draft" in one} == {"synthesizer"}
    assert len(found.model_calls) == len(calls)
    assert [one["how"] for one in found.files] == ["given"]
    assert all("cpu_seconds" in (x.get("used") or x["peak"] or {}) for x in found.executions)
    assert any("-> plan made" in line for line in account_lines(found))
    title = next(one["title"] for one in found.tools if "title" in one)
    assert account(title, chain, keys).tools == found.tools

    runs = [one for one in chain if Query(kinds=("tool-ran",), key=result.task).takes(one)]
    assert len(runs) == 1
    assert not [one for one in chain if Query(who="ben").takes(one)]
    assert [one for one in chain if Query(who="ana").takes(one)]


async def _answers(hall: Hall) -> int:
    """Return how many answers of models the journal keeps."""
    journal, found = bucket(hall.bus.js, "journal"), 0
    for key in await keys_of(journal):
        found += b'"completion"' in bytes((await journal.get(key)).value or b"")
    return found


async def test_what_a_person_says_stands_in_the_account_with_whether_the_signature_holds(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path, ("auditor",)) as hall:
        person = KeyDirectory(tmp_path / "keys").person("ana")
        said = events.Intervened(
            task=TaskId("t-1"), action="guide", by="ana", reason="I know better"
        )
        signed = said.model_copy(update={"signature": person.sign("intervention", said.signed)})
        bodies: list[Event] = [said, signed, signed.model_copy(update={"reason": "other words"})]
        for body in bodies:
            await hall.bus.publish(Envelope(id=uuid4(), body=body, source="client"))
        keys = directory_keys(tmp_path / "keys")
        chain = await recorded(hall, keys)

    found = account("t-1", chain, keys)
    assert [one.signature for one in found.decisions] == [
        "not signed by ana",
        "signed by person:ana: holds",
        "signed by person:ana, not by person:ana over this",
    ]
    assert "I know better" in found.decisions[0].reasons


async def test_no_chain_is_written_when_the_operator_switches_it_off(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("layers: { audit: false }\n")
    place = tmp_path / "expenses.csv"
    place.write_text("date,category,amount\n2026-01-01,food,2.50\n")
    async with open_hall(tmp_path, policy=policy) as hall:
        result, _ = await hall.run(GOAL, place)
        state: Any = (await hall.bus.js.stream_info(AUDIT)).state

    assert result.status == "succeeded", result.reason
    assert "audit" not in result.layers
    assert state.messages == 0
