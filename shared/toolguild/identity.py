"""Who signs: one Ed25519 key per service, the private half readable by its owner only."""

import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

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
    """The guild's keys in one directory: `<service>.key` is private, `<service>.pub` is for everybody."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, str] = {}

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
        place = self._directory / f"{_file_name(service)}.key"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not place.exists():
                _write_new(place, Ed25519PrivateKey.generate().private_bytes_raw())
            key = Ed25519PrivateKey.from_private_bytes(place.read_bytes())
            public = self._directory / f"{_file_name(service)}.pub"
            if not public.exists():
                public.write_text(key.public_key().public_bytes_raw().hex() + "\n")
        except OSError as error:
            raise Misconfigured(
                f"{error.filename}: {error.strerror}: no key for {service}"
            ) from error
        except ValueError as error:
            raise Misconfigured(
                f"{place} is not an Ed25519 private key; remove or restore it"
            ) from error
        return Ed25519Signer(service, key)

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        """Return if the signature is `by`'s, for this purpose, over this digest. Raises Refused otherwise."""
        if (signature.purpose, signature.by, signature.over) != (purpose, by, over):
            raise Refused(
                f"a signature of {signature.by} for {signature.purpose} over {signature.over[:12]} "
                f"is not {by}'s for {purpose} over {over[:12]}"
            )
        public = self._public(by)
        if public is None or signature.key != public:
            raise Refused(f"the {purpose} of {over[:12]} is signed with a key that is not {by}'s")
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
            key.verify(bytes.fromhex(signature.signature), _signed(purpose, by, over))
        except (InvalidSignature, ValueError) as error:
            raise Refused(f"{by}'s {purpose} of {over[:12]} does not verify") from error

    def _public(self, service: str) -> str | None:
        if service not in self._known:
            if "/" in service or service.startswith("."):
                return None
            try:
                place = self._directory / f"{_file_name(service)}.pub"
                self._known[service] = place.read_text().strip()
            except OSError:
                return None
        return self._known[service]


def _file_name(signer: str) -> str:
    return signer.replace(PERSON, "person-", 1) if signer.startswith(PERSON) else signer


def _signed(purpose: str, by: str, over: str) -> bytes:
    return canonical({"by": by, "over": over, "purpose": purpose, "v": 1})


def _write_new(place: Path, content: bytes) -> None:
    """Write a private file in one step, unless another process has just written it."""
    part = place.with_name(f".{place.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(part, place)  # fails when the name is there: the first key stays
    except FileExistsError:
        pass
    finally:
        part.unlink()
