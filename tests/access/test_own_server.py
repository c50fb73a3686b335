"""A NATS server that an operator runs: `nats config` configures it, `nats bootstrap` makes what services need."""

import asyncio
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ports import free_port

from toolguild.agent import Worker
from toolguild.errors import TemporaryError
from toolguild.messages.commands import TestDraft as OrderToTest
from toolguild.messages.events import WorkFailed
from toolguild.runtime.access.credentials import read_seed
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.tls import certificates
from toolguild.runtime.bus import connect
from toolguild.runtime.topology import ensure_consumer


def toolguild(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    ambient = {name: value for name, value in os.environ.items() if "TOOLGUILD" not in name}
    command = (sys.executable, "-m", "toolguild.cli", *arguments)
    return subprocess.run(
        command, env=ambient | more, capture_output=True, text=True, timeout=60, check=False
    )


async def test_an_operators_server_knows_everybody_and_services_bind_to_what_is_made(
    tmp_path: Path,
) -> None:
    tls, seeds = certificates(tmp_path / "tls"), tmp_path / "credentials"
    named = ("--certificate", str(tls.certificate), "--key", str(tls.key))
    made = await asyncio.to_thread(
        toolguild, "nats", "config", "--credentials", str(seeds), *named, "--store", str(tmp_path)
    )
    assert made.returncode == 0, made.stderr
    assert not any(place.read_text() in made.stdout for place in seeds.iterdir())
    port, http = free_port(), free_port()
    config = made.stdout.replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("8222", str(http))
    (tmp_path / "nats.conf").write_text(config)
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    server = await asyncio.create_subprocess_exec(
        program, "-c", str(tmp_path / "nats.conf"), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        url = f"tls://127.0.0.1:{port}"

        async def work(order: OrderToTest) -> WorkFailed:
            raise AssertionError

        tester = Worker("test", OrderToTest, work)
        executor = Login(read_seed(seeds / "executor.seed"), ca=tls.ca, binds=True)
        async with connect(url, login=executor) as bus:
            with pytest.raises(TemporaryError, match="toolguild nats bootstrap"):
                await ensure_consumer(bus.js, "executor", tester, binds=True)
            filled = await asyncio.to_thread(
                toolguild,
                *("nats", "bootstrap", "--json"),
                TOOLGUILD_NATS_URL=url,
                TOOLGUILD_NATS_CA=str(tls.ca),
                TOOLGUILD_NATS_SEED_FILE=str(seeds / "bootstrap.seed"),
            )
            assert filled.returncode == 0, filled.stderr
            assert "executor" in json.loads(filled.stdout)["services"]
            await ensure_consumer(bus.js, "executor", tester, binds=True)
            assert bus.line.refused == ""
    finally:
        server.terminate()
        await server.wait()


def test_printed_again_it_keeps_the_keys_and_a_cluster_shares_them(tmp_path: Path) -> None:
    def printed(*more: str) -> str:
        made = toolguild("nats", "config", "--credentials", str(tmp_path), *more)
        assert made.returncode == 0, made.stderr
        return made.stdout

    first = printed()
    cluster = printed("--name", "n-1", "--cluster", "guild", "--route", "nats-route://n-0:6222")
    assert 'cluster { name: "guild"' in cluster
    users = first[first.index("authorization") :]
    assert cluster[cluster.index("authorization") :] == users
    assert len(re.findall(r"nkey: U\w{55}", users)) == len(list(tmp_path.iterdir()))
