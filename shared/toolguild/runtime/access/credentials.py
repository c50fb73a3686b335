"""The users' nkeys on disk: one private seed a user, readable by its owner only."""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import nkeys  # type: ignore[import-untyped]  # it has no types

from toolguild import key_file
from toolguild.errors import Misconfigured

_SEED, _NEXT = ".seed", ".next"


class Credentials:
    """The seeds of users in one directory: `<user>.seed`, and `<user>.next` while a key is being changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def place(self, user: str) -> Path:
        """Return where a user's seed is."""
        return self._directory / f"{user}{_SEED}"

    def make(self, users: Iterable[str]) -> None:
        """Make the seeds that are not there yet. Raises Misconfigured when they cannot be written."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            for user in users:
                if not self.place(user).exists():
                    key_file.replace(self.place(user), new_seed().encode())
        except OSError as error:
            raise Misconfigured(f"{error.filename}: {error.strerror}: no credentials") from error

    def public(self, user: str) -> tuple[str, ...]:
        """Return the public keys that a user may come with now: one, or two while it is being changed."""
        found = []
        for suffix in (_SEED, _NEXT):
            place = self._directory / f"{user}{suffix}"
            if place.exists():
                found.append(public_of(read_seed(place)))
        return tuple(found)

    def users(self) -> Sequence[str]:
        """Return who has a seed here, sorted."""
        return sorted(place.stem for place in self._directory.glob(f"*{_SEED}"))

    def prepare(self, user: str) -> None:
        """Make a user's next seed; from now on both are good for `public`."""
        key_file.replace(self._directory / f"{user}{_NEXT}", new_seed().encode())

    def next(self, user: str) -> str:
        """Return the seed that a user is to come with from now on."""
        return read_seed(self._directory / f"{user}{_NEXT}")

    def turn(self, user: str) -> None:
        """Make the next seed the one that the user comes with; the old one stays good until `finish`."""
        current, fresh = self.place(user), self._directory / f"{user}{_NEXT}"
        old, new = current.read_text(), fresh.read_text()
        key_file.replace(current, new.encode())
        key_file.replace(fresh, old.encode())

    def finish(self, user: str) -> None:
        """Forget the seed that is not the user's any more."""
        (self._directory / f"{user}{_NEXT}").unlink(missing_ok=True)


def new_seed() -> str:
    """Return a new user's seed."""
    return str(nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER).decode())


def read_seed(place: Path) -> str:
    """Return the seed in a file. Raises Misconfigured when there is none."""
    try:
        seed = place.read_text().strip()
        public_of(seed)
    except OSError as error:
        raise Misconfigured(f"{place}: {error.strerror}: no nkey seed of NATS") from error
    except Misconfigured as error:
        raise Misconfigured(f"{place}: {error}") from error
    return seed


def public_of(seed: str) -> str:
    """Return the public key that belongs to a seed. Raises Misconfigured for what is no user's seed."""
    try:
        if not seed.startswith("SU"):
            raise nkeys.ErrInvalidSeed
        return str(nkeys.from_seed(bytearray(seed.encode())).public_key.decode())
    except (nkeys.NkeysError, ValueError) as error:
        raise Misconfigured("is not an nkey seed of a NATS user") from error
