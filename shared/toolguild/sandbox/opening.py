"""The one way to get a sandbox: choose a backend, start it, and prove its walls before anything runs."""

import os
import tempfile
from collections.abc import Callable

from toolguild.sandbox import libraries as known
from toolguild.sandbox.interface import Call, Code, Sandbox, SandboxBroken, SandboxUnavailable
from toolguild.sandbox.outer import ENVIRONMENT, MODES, Backend, Mode
from toolguild.sandbox.pool import Pool

BACKENDS = ("bubblewrap", "docker")

_PROBE = """
import os, socket
def probe(secret):
    found = []
    def closed(what, attempt):
        try:
            attempt()
        except OSError:
            return
        found.append(what)
    closed("it can open a network socket", lambda: socket.socket())
    closed("it reads a file of this machine", lambda: open(secret).read())
    closed("it can write outside its scratch", lambda: open("/usr/toolguild", "w"))
    def fork():
        if os.fork() == 0:
            os._exit(0)
    closed("it can start processes", fork)
    with open("/output/probe", "w") as file:
        file.write("seen")
    return {"found": found, "environment": dict(os.environ)}
"""


async def open_sandbox(
    backend: str | None = None,
    *,
    size: int = 2,
    libraries: tuple[str, ...] = known.DEFAULT,
    modes: tuple[Mode, ...] = MODES,
    image: str | None = None,
) -> Sandbox:
    """Return a started sandbox whose walls were tested: the named backend, or the first that works.

    `size` calls run at once. `libraries` are the top-level imports that Python tools may be given.
    Raises SandboxUnavailable, with every backend's reason, when none can isolate code here.
    """
    makers = _makers(libraries, image)
    if backend is not None and backend not in makers:
        raise SandboxUnavailable(
            f"there is no sandbox backend {backend!r}: use one of {', '.join(BACKENDS)}"
        )
    reasons = []
    for name in [backend] if backend is not None else BACKENDS:
        try:
            return await _open(makers[name](), size, modes)
        except SandboxUnavailable as error:
            reasons.append(f"{name}: {error}")
    if backend is not None:
        raise SandboxUnavailable(f"this sandbox does not work here. {reasons[0]}")
    raise SandboxUnavailable("no sandbox works here, so no tool can run. " + "; ".join(reasons))


def _makers(libraries: tuple[str, ...], image: str | None) -> dict[str, Callable[[], Backend]]:
    def bubblewrap() -> Backend:
        from toolguild.sandbox.bubblewrap import Bubblewrap

        return Bubblewrap(libraries)

    def docker() -> Backend:
        from toolguild.sandbox.container import Docker

        return Docker(libraries, image)

    return {"bubblewrap": bubblewrap, "docker": docker}


async def _open(backend: Backend, size: int, modes: tuple[Mode, ...]) -> Sandbox:
    pool = Pool(backend, size, modes)
    try:
        await _prove(pool)
    except BaseException:
        await pool.close()
        raise
    return pool


async def _prove(pool: Pool) -> None:
    """Start, and raise SandboxUnavailable unless a call is really cut off from this machine and answers."""
    with tempfile.NamedTemporaryFile("w", prefix="toolguild-probe-") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write("not for tools")
        file.flush()
        try:
            await pool.warm_up()
            ran = await pool.run(Call(Code("python", _PROBE, "probe"), {"secret": file.name}))
        except SandboxBroken as error:
            raise SandboxUnavailable(f"its self-test failed: {error}") from error
    if ran.outcome != "ok" or not isinstance(ran.value, dict):
        raise SandboxUnavailable(
            f"its self-test ended as {ran.outcome}: {ran.fault} {ran.printed[:500]}"
        )
    if ran.value["found"]:
        raise SandboxUnavailable(f"its walls do not hold: {', '.join(ran.value['found'])}")
    leaked = set(ran.value["environment"]) - set(ENVIRONMENT) - {"LC_CTYPE", "PWD", "HOSTNAME"}
    if leaked & set(os.environ):
        raise SandboxUnavailable(f"it sees our environment: {', '.join(sorted(leaked))}")
    if [(file.name, file.content) for file in ran.files] != [("probe", b"seen")]:
        raise SandboxUnavailable("it does not give back files written to /output")
