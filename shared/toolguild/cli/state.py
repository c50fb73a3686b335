"""What `toolguild up` leaves in the data directory, so that other commands find the guild that runs."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from toolguild.errors import UsageError
from toolguild.settings import Settings

STATE, LOCK = "guild.json", "guild.lock"


@dataclass(frozen=True)
class Member:
    """One process of a running guild."""

    name: str  # "executor-2"
    service: str
    pid: int
    health: str  # where it answers /readyz
    restarts: int = 0


@dataclass(frozen=True)
class State:
    """A guild that runs."""

    pid: int  # of the process that watches over the others
    started_at: str
    ready: bool
    members: tuple[Member, ...]


def read_state(settings: Settings) -> State | None:
    """Return the guild that `toolguild up` runs over this data, or None if none does."""
    if not is_held(settings):
        return None
    try:
        value = json.loads((settings.data_dir / STATE).read_text())
        members = tuple(Member(**member) for member in value.pop("members"))
        return State(members=members, **value)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # it is just starting


def is_held(settings: Settings) -> bool:
    """Whether the process of a guild that stays is there, ready or not."""
    return _is_locked(settings.data_dir / LOCK)


def write_state(settings: Settings, state: State) -> None:
    """Replace the state at once and whole."""
    place = settings.data_dir / STATE
    part = place.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(asdict(state), indent=1))
    part.chmod(0o600)
    part.replace(place)


def standing_url(settings: Settings) -> str | None:
    """Return where the NATS server of the guild that `toolguild up` runs is, with the operator's seed."""
    if read_state(settings) is None:
        return None
    # Not before there is a guild: `up` starts one, and its processes need the time that this takes.
    from toolguild.runtime.access.credentials import Credentials, read_seed
    from toolguild.runtime.access.roster import OPERATOR
    from toolguild.runtime.server import running

    url = running(settings.data_dir / "nats")
    operator = Credentials(settings.credentials).place(OPERATOR)
    if url is None or not operator.exists():
        return url
    return f"nats://{read_seed(operator)}@{url.rpartition('@')[2]}"


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Be the only guild that stays over this data. Raises UsageError if there is one."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(settings.data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"a guild runs already with its data in {settings.data_dir}; `toolguild status` "
                "shows it, `toolguild down` ends it"
            ) from None
        (settings.data_dir / STATE).unlink(missing_ok=True)
        yield
        (settings.data_dir / STATE).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_locked(place: Path) -> bool:
    try:
        descriptor = os.open(place, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
