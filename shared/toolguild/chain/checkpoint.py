"""Whether a page carries the auditor's signature. Needs public keys and nothing else."""

from collections.abc import Collection, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from toolguild.chain.encoding import encode
from toolguild.chain.page import Page, is_hex

PURPOSE = "checkpoint"
AUDITOR = "auditor"
Keys = Mapping[str, Collection[str]]  # by name: every public key that was ever that signer's


def complaint(page: Page, keys: Keys) -> str:
    """Return what is wrong with a page's signature, or "" if it is the auditor's over exactly this header."""
    signature = page.signature
    known = keys.get(AUDITOR, ())
    if signature["purpose"] != PURPOSE or signature["by"] != AUDITOR:
        return (
            f"it is signed by {signature['by']!r} for {signature['purpose']!r}, not by the auditor"
        )
    if signature["key"] not in known:
        return "it is signed with a key that is not the auditor's"
    if not signs(signature):
        return "its signature does not verify"
    if signature["over"] != page.digest:
        return "its header is not the one that was signed"
    return ""


def signs(signature: Mapping[str, str]) -> bool:
    """Whether a signature is one of its own key over what it says that it is over."""
    key, signed = signature["key"], signature["signature"]
    if not is_hex(key, 64) or not is_hex(signed, 128):
        return False
    content = {"by": signature["by"], "over": signature["over"], "purpose": signature["purpose"]}
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signed), encode({**content, "v": 1}))
    except (InvalidSignature, ValueError):
        return False
    return True


def keys_of(document: Any) -> Keys:
    """Return the keys in a document {"v": 1, "keys": {NAME: [KEY, ...]}}. Raises ValueError when it is none."""
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, dict) or document.get("v") != 1:
        raise ValueError('it is no {"v": 1, "keys": {NAME: [KEY, ...]}}')
    for name, every in found.items():
        good = isinstance(every, list) and all(isinstance(k, str) and is_hex(k, 64) for k in every)
        if not good:
            raise ValueError(f"the keys of {name} are no lists of 64 hexadecimal digits")
    return {name: tuple(every) for name, every in found.items()}


def document_of(keys: Keys) -> dict[str, Any]:
    """Return the document that `keys_of` reads."""
    return {"v": 1, "keys": {name: sorted(every) for name, every in sorted(keys.items())}}
