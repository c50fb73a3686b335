"""A whole guild for each test of the flow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from docker_engine import docker_image as docker_image  # a fixture
from hall import Hall, open_hall


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path) as hall:
        yield hall
