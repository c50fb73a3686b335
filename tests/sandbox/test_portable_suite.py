"""Every backend passes the whole portable suite on this machine."""

import pytest

from toolguild.sandbox import checks, conformance, escapes
from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.opening import open_sandbox

_CASES = [*conformance.checks(), *escapes.checks()]
_BY_NAME = {case.name: case for case in _CASES}
# A tmpfs without an inode limit is all that bubblewrap has outside the strictest mode.
_STRICTEST_ONLY = {"every inode"}
_OF_THE_MODE = {
    "files and devices", "other processes", "daemons", "privileges", "files left behind", "the next call",
    "the fork server", "a granted host",
}  # fmt: skip

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_names_of_checks_are_unique() -> None:
    assert len(_BY_NAME) == len(_CASES)


@pytest.mark.parametrize("name", _BY_NAME)
async def test_bubblewrap_passes(name: str, bubblewrap: Sandbox) -> None:
    result = await checks.run(bubblewrap, _BY_NAME[name])
    assert result.passed, result.detail


@pytest.mark.timeout(600)  # a check is a second or two on a machine with much else to do
@pytest.mark.parametrize("mode", ["landlock", "single"])
async def test_bubblewrap_passes_in_a_weaker_mode(mode: str) -> None:
    sandbox = await open_sandbox("bubblewrap", modes=(mode,))  # type: ignore[arg-type]  # a literal above
    try:
        names = [c.name for c in _CASES if c.name not in _STRICTEST_ONLY and _worth_it(mode, c)]
        failed = [r for r in await checks.check(sandbox, names) if not r.passed]
    finally:
        await sandbox.close()
    assert failed == []


@pytest.mark.docker
@pytest.mark.timeout(600)
async def test_docker_passes(docker_image: str) -> None:
    sandbox = await open_sandbox("docker", image=docker_image)
    try:
        failed = [r for r in await checks.check(sandbox) if not r.passed]
        assert "namespace" in sandbox.isolation
    finally:
        await sandbox.close()
    assert failed == []


@pytest.mark.docker
async def test_docker_passes_without_namespaces(docker_image: str) -> None:
    sandbox = await open_sandbox("docker", image=docker_image, modes=("landlock",))
    try:
        names = [
            case.name for case in _CASES if case.family in ("the next call", "the fork server")
        ]
        failed = [r for r in await checks.check(sandbox, names) if not r.passed]
    finally:
        await sandbox.close()
    assert failed == []


async def test_a_check_can_fail(bubblewrap: Sandbox) -> None:
    case = checks.Check(
        "x", "conformance", (checks.python("def run():\n    return 1"),), checks.returns(2)
    )
    result = await checks.run(bubblewrap, case)
    assert not result.passed
    assert "value 1" in result.detail


def _worth_it(mode: str, case: checks.Check) -> bool:
    """What the mode makes no difference to was tried already: of that, one in five has to do.

    Where each call starts a sandbox of its own no two meet the same fork server, and one in ten of everything
    has to do.
    """
    if mode == "single":
        return case.family != "the fork server" and _CASES.index(case) % 10 == 0
    return case.family in _OF_THE_MODE or _CASES.index(case) % 5 == 0
