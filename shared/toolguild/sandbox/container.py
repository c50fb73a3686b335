"""The docker backend: hardened containers on a local Docker engine."""

import asyncio
import contextlib
import importlib.metadata
import json
import os
import shutil
import socket
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolguild.sandbox import libraries, outer
from toolguild.sandbox.inside import seccomp
from toolguild.sandbox.interface import SandboxBroken, SandboxUnavailable
from toolguild.sandbox.outer import Mode, Outer, Template

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_NOBODY = "65534:65534"
_BOOT_SECONDS = 30.0
_SCRATCH = "rw,size=64m,nr_inodes=4096,noexec,nosuid,nodev,mode=1777"
_PREFIX = "toolguild-container"
_SLOW = f"the container did not answer in {_BOOT_SECONDS:g} seconds of starting"
_ENDED = "the container ended before its fork server answered: does the image have python3?"
LABEL = "toolguild.sandbox"


def default_image() -> str:
    """Return the name of the image that goes with this version."""
    return f"toolguild-sandbox:{importlib.metadata.version('toolguild')}"


def hardened(memory_mb: int, *, network: bool = False) -> dict[str, Any]:
    """Return the options that every container of ours has, whatever runs in it."""
    return {
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": [
            "no-new-privileges",
            f"seccomp={json.dumps(seccomp.outer_profile(network=network))}",
        ],
        "ipc_mode": "none",
        "user": _NOBODY,
        "pids_limit": 256,
        "mem_limit": f"{memory_mb}m",
        "memswap_limit": f"{memory_mb}m",
        "nano_cpus": 1_000_000_000,
        "ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": 256, "Hard": 256},
        ],
        "log_config": {"Type": "none"},
        "hostname": "sandbox",
        "working_dir": "/tmp",
        "tmpfs": {"/tmp": _SCRATCH, "/output": _SCRATCH},
        "environment": outer.ENVIRONMENT,
        "auto_remove": True,
        "detach": True,
    }


class Docker:
    """Starts fork servers in containers that talk over a socket in a bind-mounted folder."""

    name = "docker"

    def __init__(
        self, wanted: tuple[str, ...] = libraries.DEFAULT, image: str | None = None
    ) -> None:
        """Connect to the engine and look for the image. Raises SandboxUnavailable."""
        if not seccomp.supported():
            raise SandboxUnavailable("our system call filters know x86_64 only")
        self.libraries = tuple(name for name in wanted if name in libraries.DEFAULT)
        self._image = image or default_image()
        self._client = _connect()
        try:
            self._runtime = _inspect(self._client, self._image)
            _sweep(self._client)
            self._home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-"))
        except BaseException:
            self._client.close()
            raise
        self._home.chmod(0o700)

    async def boot(self, template: Template, mode: Mode) -> Outer:
        """Start one container and wait for its fork server. Raises ModeRefused or SandboxUnavailable."""
        private = self._home / uuid.uuid4().hex[:12]
        (private / "data").mkdir(parents=True)
        (private / "run").mkdir()
        for folder in (private / "data", private / "run"):
            folder.chmod(0o755)  # its parent is closed to everybody else on this machine
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(private / "run/control"))
        (private / "run/control").chmod(0o666)
        listener.listen(1)
        listener.setblocking(False)
        container = None
        try:
            starting = asyncio.ensure_future(
                asyncio.to_thread(self._start, template, mode, private)
            )
            try:
                container = await asyncio.shield(starting)
            except asyncio.CancelledError:
                container = await starting  # the engine goes on: wait, to remove what it made
                raise
            control = await _accept(listener, container)
        except BaseException:
            if container is not None:
                await asyncio.to_thread(_remove, container)
            shutil.rmtree(private, ignore_errors=True)
            raise
        finally:
            listener.close()
        (private / "run/control").unlink()  # one connection, then the name is gone
        started = container

        async def end() -> None:
            control.close()
            await asyncio.to_thread(_remove, started)
            shutil.rmtree(private, ignore_errors=True)

        try:
            await _hello(control)
        except BaseException:
            await end()
            raise
        root_pid = await asyncio.to_thread(_local_pid, started)

        async def still(frozen: bool) -> None:
            await asyncio.to_thread(started.pause if frozen else started.unpause)

        sighted = self._runtime is None  # gVisor keeps files and processes of its own
        return Outer(control, private / "data", end, root_pid, still=still, sighted=sighted)

    async def close(self) -> None:
        """Remove what all containers share."""
        shutil.rmtree(self._home, ignore_errors=True)
        self._client.close()

    def _start(self, template: Template, mode: Mode, private: Path) -> "Container":
        config = {
            "mode": mode,
            "control": "/run/tg/control",
            "preload": template.preload,
            "prefix": "/usr",
            "site": "/opt/site" if template.preload else None,
            "node": ["/usr/bin/node", *outer.NODE_ARGUMENTS]
            if template.language == "javascript"
            else None,
            "network": template.network,
        }
        options = hardened(template.memory_mb, network=template.network)
        options["environment"] = outer.environment(template)
        if self._runtime is not None and template.network:
            raise SandboxUnavailable(
                "gVisor does not hand a socket out of its sandbox: a tool with hosts needs bubblewrap, "
                "or a Docker engine without runsc"
            )
        if self._runtime is not None:
            options["runtime"] = self._runtime
        shown = {
            str(private / "run"): {"bind": "/run/tg", "mode": "ro"},
            str(private / "data"): {"bind": "/data", "mode": "ro"},
            str(outer.INSIDE): {"bind": "/opt/guild/inside", "mode": "ro"},
        }
        if template.network and outer.CERTIFICATES is not None:
            where = {"bind": outer.CERTIFICATES_INSIDE, "mode": "ro"}
            shown[str(outer.CERTIFICATES)] = where
        container: Container = self._client.containers.run(
            self._image,
            ["python3", "-I", "-S", "-B", "-u", "-c", outer.BOOTSTRAP, json.dumps(config)],
            labels={LABEL: str(os.getpid())},
            volumes=shown,
            **options,
        )
        return container


