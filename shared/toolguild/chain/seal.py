"""Whether a recorded message was sent by the one it names: its sender signs its subject and its bytes."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from toolguild.chain.checkpoint import Keys
from toolguild.chain.page import is_hex

_PREFIX = b"toolguild message 1\n"


def forged(entry: dict[str, Any], body: bytes, keys: Keys) -> str:
    """Return why a recorded message is not from the service that it says has signed it, or "".

    "" also stands for what nobody signed, and for signers of whom no key is known.
    """
    headers = entry.get("headers", {})
    signer, key = headers.get("toolguild-signer", ""), headers.get("toolguild-key", "")
    if not signer or signer not in keys:
        return ""
    if key not in keys[signer] or not is_hex(key, 64):
        return f"it is signed as {signer}, with a key that is not {signer}'s"
    moved = headers.get("Nats-Subject") or headers.get("Nats-Schedule-Target")
    subject = str(moved or entry.get("subject", ""))
    try:
        signature = base64.b64decode(headers.get("toolguild-signature", ""), validate=True)
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(signature, _PREFIX + subject.encode() + b"\n" + body)
    except (InvalidSignature, ValueError, binascii.Error):
        return f"it is signed as {signer}, and the signature does not hold"
    return ""
