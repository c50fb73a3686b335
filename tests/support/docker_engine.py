"""The sandbox image for tests that are about Docker, on a machine that can pull none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from toolguild.sandbox.container import default_image

_STANDIN = Path(__file__).parent / "standin_image.sh"


@pytest.fixture(scope="session")
def docker_image() -> str:
    """The image of this version, built here where none can be pulled. No engine is a failure in CI."""
    problem = _missing()
    if problem is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has to run the docker tests: {problem}")
        pytest.skip(problem)
    image = default_image()
    subprocess.run([str(_STANDIN), image], check=True, timeout=600, stdout=subprocess.DEVNULL)
    return image


def _missing() -> str | None:
    if shutil.which("docker") is None:
        return "there is no docker"
    answer = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=100)
    return None if answer.returncode == 0 else "no Docker engine answers"