def _connect() -> "DockerClient":
    try:
        import docker
    except ImportError:
        raise SandboxUnavailable(
            "the docker SDK is missing: `pip install 'toolguild[docker]'`"
        ) from None
    try:
        client = docker.from_env(timeout=20)
    except docker.errors.DockerException as error:
        raise SandboxUnavailable(f"no Docker engine answers: start Docker ({error})") from error
    return client


def _inspect(client: "DockerClient", image: str) -> str | None:
    """Check the image, and return gVisor's runtime where the engine has it."""
    import docker

    try:
        client.images.get(image)
        runtimes = client.info().get("Runtimes", {})
    except docker.errors.ImageNotFound:
        how = f"docker build -t {image} deploy/sandbox"
        raise SandboxUnavailable(f"there is no image {image}: build it with `{how}`") from None
    except (docker.errors.DockerException, OSError) as error:
        raise SandboxUnavailable(f"the Docker engine does not answer: {error}") from error
    return "runsc" if "runsc" in runtimes else None


async def _accept(listener: socket.socket, container: "Container") -> socket.socket:
    """Wait for the fork server to connect, but not longer than its container lives."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _BOOT_SECONDS
    while loop.time() < until:
        try:
            async with asyncio.timeout(0.5):
                control, _ = await loop.sock_accept(listener)
                control.setblocking(False)
                return control
        except TimeoutError:
            if not await asyncio.to_thread(_lives, container):
                raise SandboxUnavailable(_ENDED) from None
    raise SandboxBroken(_SLOW)


async def _hello(control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_BOOT_SECONDS):
            outer.check_hello(await loop.sock_recv(control, 65536))
    except TimeoutError as error:
        raise SandboxBroken(_SLOW) from error
    except OSError as error:
        raise SandboxUnavailable(f"the fork server did not start: {error}") from error


def _lives(container: "Container") -> bool:
    import docker

    try:
        container.reload()
    except docker.errors.NotFound:
        return False
    return container.status in ("created", "running")


def _local_pid(container: "Container") -> int | None:
    """Return the container's first process where it is a process of this very machine."""
    import docker

    try:
        container.reload()
    except docker.errors.NotFound:
        return None
    pid = int(container.attrs["State"]["Pid"])
    groups = Path(f"/proc/{pid}/cgroup")
    try:
        return pid if str(container.id) in groups.read_text() else None
    except OSError:
        return None


def _remove(container: "Container") -> None:
    """Kill and remove. Only removing the container ends what runs in it, not closing a client."""
    import docker

    with contextlib.suppress(docker.errors.NotFound):
        try:
            container.remove(force=True)
        except docker.errors.APIError as error:
            if "already in progress" not in str(error):
                raise


def _sweep(client: "DockerClient") -> None:
    """Remove containers and folders of supervisors that are gone."""
    for container in client.containers.list(filters={"label": LABEL}):
        owner = container.labels[LABEL]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            _remove(container)
    outer.sweep_folders(_PREFIX)
