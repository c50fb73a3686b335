"""Keys for one test: a service signs with a fresh key, and the ring knows all of them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toolguild.canonical import Digest
from toolguild.errors import Refused
from toolguild.identity import Ed25519Signer, Purpose
from toolguild.tool import Signature


class SampleKeys:
    """A `guild.Keyring` that also signs for any service, with a key made on first use."""

    def __init__(self) -> None:
        self._signers: dict[str, Ed25519Signer] = {}

    def signer(self, by: str) -> Ed25519Signer:
        """Return the `guild.Signer` of a service."""
        return self._signers.setdefault(by, Ed25519Signer(by, Ed25519PrivateKey.generate()))

    def sign(self, purpose: Purpose, over: Digest, *, by: str) -> Signature:
        """Return the signature of a service."""
        return self.signer(by).sign(purpose, over)

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        """Return if the signature is `by`'s, for this purpose, over this digest. Raises Refused otherwise."""
        genuine = (
            by in self._signers
            and (signature.purpose, signature.by, signature.over) == (purpose, by, over)
            and signature
            == self._signers[by].sign(signature.purpose, over)  # Ed25519 is deterministic
        )
        if not genuine:
            raise Refused(f"this is not {by}'s {purpose} over {over[:12]}")
