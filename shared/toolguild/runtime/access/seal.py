"""Who really sent a message: a signature over its subject and its bytes, checked by whoever acts on it.

The rights on the bus are not enough for that. Whoever may make the server answer or send something, by the reply
subject of a request or the target of a schedule, can have bytes of his own arrive on a subject that he must not
publish to.
"""

import base64
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nats.aio.msg import Msg

from toolguild import key_file
from toolguild.agent import Service
from toolguild.errors import Forged as Forged
from toolguild.errors import PermanentError
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope
from toolguild.runtime.access.roster import OF_OPERATOR, OF_PEOPLE, OPERATOR, senders

SIGNER, KEY, SIGNATURE = "toolguild-signer", "toolguild-key", "toolguild-signature"
_UNSIGNED = frozenset(kind.kind_name() for kind in OF_PEOPLE)
_ORDERED = frozenset(kind.kind_name() for kind in OF_OPERATOR)
_OPERATOR = frozenset({OPERATOR})
_SOURCES = {"client": OPERATOR}  # who signs for a source that does not begin with the signer's name


class Seals:
    """Signs what the services of this process send, and checks what they receive.

    `services` are all that the guild has: each kind that one of them sends is taken from nobody else, except
    what people say too, which carries their own signature where that matters. What the command line orders is
    taken from the operator. Kinds that no service sends and nobody orders are not checked. Unsigned messages
    of before `since` are taken, and unsigned orders of before `ordered_since`.
    """

    def __init__(
        self,
        keys: KeyDirectory,
        own: Iterable[str],
        services: Iterable[Service],
        since: datetime,
        *,
        ordered_since: datetime | None = None,
    ) -> None:
        self._keys = keys
        self._own = frozenset(own)
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._services = {service.name: service for service in services}
        self._senders = senders(self._services.values())
        self._since = since
        self._ordered_since = since if ordered_since is None else ordered_since

    def stamp(self, envelope: Envelope, body: bytes) -> Mapping[str, str]:
        """Return the headers that say who sends this; none for what is not from a service of this process, nor
        an order of the operator's. A key is made on first use.

        Raises PermanentError for a kind that the service does not declare: nobody would take it.
        """
        signer, kind = _signer(envelope), str(envelope.body.kind)
        if signer not in self._own or (signer == OPERATOR and kind not in _ORDERED):
            return {}
        service = self._services.get(signer)
        if service and service.duties and signer not in self._senders.get(kind, ()):
            raise PermanentError(
                f"service {signer} sends {kind} without naming it in its `sends`: it may not"
            )
        if signer not in self._private:
            self._private[signer] = self._keys.private(signer)
        return sign(signer, self._private[signer], _signed(envelope.subject, body))

    def check(self, envelope: Envelope, msg: Msg) -> None:
        """Return if the message is from one who may send it. Raises Forged."""
        kind = str(envelope.body.kind)
        ordered = kind in _ORDERED
        allowed = self._senders.get(kind, frozenset()) | (_OPERATOR if ordered else frozenset())
        if not allowed:
            return
        headers = msg.headers or {}
        signer = headers.get(SIGNER, "")
        since = self._ordered_since if ordered and _signer(envelope) == OPERATOR else self._since
        if not signer and (kind in _UNSIGNED or msg.metadata.timestamp < since):
            return
        self._verify(envelope, msg, allowed, signer, headers)

    def _verify(
        self,
        envelope: Envelope,
        msg: Msg,
        allowed: Collection[str],
        signer: str,
        headers: Mapping[str, str],
    ) -> None:
        what = f"{envelope.body.kind} of {envelope.key[:80]}"
        if msg.subject != envelope.subject:
            raise Forged(f"{what} came as {msg.subject[:200]}")
        if signer not in allowed:
            named = f"by {signer[:80]}" if signer else "by nobody"
            raise Forged(f"{what} is signed {named}; only {', '.join(sorted(allowed))} may send it")
        if _signer(envelope) != signer:
            raise Forged(
                f"{what} is signed by {signer}, and said to be from {envelope.source[:80]}"
            )
        check_key(self._keys, headers, what)
        check_signature(headers, _signed(envelope.subject, msg.data), what)


def sign(signer: str, key: Ed25519PrivateKey, text: bytes) -> dict[str, str]:
    """Return the headers with a signer's signature over a text."""
    return {
        SIGNER: signer,
        KEY: key.public_key().public_bytes_raw().hex(),
        SIGNATURE: base64.b64encode(key.sign(text)).decode(),
    }


def check_key(keys: KeyDirectory, headers: Mapping[str, str], what: str) -> None:
    """Return if the key in the headers is one of their signer's, and good now. Raises Forged, naming `what`."""
    signer = headers.get(SIGNER, "")
    if headers.get(KEY, "") not in keys.good(signer):
        raise Forged(f"{what} is signed with a key that is not {signer[:80]}'s, or not any more")


def check_signature(headers: Mapping[str, str], text: bytes, what: str) -> None:
    """Return if the headers hold a signature over the text by the key that they name. Raises Forged."""
    try:
        signature = base64.b64decode(headers.get(SIGNATURE, ""), validate=True)
        _public(headers.get(KEY, "")).verify(signature, text)
    except (InvalidSignature, ValueError) as error:
        signer = headers.get(SIGNER, "")[:80]
        raise Forged(f"{what}: the signature of {signer} does not hold") from error


@lru_cache(maxsize=64)
def _public(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))


def _signer(envelope: Envelope) -> str:
    """Return who has to sign for the source that a message names."""
    first = envelope.source.partition("/")[0]
    return _SOURCES.get(first, first)


def _signed(subject: str, body: bytes) -> bytes:
    return b"toolguild message 1\n" + subject.encode() + b"\n" + body


def signed_since(keys: Path, what: str = "messages", *, noted: bool = True) -> datetime:
    """Return since when every message of this guild is signed, or every one of its "records".

    Older ones were written by an earlier version. It is `noted` at the first start. Where it cannot be noted,
    every one has to be signed. Who only looks it up before that learns that none has to be.
    """
    place = keys / f"{what}-signed-since"
    try:
        if not place.exists():
            if not noted:
                return datetime.max.replace(tzinfo=UTC)
            keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            key_file.replace(place, datetime.now(UTC).isoformat().encode())
        return datetime.fromisoformat(place.read_text())
    except (OSError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
