"""Processes of a guild are started with what they need, and no more."""

import asyncio
import os
from pathlib import Path

import pytest

from toolguild.cli.seat import Seat, start


@pytest.mark.parametrize(("service", "told"), [("executor", True), ("planner", False)])
async def test_only_an_executor_is_started_with_the_values_of_credentials(
    service: str, told: bool, tmp_path: Path
) -> None:
    environment = {**os.environ, "TOOLGUILD_CREDENTIAL_WEATHER": "tgsecret0123456789"}
    process = await start(Seat(service, service, 1), 1, tmp_path / "log", environment)
    try:
        given = await asyncio.to_thread(Path(f"/proc/{process.pid}/environ").read_bytes)
    finally:
        process.kill()
        await process.wait()
    assert b"TOOLGUILD_HTTP_PORT" in given
    assert (b"tgsecret0123456789" in given) is told
