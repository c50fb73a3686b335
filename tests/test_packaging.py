"""hatch ignores a package path that matches nothing, without a word. So we check."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())


def test_every_service_is_in_the_wheel_and_has_its_entry_point() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    found = PROJECT["project"]["entry-points"]["toolguild.services"]

    assert listed == ["shared/toolguild", *(f"services/{n}/toolguild_{n}" for n in SERVICES)]
    assert found == {name: f"toolguild_{name}:service" for name in sorted(SERVICES)}


def test_no_lock_names_a_host_and_the_trojaned_releases_are_excluded() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index-url" not in text
        assert "litellm==1.82.7" not in text
        assert "litellm==1.82.8" not in text
    models = PROJECT["project"]["optional-dependencies"]["models"]
    assert any("!=1.82.7,!=1.82.8" in one for one in models)
