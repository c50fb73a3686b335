"""Who signs: one Ed25519 key per service, the private half readable by its owner only.

A key may be changed: what the old one signed stays good until that key is revoked.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from toolguild import key_file
from toolguild.canonical import Digest, canonical
from toolguild.errors import Misconfigured, Refused, UsageError
from toolguild.tool import Signature
from toolguild.tool.record import Purpose as Purpose

PERSON = "person:"  # before a person's name, where a service's could stand
_PERSON_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class Ed25519Signer:
    """Signs for one service."""

    def __init__(self, service: str, key: Ed25519PrivateKey) -> None:
        self._service = service
        self._key = key

    def sign(self, purpose: Purpose, over: Digest) -> Signature:
        """Return this service's signature over purpose, name and digest."""
        return Signature(
            purpose=purpose,
            by=self._service,
            over=over,
            key=self._key.public_key().public_bytes_raw().hex(),
            signature=self._key.sign(_signed(purpose, self._service, over)).hex(),
        )


class KeyDirectory:
    """The guild's keys in one directory: `<service>.key` is private, `<service>.pub` is for everybody.

    The public file has a line for each key that was ever in use, the newest first; `<service>.revoked` those of
    them that are good for nothing any more. A process that only verifies needs no private file.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}

    def person(self, name: str) -> Ed25519Signer:
        """Return the signer of a person, "person:NAME", making the key on first use.

        Raises UsageError for a name that cannot be one, Misconfigured as `signer` does.
        """
        if not _PERSON_NAME.fullmatch(name):
            raise UsageError(
                f"--user {name!r}: a person who decides has a name of letters, digits, dots, dashes and "
                "underscores, at most 64"
            )
        return self.signer(PERSON + name)

    def signer(self, service: str) -> Ed25519Signer:
        """Return the signer of a service, making its key on first use.

        Raises Misconfigured when the key cannot be read or written.
        """
        return Ed25519Signer(service, self.private(service))

    def private(self, service: str) -> Ed25519PrivateKey:
        """Return a service's private key, made on first use. Raises Misconfigured as `signer` does."""
        place = self._place(service, "key")
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not place.exists():
                key_file.create(place, Ed25519PrivateKey.generate().private_bytes_raw())
            key = Ed25519PrivateKey.from_private_bytes(place.read_bytes())
            public = self._place(service, "pub")
            if not public.exists():
                public.write_text(_public_of(key) + "\n")
        except OSError as error:
            raise Misconfigured(
                f"{error.filename}: {error.strerror}: no key for {service}"
            ) from error
        except ValueError as error:
            raise Misconfigured(
                f"{place} is not an Ed25519 private key; remove or restore it"
            ) from error
        return key

    def names(self) -> Sequence[str]:
        """Return whose public keys are here, sorted."""
        found = (place.stem for place in self._directory.glob("*.pub"))
        return sorted(name.replace("person-", PERSON, 1) for name in found)

    def keys(self, service: str) -> Sequence[tuple[str, bool]]:
        """Return all public keys of a service, newest first, each with whether it is still good."""
        revoked = _lines(self._place(service, "revoked"))
        return [(key, key not in revoked) for key in _lines(self._place(service, "pub"))]

    def rotate(self, service: str) -> str:
        """Give a service a new key and return its public half. What the old one signed stays good.

        A process that has read the old key goes on with it until it is started again. Raises Misconfigured.
        """
        self.private(service)  # there is one, and its public half is known
        fresh = Ed25519PrivateKey.generate()
        try:
            public = self._place(service, "pub")
            lines = (_public_of(fresh), *_lines(public))
            key_file.replace(public, "".join(f"{line}\n" for line in lines).encode(), 0o644)
            key_file.replace(self._place(service, "key"), fresh.private_bytes_raw(), 0o600)
        except OSError as error:
            raise Misconfigured(f"{error.filename}: {error.strerror}: no new key") from error
        return _public_of(fresh)

    def revoke(self, key: str) -> str:
        """Make a public key good for nothing, whatever it signed, and return whose it was.

        Raises UsageError for an unknown key, and for the one that its service signs with now.
        """
        for name in self.names():
            lines = _lines(self._place(name, "pub"))
            if key not in lines:
                continue
            if key == lines[0]:
                raise UsageError(
                    f"{key[:16]}... is what {name} signs with now; `toolguild keys rotate {name}` gives it "
                    "a new one first"
                )
            gone = dict.fromkeys((*_lines(self._place(name, "revoked")), key))
            key_file.replace(
                self._place(name, "revoked"), "".join(f"{one}\n" for one in gone).encode(), 0o644
            )
            return name
        raise UsageError(
            f"no key {key[:16]}... is known; `toolguild keys list` shows those that are"
        )

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        """Return if the signature is `by`'s, for this purpose, over this digest. Raises Refused otherwise."""
        if (signature.purpose, signature.by, signature.over) != (purpose, by, over):
            raise Refused(
                f"a signature of {signature.by} for {signature.purpose} over {signature.over[:12]} "
                f"is not {by}'s for {purpose} over {over[:12]}"
            )
        if signature.key not in self.good(by):
            raise Refused(
                f"the {purpose} of {over[:12]} is signed with a key that is not {by}'s, or not any more"
            )
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.key))
            key.verify(bytes.fromhex(signature.signature), _signed(purpose, by, over))
        except (InvalidSignature, ValueError) as error:
            raise Refused(f"{by}'s {purpose} of {over[:12]} does not verify") from error

    def good(self, service: str) -> frozenset[str]:
        """Return the public keys that a service's signatures may be made with, as the files say now."""
        if "/" in service or service.startswith("."):
            return frozenset()
        stamps = _stamp(self._place(service, "pub")), _stamp(self._place(service, "revoked"))
        known = self._known.get(service)
        if known is None or known[0] != stamps:
            good = frozenset(key for key, good in self.keys(service) if good)
            known = self._known[service] = stamps, good
        return known[1]

    def _place(self, service: str, suffix: str) -> Path:
        return self._directory / f"{_file_name(service)}.{suffix}"


def _public_of(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _lines(place: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in place.read_text().splitlines() if line.strip())
    except (OSError, ValueError):
        return ()


def _stamp(place: Path) -> int:
    """Return what changes when a file does; 0 when there is none."""
    try:
        found = place.stat()
    except OSError:
        return 0
    return hash((found.st_mtime_ns, found.st_ino, found.st_size))


def _file_name(signer: str) -> str:
    return signer.replace(PERSON, "person-", 1) if signer.startswith(PERSON) else signer


def _signed(purpose: str, by: str, over: str) -> bytes:
    return canonical({"by": by, "over": over, "purpose": purpose, "v": 1})
