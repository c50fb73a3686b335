"""A message counts only if the one sent it who may: whatever way it came to its subject."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hall import OURS, Hall, open_hall
from tests.runtime.guildhall import until

from toolguild.canonical import Digest
from toolguild.errors import PermanentError
from toolguild.identity import KeyDirectory
from toolguild.messages import Brief, Command, Envelope, Event, TaskId, commands, events
from toolguild.runtime.access.seal import KEY, SIGNATURE, SIGNER, Forged, Seals, sign, signed_since
from toolguild.runtime.clock import now
from toolguild.runtime.dead import Kept, dead_letters, requeue
from toolguild.runtime.services import load_service
from toolguild.runtime.topology import LOG, WORK

TOOL = Digest("ab" * 32)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
SERVICES = [load_service(name) for name in OURS]


def restated(body: Event, source: str) -> Envelope:
    return Envelope(id=uuid4(), body=body, source=source, at=now())


def incident() -> Event:
    return events.IncidentSeen(tool=TOOL, task=TaskId("t-1"), what="forged", by="executor")


def message(envelope: Envelope, headers: dict[str, str], **changed: Any) -> Any:
    found = {
        "subject": envelope.subject,
        "data": envelope.model_dump_json().encode(),
        "headers": headers,
        "metadata": SimpleNamespace(timestamp=datetime.now(UTC)),
    }
    return SimpleNamespace(**(found | changed))


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory(tmp_path / "keys")


def seals(keys: KeyDirectory, *own: str, since: datetime = LONG_AGO) -> Seals:
    return Seals(keys, own, SERVICES, since)


def stamped(keys: KeyDirectory, envelope: Envelope, service: str) -> dict[str, str]:
    return dict(seals(keys, service).stamp(envelope, envelope.model_dump_json().encode()))


def test_what_a_service_signs_of_what_it_may_send_is_taken(keys: KeyDirectory) -> None:
    envelope = restated(incident(), "planner/planner")
    seals(keys).check(envelope, message(envelope, stamped(keys, envelope, "planner")))


def test_a_service_does_not_get_to_send_what_it_does_not_declare(keys: KeyDirectory) -> None:
    with pytest.raises(PermanentError, match="executor sends incident-seen without naming it"):
        stamped(keys, restated(incident(), "executor/run"), "executor")


Bend = Callable[[KeyDirectory, Envelope, dict[str, str]], tuple[Envelope, dict[str, str], Any]]


def _bends() -> dict[str, tuple[Bend, str]]:
    def signed_by(signer: str) -> Bend:
        def bend(keys: KeyDirectory, envelope: Envelope, headers: dict[str, str]) -> Any:
            own = keys.private(signer)
            signed = f"toolguild message 1\n{envelope.subject}\n{envelope.model_dump_json()}"
            signature = base64.b64encode(own.sign(signed.encode())).decode()
            public = own.public_key().public_bytes_raw().hex()
            return envelope, {SIGNER: signer, KEY: public, SIGNATURE: signature}, {}

        return bend

    def disguised(keys: KeyDirectory, envelope: Envelope, headers: dict[str, str]) -> Any:
        _, forged, _ = signed_by("executor")(keys, envelope, headers)
        return envelope, forged | {SIGNER: "planner"}, {}

    def revoked(keys: KeyDirectory, envelope: Envelope, headers: dict[str, str]) -> Any:
        keys.rotate("planner")
        keys.revoke(headers[KEY])
        return envelope, headers, {}

    return {
        "no signature": (lambda k, e, h: (e, {}, {}), "by nobody; only"),
        "another service": (signed_by("executor"), "by executor; only"),
        "a person": (signed_by("person:ana"), "by person:ana; only"),
        "another's name": (disguised, "a key that is not planner's"),
        "an altered body": (
            lambda k, e, h: (e, h, {"data": e.model_dump_json().encode() + b" "}),
            "does not hold",
        ),
        "another subject": (
            lambda k, e, h: (e, h, {"subject": "toolguild.fact.incident-seen.other"}),
            "came as",
        ),
        "another source": (
            lambda k, e, h: (e.model_copy(update={"source": "auditor/inbox"}), h, {}),
            "said to be from auditor",
        ),
        "no base64": (lambda k, e, h: (e, h | {SIGNATURE: "%%"}, {}), "does not hold"),
        "a key that is none": (lambda k, e, h: (e, h | {KEY: "zz"}, {}), "not planner's"),
        "a revoked key": (revoked, "or not any more"),
    }


@pytest.mark.parametrize("how", _bends())
def test_anything_else_is_forged(keys: KeyDirectory, how: str) -> None:
    bend, why = _bends()[how]
    envelope = restated(incident(), "planner/planner")
    shown, headers, changed = bend(keys, envelope, stamped(keys, envelope, "planner"))
    with pytest.raises(Forged, match=why):
        seals(keys).check(shown, message(shown, headers, **changed))


def test_what_the_old_key_signed_stays_good_until_that_is_revoked(keys: KeyDirectory) -> None:
    envelope = restated(incident(), "planner/planner")
    headers = stamped(keys, envelope, "planner")
    keys.rotate("planner")
    seals(keys).check(envelope, message(envelope, headers))
    assert stamped(keys, envelope, "planner")[KEY] != headers[KEY]


def test_people_speak_without_a_services_key(keys: KeyDirectory) -> None:
    body = commands.RunTool(
        task=TaskId("t-1"),
        brief=Brief(task=TaskId("t-1")),
        attempt=1,
        step="s",
        tool=TOOL,
        arguments={},
    )
    envelope = Envelope(id=uuid4(), body=body, source="client", at=now())
    seals(keys).check(envelope, message(envelope, stamped(keys, envelope, "operator")))
    told = events.DeadLetterDiscarded(
        about_key="t-1",
        message="m",
        number=1,
        agent="a",
        code="c",
        reason="r",
        died_at="",
        by="ana",
        why="w",
    )
    envelope = Envelope(id=uuid4(), body=told, source="client", at=now())
    assert stamped(keys, envelope, "operator") == {}
    seals(keys).check(envelope, message(envelope, {}))


ORDERS = [
    commands.RunTool(
        task=TaskId("t-1"), brief=Brief(task=TaskId("t-1")), step="s", tool=TOOL, arguments={}
    ),
    events.PruneWanted(task=TaskId("t-1"), rule="ana"),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: str(order.kind))
@pytest.mark.parametrize("signer", ["", "executor", "planner", "auditor"])
def test_what_the_operator_orders_nobody_else_orders_in_that_name(
    keys: KeyDirectory, order: Command | Event, signer: str
) -> None:
    """Whoever may run tools in a plan, or prune by the policy, still does not do so for people."""
    envelope = Envelope(id=uuid4(), body=order, source="client", at=now())
    keys.private("operator")
    key = keys.private(signer or "planner")
    text = b"toolguild message 1\n" + envelope.subject.encode() + b"\n"
    headers = sign(signer, key, text + envelope.model_dump_json().encode()) if signer else {}
    with pytest.raises(Forged):
        seals(keys).check(envelope, message(envelope, headers))
    claimed = headers | {SIGNER: "operator"}
    with pytest.raises(Forged):
        seals(keys).check(envelope, message(envelope, claimed))


def test_orders_of_before_they_were_signed_are_still_taken(keys: KeyDirectory) -> None:
    envelope = Envelope(id=uuid4(), body=ORDERS[1], source="client", at=now())
    late = Seals(keys, (), SERVICES, LONG_AGO, ordered_since=datetime.max.replace(tzinfo=UTC))
    late.check(envelope, message(envelope, {}))
    said = envelope.model_copy(update={"source": "auditor/retention"})
    with pytest.raises(Forged):  # a service's own have been signed for longer
        late.check(said, message(said, {}))


def test_messages_of_before_there_were_signatures_are_still_read(
    keys: KeyDirectory, tmp_path: Path
) -> None:
    since = signed_since(tmp_path / "keys")
    assert signed_since(tmp_path / "keys") == since
    envelope = restated(incident(), "planner/planner")
    old = SimpleNamespace(timestamp=since - timedelta(seconds=1))
    seals(keys, since=since).check(envelope, message(envelope, {}, metadata=old))
    with pytest.raises(Forged):
        seals(keys, since=since).check(envelope, message(envelope, {}))


def test_where_nothing_can_be_noted_every_message_has_to_be_signed(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    assert signed_since(tmp_path / "keys") == LONG_AGO


async def dead(hall: Hall) -> list[Kept]:
    """The dead letters, once there are any."""
    async with asyncio.timeout(60):
        while True:
            if letters := await dead_letters(hall.bus):
                return letters
            await asyncio.sleep(0.02)


Way = Callable[[Hall, str, bytes], Awaitable[None]]


async def _published(hall: Hall, subject: str, body: bytes) -> None:
    await hall.bus.client.publish(subject, body, headers={"Nats-Msg-Id": uuid4().hex})


async def _answered(hall: Hall, subject: str, body: bytes) -> None:
    """Have the server send what we stored, as the answer to a question with that reply subject."""
    await hall.bus.js.publish("$O.artifacts.C.evil", body)
    get = "$JS.API.DIRECT.GET.OBJ_artifacts.$O.artifacts.C.evil"
    await hall.bus.client.publish(get, reply=subject)


async def _scheduled(hall: Hall, subject: str, body: bytes) -> None:
    """Have the server send it when its time has come, which is now."""
    headers = {"Nats-Schedule": "@at 2020-01-01T00:00:00Z", "Nats-Schedule-Target": subject}
    await hall.bus.js.publish("toolguild.later.x.t-1.y", body, headers=headers)


@pytest.mark.parametrize("way", [_published, _answered, _scheduled])
async def test_a_forged_event_becomes_a_dead_letter_and_nothing_else(
    tmp_path: Path, way: Way
) -> None:
    """Two of these ways need no right to publish to the subject: a right to ask the server is enough."""
    async with open_hall(tmp_path, ("auditor",)) as hall:
        envelope = restated(incident(), "planner/planner")
        await way(hall, envelope.subject, envelope.model_dump_json().encode())
        letters = await dead(hall)
        assert [(one.letter.agent, one.letter.code) for one in letters] == [
            ("auditor-trust", "forged")
        ]
        info = await hall.bus.js.stream_info(LOG, subjects_filter="toolguild.fact.trust-changed.*")
        assert not info.state.subjects
        # Sent again by a person, it is as forged as before.
        await requeue(hall.bus, letters[0].number, by="ana")
        again = await dead(hall)
        assert again[0].letter.code == "forged"


async def test_a_forged_command_is_neither_done_nor_answered(tmp_path: Path) -> None:
    """An answer would tell whoever waits that the work has failed."""
    async with open_hall(tmp_path, ("auditor",)) as hall:
        order = commands.UndoTask(task=TaskId("t-1"))
        envelope = Envelope(id=uuid4(), body=order, source="auditor/retention", at=now())
        await hall.bus.publish(envelope)
        letters = await dead(hall)
        assert letters[0].letter.code == "forged"

        async def taken_away() -> bool:  # once its dead letter is kept
            return (await hall.bus.js.stream_info(WORK)).state.messages == 0

        await until(taken_away)
        info = await hall.bus.js.stream_info(LOG, subjects_filter="toolguild.fact.>")
        assert not info.state.subjects


async def test_an_order_that_is_not_the_operators_is_not_followed(tmp_path: Path) -> None:
    async with open_hall(tmp_path, ("auditor",)) as hall:
        order = Envelope(id=uuid4(), body=ORDERS[1], source="client", at=now())
        await replace(hall.bus, seals=None).publish(order)
        letters = await dead(hall)
        assert [(one.letter.agent, one.letter.code) for one in letters] == [
            ("auditor-retention", "forged")
        ]


async def test_a_signed_message_whose_body_is_in_the_object_store_is_taken(tmp_path: Path) -> None:
    """The signature is over the bytes on the wire, which name the body by its digest."""
    async with open_hall(tmp_path, ("auditor",)) as hall:
        body = events.IncidentSeen(tool=TOOL, task=TaskId("t-1"), what="x" * 400_000, by="executor")
        await hall.says("planner", body)
        async with asyncio.timeout(60):
            while True:
                assert not await dead_letters(hall.bus)
                facts = "toolguild.fact.trust-changed.*"
                if (await hall.bus.js.stream_info(LOG, subjects_filter=facts)).state.subjects:
                    break
                await asyncio.sleep(0.02)
