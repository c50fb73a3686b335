"""What each user of the bus must not do, tried with that user's real credentials on a real server."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from toolguild.messages import KINDS, Command
from toolguild.runtime.access.roster import (
    BOOTSTRAP,
    OBSERVER,
    OPERATOR,
    OUTSIDERS,
    kinds_sent,
    roster,
)
from toolguild.runtime.bus import Bus
from toolguild.runtime.services import load_service
from toolguild.runtime.topology import AUDIT, BUCKETS, DEAD, LOG, WORK, streams

from .conftest import OURS, Grounds

API = "$JS.API"
EVERYBODY = (*OURS, *OUTSIDERS)
VERDICTS = {
    "draft-reviewed": "reviewer",
    "tool-published": "reviewer",
    "exam-set": "reviewer",
    "draft-tested": "executor",
    "tool-ran": "executor",
    "approval-given": "auditor",
    "task-decided": "auditor",
    "decision-taken": "auditor",
    "trust-changed": "auditor",
    "result-released": "auditor",
    "task-ended": "planner",
    "goal-given": "planner",
}
WRITERS = {  # who may write a bucket
    "tasks": {"planner"},
    "builds": {"synthesizer"},
    "tools": {"reviewer", OPERATOR},
    "releases": {"auditor"},
    "inbox": {"auditor"},
    "trust": {"auditor"},
    "retention": {"auditor"},
    "baselines": {"auditor"},
    "claims": {"executor"},
    "budgets": {"executor", "planner", "reviewer", "synthesizer"},
    "journal": {"auditor", "executor", "planner", "reviewer", "synthesizer"},
}


async def refused(bus: Bus, act: Callable[[], Awaitable[object]]) -> bool:
    """Say whether the server refuses this for want of a permission. What it answers otherwise does not matter."""
    bus.line.refused = ""
    await act()
    for _ in range(2):  # of itself, a flush may overtake what was published before it
        await asyncio.sleep(0)
        await bus.client.flush()
    return bool(bus.line.refused)


def publishes(bus: Bus, subject: str) -> Callable[[], Awaitable[object]]:
    # A message that the stream would not take: that it may be sent must not spoil what others try.
    headers = {"Nats-Expected-Stream": "ANOTHER"}
    return lambda: bus.client.publish(subject, b"{}", headers=headers)


def asks(bus: Bus, subject: str, body: object = None) -> Callable[[], Awaitable[object]]:
    data = json.dumps(body).encode() if body is not None else b"not json"
    return lambda: bus.client.publish(subject, data, reply=bus.client.new_inbox())


def listens(bus: Bus, subject: str) -> Callable[[], Awaitable[object]]:
    return lambda: bus.client.subscribe(subject)


def forbidden(user: str) -> list[tuple[str, str]]:
    """Return what a user must not do: "publish" or "listen", and the subject."""
    found: list[tuple[str, str]] = []
    for kind, owner in VERDICTS.items():
        if user not in (owner, OPERATOR):  # whose dead letters are sent again as they were
            found.append(("publish", f"toolguild.fact.{kind}.t-1"))
    for bucket, writers in WRITERS.items():
        if user not in writers:
            found += [("publish", f"$KV.{bucket}.any"), ("publish", f"$KV.{bucket}.tool.any")]
    if user != "auditor":
        found.append(("publish", "toolguild.audit.page"))
    if user not in (OPERATOR,):
        found.append(("publish", "toolguild.goal.ana.t-1"))
    if user not in (OPERATOR, "planner", "auditor"):
        found.append(("publish", "toolguild.later.reminder.t-1.x"))
    found += [("publish", f"{API}.STREAM.DELETE.{config.name}") for config in streams()]
    found += [
        ("publish", f"{API}.{what}")
        for what in (
            f"STREAM.PURGE.{AUDIT}",
            f"STREAM.MSG.DELETE.{AUDIT}",
            f"STREAM.MSG.DELETE.{LOG}",
            f"STREAM.PURGE.{WORK}",
            "STREAM.PURGE.KV_tools",
            "STREAM.PURGE.KV_trust",
            f"CONSUMER.DELETE.{LOG}.planner-planner",
            f"CONSUMER.PAUSE.{LOG}.auditor-inbox",
            f"CONSUMER.DELETE.{WORK}.executor-run",
            "ACCOUNT.INFO",
            f"STREAM.SNAPSHOT.{LOG}",
            f"STREAM.RESTORE.{LOG}",
            f"STREAM.LEADER.STEPDOWN.{LOG}",
        )
    ]
    found += [("publish", "$SYS.REQ.SERVER.PING"), ("publish", "$JS.API.SERVER.REMOVE")]
    if user != BOOTSTRAP:
        found += [("publish", f"{API}.STREAM.UPDATE.{config.name}") for config in streams()]
        found += [
            ("publish", f"{API}.STREAM.CREATE.MINE"),
            ("publish", f"{API}.CONSUMER.DURABLE.CREATE.{LOG}.mine"),
            ("publish", f"{API}.CONSUMER.CREATE.{LOG}.planner-planner"),
            ("publish", f"{API}.CONSUMER.CREATE.{LOG}.planner-planner.toolguild.fact.steered.*"),
            ("publish", f"{API}.CONSUMER.CREATE.{WORK}.executor-run"),
            ("publish", f"{API}.CONSUMER.CREATE.{WORK}"),
        ]
    if user != "auditor":
        found.append(("publish", f"{API}.STREAM.PURGE.{LOG}"))
    if user in OURS and user != "auditor":
        found += [
            ("publish", f"{API}.CONSUMER.CREATE.{LOG}"),
            ("publish", f"{API}.CONSUMER.CREATE.{LOG}.mine.toolguild.fact.>"),
            ("publish", f"{API}.CONSUMER.CREATE.{LOG}.mine.toolguild.fact.tool-drafted.*"),
            ("publish", f"{API}.STREAM.MSG.GET.{LOG}"),
            ("publish", f"{API}.DIRECT.GET.{LOG}"),
            ("publish", f"{API}.STREAM.MSG.GET.{DEAD}"),
        ]
    for one in OURS:
        if one == user:
            continue
        for duty in load_service(one).duties:
            stream = WORK if issubclass(duty.reads[0], Command) else LOG
            name = f"{one}-{duty.agent}"
            found.append(("publish", f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}"))
            found.append(("publish", f"$JS.ACK.{stream}.{name}.1.1.1.1.0"))
            found.append(("publish", f"toolguild.dead.{name}.bug"))
    found += [
        ("listen", subject)
        for subject in (
            ">",
            "*.>",
            "toolguild.>",
            "toolguild.do.>",
            "toolguild.fact.tool-drafted.*",
            "toolguild.seen.>",
            "$KV.>",
            "$O.>",
            "$JS.>",
            "$JS.ACK.>",
            "_INBOX.>",
            "_INBOX.*.>",
            "$SYS.>",
        )
    ]
    return found


@pytest.mark.parametrize("user", EVERYBODY)
async def test_nobody_may_do_what_is_somebody_elses(grounds: Grounds, user: str) -> None:
    allowed = []
    async with grounds.as_(user) as bus:
        for verb, subject in forbidden(user):
            act = listens(bus, subject) if verb == "listen" else publishes(bus, subject)
            if not await refused(bus, act):
                allowed.append(f"{verb} {subject}")
    assert allowed == []


async def test_nobody_reads_the_inbox_of_another(grounds: Grounds) -> None:
    async with AsyncExitStack() as stack:
        everybody = {user: await stack.enter_async_context(grounds.as_(user)) for user in EVERYBODY}
        for user, bus in everybody.items():
            for other, theirs in everybody.items():
                prefix = ".".join(theirs.client.new_inbox().split(".")[:2])
                assert await refused(bus, listens(bus, f"{prefix}.>")) == (user != other)


@pytest.mark.parametrize("user", OURS)
async def test_a_service_may_send_what_it_declares_and_no_other_kind(
    grounds: Grounds, user: str
) -> None:
    sent = {kind.kind_name() for kind in kinds_sent(load_service(user))}
    ours = {name for name, kind in KINDS.items() if kind.__module__.startswith("toolguild.")}
    assert sent < ours
    async with grounds.as_(user) as bus:
        for name in sorted(ours):
            about = "do" if issubclass(KINDS[name], Command) else "fact"
            act = publishes(bus, f"toolguild.{about}.{name}.t-1")
            assert await refused(bus, act) == (name not in sent), name


async def test_a_reader_of_the_log_cannot_be_made_for_more_than_its_user_may_follow(
    grounds: Grounds,
) -> None:
    """The server holds the filter in the request against the one in its subject."""
    subject = f"{API}.CONSUMER.CREATE.{LOG}.mine.toolguild.fact.steered.*"
    asked: dict[str, object] = {"name": "mine", "ack_policy": "none"}
    async with grounds.as_("synthesizer") as bus:
        for more in (
            {},
            {"filter_subject": "toolguild.fact.>"},
            {"filter_subjects": ["toolguild.fact.>"]},
            {"filter_subject": "toolguild.fact.steered.*", "filter_subjects": ["toolguild.>"]},
            {"filter_subject": "toolguild.fact.steered.*", "durable_name": "planner-planner"},
        ):
            config = {"stream_name": LOG, "config": asked | more}
            answer = await bus.client.request(subject, json.dumps(config).encode(), timeout=60)
            assert "error" in json.loads(answer.data), more


async def test_the_observer_says_nothing_and_the_bootstrap_identity_reads_nothing() -> None:
    rights = roster([load_service(name) for name in OURS])
    said = [one for one in rights[OBSERVER].publish if not one.startswith((API, "$JS.FC", "$SRV"))]
    assert said == []
    read = [one for one in rights[BOOTSTRAP].publish if "GET" in one or "NEXT" in one]
    assert read == []


def test_every_bucket_has_its_writers_told() -> None:
    assert set(WRITERS) | {"holders"} == set(BUCKETS)


async def test_a_refusal_is_counted_and_takes_readiness_away(grounds: Grounds) -> None:
    from prometheus_client import REGISTRY

    from toolguild.runtime import readiness

    def count() -> float:
        return REGISTRY.get_sample_value("toolguild_permissions_refused_total") or 0.0

    async with grounds.as_("synthesizer") as bus:
        check = readiness.connected(bus)
        assert await check() == ""
        before = count()
        assert await refused(bus, publishes(bus, "toolguild.fact.approval-given.t-1"))
        assert count() == before + 1
        assert "approval-given" in await check()


async def test_a_key_that_the_server_does_not_know_is_told_so(grounds: Grounds) -> None:
    from toolguild.errors import Misconfigured
    from toolguild.runtime.access.credentials import new_seed
    from toolguild.runtime.access.login import Login
    from toolguild.runtime.bus import connect

    with pytest.raises(Misconfigured, match="does not know this process's key"):
        async with connect(grounds.server.address, login=Login(seed=new_seed()), within=60):
            pass
