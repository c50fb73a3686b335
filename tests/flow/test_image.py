"""A service as its image: built from deploy/Dockerfile, not root, without model libraries, at work."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from docker_engine import docker_image as docker_image  # a fixture; brings the stand-in base along
from hall import OURS, open_hall

from toolguild.identity import KeyDirectory

ROOT = Path(__file__).parents[2]
IMAGE = "toolguild-auditor:test"


@pytest.fixture(scope="module")
def auditor_image(docker_image: str) -> str:
    recipe = ["-f", "deploy/Dockerfile", "--build-arg", "SERVICE=auditor", "-t", IMAGE]
    base = ["--network", "host", "--build-arg", "BASE=toolguild-standin-base:1"]
    subprocess.run(
        ["docker", "build", "--quiet", *base, *recipe, "."], cwd=ROOT, check=True, timeout=300
    )
    return IMAGE


@pytest.mark.docker
@pytest.mark.timeout(400)
async def test_an_auditor_in_a_container_releases_results(
    tmp_path: Path, auditor_image: str
) -> None:
    others = [name for name in OURS if name != "auditor"]
    async with open_hall(tmp_path, services=others) as hall:
        url = f"TOOLGUILD_NATS_URL={hall.settings.nats_url}"
        secret = keys_of("auditor", hall.settings.keys, tmp_path / "secret")
        started = await asyncio.create_subprocess_exec(
            *("docker", "run", "--rm", "-d", "--network", "host", "--read-only"),
            *("--tmpfs", "/var/lib/toolguild:uid=65532", "-e", url, "-e", "TOOLGUILD_HTTP_PORT=0"),
            *("-v", f"{secret}:/keys:ro", "-e", "TOOLGUILD_KEYS_DIR=/keys"),
            auditor_image,
            stdout=subprocess.PIPE,
        )
        container = (await started.communicate())[0].decode().strip()
        try:
            result, _ = await hall.run("Slug of the title")
            who = await _inside(container, "id", "-u")
            models = await _inside(container, "python3", "-c", "import litellm")
        finally:
            stop = await asyncio.create_subprocess_exec("docker", "stop", "-t", "5", container)
            await asyncio.wait_for(stop.wait(), 30)

    assert result.status == "succeeded", result.reason
    assert who == "65532"
    assert "ModuleNotFoundError" in models


def keys_of(service: str, keys: Path, secret: Path) -> Path:
    """Lay out what a service's container gets: its own private key, and everybody's public ones."""
    KeyDirectory(keys).signer(service)
    secret.mkdir()
    for place in (*keys.glob("*.pub"), keys / f"{service}.key", *keys.glob("messages-*")):
        copy = secret / place.name
        shutil.copy(place, copy)
        copy.chmod(0o644)  # readable by the user of the container, as a mounted secret is
    return secret


async def _inside(container: str, *command: str) -> str:
    ran = await asyncio.create_subprocess_exec(
        "docker", "exec", container, *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return (await asyncio.wait_for(ran.communicate(), 30))[0].decode().strip()
