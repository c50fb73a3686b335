"""A guild of processes, each with its own key: everything works, and nobody is refused anything."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standing import Standing, standing_guild
from tests.runtime.guildhall import until

from toolguild.identity import KeyDirectory
from toolguild.runtime.access.credentials import Credentials, public_of, read_seed
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.roster import OUTSIDERS
from toolguild.runtime.bus import connect
from toolguild.runtime.server import running

from .conftest import OURS

GOAL = "Slug of the title"


@pytest.fixture
async def guild(tmp_path: Path) -> AsyncIterator[Standing]:
    async with standing_guild(tmp_path / "data") as guild:
        yield guild


def violations(data: Path) -> list[str]:
    """What the server has refused to anybody, from its log."""
    told = (data / "nats" / "server.log").read_text()
    return re.findall(r"(?:Publish|Subscription) Violation.*", told)


def environment(pid: int) -> dict[str, str]:
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(one.split("=", 1) for one in raw if "=" in one)


async def everything_works(guild: Standing, data: Path) -> None:
    result = await guild.command("run", GOAL)
    assert result["status"] == "succeeded", result
    looks = (
        ("status",),
        ("tasks", "list"),
        ("tasks", "show", result["task"]),
        ("tools", "list"),
        ("tools", "search", "sum"),
        ("inbox", "list"),
        ("trust", "list"),
        ("dead", "list"),
        ("doctor",),
        ("replay", result["task"]),
    )
    told = await asyncio.gather(*(guild.command(*look, within=200) for look in looks))
    told.append(await guild.command("tasks", "prune", result["task"]))
    assert [said for said in told if "error" in said] == []
    assert violations(data) == []
    status = await guild.command("status")
    assert all(one["ready"] for one in status["members"]), status


async def each_process_is_told_of_its_own_key_only(guild: Standing, data: Path) -> None:
    credentials = Credentials(data / "credentials")
    assert credentials.users() == sorted((*OURS, *OUTSIDERS))
    seeds = {user: read_seed(credentials.place(user)) for user in credentials.users()}
    assert all(place.stat().st_mode & 0o077 == 0 for place in (data / "credentials").iterdir())
    config = (data / "nats" / "server.conf").read_text()
    for seed in seeds.values():
        assert seed not in config
        assert public_of(seed) in config
    master = running(data / "nats")
    assert master is not None
    for name, pid in guild.members().items():
        told = environment(pid)
        assert told["TOOLGUILD_NATS_SEED_FILE"] == str(credentials.place(name))
        assert "@" not in told["TOOLGUILD_NATS_URL"]
        secret = [*seeds.values(), master]
        assert not any(one in value for one in secret for value in told.values())


async def a_leaked_key_does_not_open_what_is_anothers(data: Path) -> None:
    """The violation is in the log of the server that runs, with who tried it."""
    url = running(data / "nats")
    assert url is not None
    seed = read_seed(Credentials(data / "credentials").place("synthesizer"))
    async with connect(f"nats://{url.rpartition('@')[2]}", login=Login(seed=seed)) as bus:
        await bus.client.publish("toolguild.fact.approval-given.b-1", b"{}")
        await asyncio.sleep(0)
        await bus.client.flush()
        await bus.client.flush()
        assert "approval-given" in bus.line.refused

    async def noted() -> bool:  # a moment after it was told
        return any(public_of(seed) in one or "approval" in one for one in violations(data))

    await until(noted)
    assert json.loads((data / "guild.json").read_text())["ready"]


async def keys_change_while_it_works(guild: Standing, data: Path) -> None:
    """Goals keep coming, from before the first process is replaced until after the last."""
    credentials, signers = Credentials(data / "credentials"), KeyDirectory(data / "keys")
    before = {user: credentials.public(user) for user in credentials.users()}
    signed_with = {one: signers.keys(one)[0][0] for one in OURS}
    pids = guild.members()
    rotating = asyncio.create_task(guild.command("keys", "rotate", "--all", within=120))
    results = []
    while not rotating.done():
        result, _ = await guild.hall.run(GOAL)
        results.append(result.status)
    rotated = await rotating
    assert sorted(rotated["rotated"]) == credentials.users()
    assert sorted(rotated["processes"]) == sorted(OURS)
    assert results
    assert set(results) == {"succeeded"}
    assert not set(pids.values()) & set(guild.members().values())
    for user, keys in before.items():
        assert len(credentials.public(user)) == 1
        assert credentials.public(user) != keys
    told = {one["signer"]: one["keys"] for one in (await guild.command("keys", "list"))["signers"]}
    for service, key in signed_with.items():
        assert [one["good"] for one in told[service]] == [True, True]
        assert told[service][1]["key"] == key
    # The server knows the old keys no longer.
    assert not any(key in (data / "nats" / "server.conf").read_text() for (key,) in before.values())
    assert violations(data) == []
    assert (await guild.command("run", GOAL))[
        "status"
    ] == "succeeded"  # as the operator, with a new key


async def what_a_revoked_key_signed_is_refused(guild: Standing, data: Path) -> None:
    """The reviewer's old key cleared and published the tool; it does not run for anybody any more."""
    old = KeyDirectory(data / "keys").keys("reviewer")[1][0]
    newest = KeyDirectory(data / "keys").keys("reviewer")[0][0]
    assert "signs with now" in (await guild.command("keys", "revoke", newest))["error"]["message"]
    assert (await guild.command("keys", "revoke", old))["signer"] == "reviewer"
    called = await guild.command("tools", "call", "slugify", "--args", '{"text": "A b"}')
    assert "with a key that was revoked" in called["error"]["message"], called


@pytest.mark.slow
@pytest.mark.timeout(600)  # some 20 s on a machine with nothing else to do
async def test_each_has_a_key_of_its_own_and_all_works_within_its_rights(
    guild: Standing, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    await everything_works(guild, data)
    await each_process_is_told_of_its_own_key_only(guild, data)
    await keys_change_while_it_works(guild, data)
    await what_a_revoked_key_signed_is_refused(guild, data)
    await a_leaked_key_does_not_open_what_is_anothers(data)
