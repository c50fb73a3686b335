"""Keys for one test: a service signs with a fresh pair, and the ring knows all of them."""

from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from toolguild.canonical import Digest, canonical
from toolguild.errors import Refused
from toolguild.tool import Signature

Purpose = Literal["clearance", "report", "publication"]


class SampleKeys:
    """A `guild.Keyring` that also signs for any service, with a key made on first use."""

    def __init__(self) -> None:
        self._private: dict[str, Ed25519PrivateKey] = {}

    def sign(self, purpose: Purpose, over: Digest, *, by: str) -> Signature:
        """Return the signature of a service."""
        private = self._private.setdefault(by, Ed25519PrivateKey.generate())
        return Signature(
            purpose=purpose,
            by=by,
            over=over,
            key=private.public_key().public_bytes_raw().hex(),
            signature=private.sign(_signed_bytes(purpose, by, over)).hex(),
        )

    def signer(self, by: str) -> "SampleSigner":
        """Return a `guild.Signer` of one service."""
        return SampleSigner(self, by)

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        """Return if the signature is `by`'s, for this purpose, over this digest. Raises Refused otherwise."""
        known = self._private.get(by)
        if known is None or known.public_key().public_bytes_raw().hex() != signature.key:
            raise Refused(f"the key is not {by}'s")
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.key))
            public.verify(bytes.fromhex(signature.signature), _signed_bytes(purpose, by, over))
        except (InvalidSignature, ValueError) as error:
            raise Refused("the signature is wrong") from error


class SampleSigner:
    """Signs for one service with sample keys."""

    def __init__(self, keys: SampleKeys, by: str) -> None:
        self._keys = keys
        self._by = by

    def sign(self, purpose: Purpose, over: Digest) -> Signature:
        """Return this service's signature."""
        return self._keys.sign(purpose, over, by=self._by)


def _signed_bytes(purpose: str, by: str, over: Digest) -> bytes:
    return canonical({"purpose": purpose, "by": by, "over": over})
