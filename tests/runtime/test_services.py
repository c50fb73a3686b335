"""Services are found by entry point, wherever they were installed from."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolguild.errors import Misconfigured, UsageError
from toolguild.runtime.services import installed, load_service

MODULE = """
from contextlib import asynccontextmanager
from toolguild.agent import Service

@asynccontextmanager
async def open_it(guild):
    yield []

service = Service("translator", "Translates.", open_it)
nonsense = 5
"""


def install(site: Path, distribution: str, module: str, *entries: str) -> None:
    """Lay down a distribution as pip would."""
    info = site / f"{distribution}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[toolguild.services]\n" + "\n".join(entries) + "\n")
    (site / f"{module}.py").write_text(MODULE)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("translator_pkg", "other_pkg"):
        sys.modules.pop(name, None)


def test_a_service_of_another_distribution_is_found_and_loaded(site: Path) -> None:
    install(site, "outsider", "translator_pkg", "translator = translator_pkg:service")
    assert "translator" in installed()
    assert load_service("translator").description == "Translates."


def test_our_own_services_are_installed() -> None:
    assert {"auditor", "executor", "planner", "reviewer", "synthesizer"} <= set(installed())


def test_an_unknown_service_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="no service 'poet'; installed are auditor, "):
        load_service("poet")


@pytest.mark.parametrize("value", ["translator_pkg:missing", "no_such_module:service"])
def test_a_service_that_does_not_load_is_named(site: Path, value: str) -> None:
    install(site, "outsider", "translator_pkg", f"translator = {value}")
    with pytest.raises(Misconfigured, match=r"service translator \(.*\) does not load"):
        load_service("translator")


def test_something_else_than_a_service_is_refused(site: Path) -> None:
    install(site, "outsider", "translator_pkg", "translator = translator_pkg:nonsense")
    with pytest.raises(Misconfigured, match="is not a toolguild"):
        load_service("translator")


def test_two_services_of_one_name_are_refused(site: Path) -> None:
    install(site, "outsider", "translator_pkg", "translator = translator_pkg:service")
    install(site, "rival", "other_pkg", "translator = other_pkg:service")
    with pytest.raises(Misconfigured, match="two installed services are called translator"):
        installed()
