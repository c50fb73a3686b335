"""What only some people may read: sealed to each one's own key.

Every person who may see what was taken out of results has an X25519 key beside their signing key: the private
half readable by its owner only, the public half for everybody. A sealed text is encrypted once with a key of
its own (ChaCha20-Poly1305); that key is encrypted for each reader by an X25519 agreement with a key pair made
for this one text, and HKDF-SHA256. The names of the readers and what it is about are authenticated with it.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from toolguild import key_file
from toolguild.errors import Misconfigured, Refused

PERSON_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")  # as of those who sign
_NONCE = bytes(12)  # each key encrypts one text
_VERSION = "toolguild-sealed-1"


class SealKeys:
    """The sealing keys of people in one directory: `person-NAME.seal.key` is private, `.seal.pub` is not."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def readers(self) -> dict[str, str]:
        """Return the public keys of all people who have one, hexadecimal, by name."""
        found = {}
        for place in sorted(self._directory.glob("person-*.seal.pub")):
            try:
                key = place.read_text(encoding="ascii").strip()
                X25519PublicKey.from_public_bytes(bytes.fromhex(key))
            except (OSError, ValueError):
                continue
            found[place.name.removeprefix("person-").removesuffix(".seal.pub")] = key
        return found

    def prepare(self, person: str) -> None:
        """Make a person's key unless it is there, so that what is taken out from now on opens with it."""
        if PERSON_NAME.fullmatch(person):
            self.private(person)

    def private(self, person: str) -> X25519PrivateKey:
        """Return a person's own key, making it on first use. Raises Misconfigured when it cannot be used."""
        place = self._directory / f"person-{person}.seal.key"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not place.exists():
                key_file.create(place, X25519PrivateKey.generate().private_bytes_raw())
            key = X25519PrivateKey.from_private_bytes(place.read_bytes())
            public = place.with_suffix(".pub")
            if not public.exists():
                public.write_text(
                    key.public_key().public_bytes_raw().hex() + "\n", encoding="ascii"
                )
        except OSError as error:
            raise Misconfigured(
                f"{error.filename}: {error.strerror}: no sealing key for {person}"
            ) from error
        except ValueError as error:
            raise Misconfigured(
                f"{place} is not an X25519 private key; remove or restore it"
            ) from error
        return key


def seal(text: bytes, readers: Mapping[str, str], about: str) -> bytes:
    """Return the text encrypted for these people, by their public keys. `about` says what it belongs to."""
    own, pair = os.urandom(32), X25519PrivateKey.generate()
    public = pair.public_key().public_bytes_raw()
    wrapped = {}
    for name, key in readers.items():
        theirs = X25519PublicKey.from_public_bytes(bytes.fromhex(key))
        wrapping = _derived(pair.exchange(theirs), public, bytes.fromhex(key))
        wrapped[name] = ChaCha20Poly1305(wrapping).encrypt(_NONCE, own, _said(about, name)).hex()
    body = ChaCha20Poly1305(own).encrypt(_NONCE, text, _said(about, ""))
    whole = {
        "form": _VERSION,
        "about": about,
        "with": public.hex(),
        "keys": wrapped,
        "body": body.hex(),
    }
    return json.dumps(whole, sort_keys=True).encode()


def unseal(sealed: bytes, person: str, key: X25519PrivateKey, about: str) -> bytes:
    """Return what was sealed. Raises Refused when it is not for this person, or not what was sealed."""
    whole = _parsed(sealed)
    wrapped = whole["keys"].get(person)
    if wrapped is None:
        names = ", ".join(sorted(whole["keys"])) or "nobody"
        raise Refused(
            f"what was taken out of {about} is not sealed to {person}; those who can open it: {names}"
        )
    try:
        public = bytes.fromhex(whole["with"])
        mine = key.public_key().public_bytes_raw()
        wrapping = _derived(key.exchange(X25519PublicKey.from_public_bytes(public)), public, mine)
        own = ChaCha20Poly1305(wrapping).decrypt(
            _NONCE, bytes.fromhex(wrapped), _said(about, person)
        )
        return ChaCha20Poly1305(own).decrypt(_NONCE, bytes.fromhex(whole["body"]), _said(about, ""))
    except (InvalidTag, ValueError) as error:
        raise Refused(
            f"what was taken out of {about} does not open with the key of {person}: it was sealed to another "
            "key, or somebody changed it"
        ) from error


def _parsed(sealed: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(sealed)
        if whole["form"] == _VERSION and isinstance(whole["keys"], dict):
            return dict(whole)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Refused("this is nothing that Toolguild sealed")


def _derived(shared: bytes, public: bytes, theirs: bytes) -> bytes:
    info = _VERSION.encode() + public + theirs
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(shared)


def _said(about: str, name: str) -> bytes:
    return json.dumps([_VERSION, about, name]).encode()
