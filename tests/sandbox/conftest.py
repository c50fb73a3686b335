"""Sandboxes for the tests, shared by a module: a call never sees another, which is what is tested here."""

from collections.abc import AsyncIterator

import pytest_asyncio
from docker_engine import docker_image as docker_image  # a fixture

from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.opening import open_sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bubblewrap() -> AsyncIterator[Sandbox]:
    sandbox = await open_sandbox("bubblewrap")
    yield sandbox
    await sandbox.close()
