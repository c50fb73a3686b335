"""Which top-level imports a distribution here provides, told without a path for every installed file."""

import importlib.metadata

from toolguild.sandbox import libraries

NAMES = (
    *libraries.DEFAULT,
    "pydantic",
    "nats",
    "yaml",
    "aiohttp",
    "typing_extensions",
    "torch",
    "no_such_library",
)


def test_it_knows_of_an_import_what_the_standard_library_knows() -> None:
    known = importlib.metadata.packages_distributions()
    assert libraries.installed(NAMES) == tuple(name for name in NAMES if name in known)


def test_the_order_asked_for_is_kept() -> None:
    assert libraries.installed(("pydantic", "nothing", "nats")) == ("pydantic", "nats")


def test_the_parts_of_a_library_are_its_own_and_those_that_it_needs() -> None:
    found = libraries.parts(("pydantic",))
    assert {"pydantic", "pydantic_core", "typing_extensions.py"} <= found.keys()
    assert not {"nats", "toolguild", "bin"} & found.keys()
    assert all(place.exists() for place in found.values())
