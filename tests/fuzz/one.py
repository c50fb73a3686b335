"""One target under atheris: `python -m tests.fuzz.one TARGET CORPUS [libFuzzer options]`."""

import sys
from types import ModuleType

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # only `make fuzz` installs it
from tests.fuzz.targets import TARGETS

_OURS = (
    "toolguild.static",
    "toolguild.sandbox.frames",
    "toolguild.sandbox.exchange",
    "toolguild.policy",
    "toolguild.messages",
    "toolguild.runtime.claim",
)


def instrument(module: ModuleType) -> None:
    """Count the branches of a module's functions, and of its classes' methods."""
    for thing in list(vars(module).values()):
        members = list(vars(thing).items()) if isinstance(thing, type) else []
        for name, member in members:
            if _is_of(module, member):
                setattr(thing, name, atheris.instrument_func(member))
        if _is_of(module, thing):
            atheris.instrument_func(thing)


def _is_of(module: ModuleType, thing: object) -> bool:
    return hasattr(thing, "__code__") and getattr(thing, "__module__", "") == module.__name__


for _name, _module in list(sys.modules.items()):
    if _name.startswith(_OURS):
        instrument(_module)
_target = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[_target])
atheris.Fuzz()
