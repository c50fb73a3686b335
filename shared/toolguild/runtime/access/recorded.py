"""Who really wrote a record in a bucket: a signature of the same make as that of a message.

It is over the bucket, the key, the revision that the record replaces, what was done to it, and its bytes. The
server compares the revision when it takes the record, so that an old one cannot be put in again.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.js.api import Header
from nats.js.kv import KV_OP

from toolguild.agent import Service
from toolguild.errors import Forged, PermanentError
from toolguild.identity import KeyDirectory
from toolguild.runtime.access.roster import writers
from toolguild.runtime.access.seal import KEY, SIGNATURE, SIGNER, check_key, check_signature, sign

REPLACES = str(Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value)
# Nothing else may be there: other headers of the server's have it compare another record, or remove some.
_HEADERS = frozenset({SIGNER, KEY, SIGNATURE, REPLACES, KV_OP})
_OWN_ONLY = frozenset({"journal"})  # what another service remembers is not what this one paid for
_REMEMBERED = 10_000  # records whose signature is known to hold


class RecordSeals:
    """Signs the records that this process writes, and checks those that it reads.

    `own` are the users that it is: its services, or the operator. `services` returns all that the guild has, and
    is called when the first record comes: one is taken from those of them, and those people, who have the right
    to write its bucket. A bucket that nobody may write as a whole is not checked. With `trusting`, a process that
    knows no key of any writer takes records as they are: a command line elsewhere.
    """

    def __init__(
        self,
        keys: KeyDirectory,
        own: Iterable[str],
        services: Callable[[], Sequence[Service]],
        since: datetime,
        *,
        trusting: bool = False,
    ) -> None:
        self._keys = keys
        self._own = tuple(own)
        self._services = services
        self._since = since
        self._trusting = trusting
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._known: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()

    @cached_property
    def _writers(self) -> Mapping[str, Collection[str]]:
        return writers(self._services())

    def covers(self, bucket: str) -> bool:
        """Say whether records of a bucket are signed."""
        return bucket in self._writers

    def stamp(
        self, bucket: str, key: str, body: bytes, headers: Mapping[str, str], at_work: str
    ) -> tuple[str, dict[str, str]]:
        """Return who signs a record, and the headers that say so.

        `headers` are those that it is written with, `at_work` the service of this process that writes it, "" where
        that is not known. Raises PermanentError when nobody here may write the bucket, or the record does not name
        the revision that it replaces.
        """
        what = _name(bucket, key)
        if REPLACES not in headers:
            raise PermanentError(f"{what} is written without the revision that it replaces")
        mine = self._mine(bucket, at_work)
        if not mine:
            raise PermanentError(
                f"{what} is not for {' or '.join(self._own)} to write: that is not declared"
            )
        signer = mine[0]
        if signer not in self._private:
            self._private[signer] = self._keys.private(signer)
        text = _signed(bucket, key, headers, body)
        return signer, sign(signer, self._private[signer], text)

    def wrote(self, bucket: str, key: str, revision: int, signed_with: str) -> None:
        """Remember a record that was written here: its signature need not be checked again."""
        self._known[bucket, key] = revision, signed_with
        self._known.move_to_end((bucket, key))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def check(
        self,
        bucket: str,
        key: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        revision: int,
        at: datetime,
        at_work: str,
    ) -> None:
        """Return if a record is from one who may write it. `headers` are None when they are not plain.

        `at` is when the server took it. Raises Forged.
        """
        try:
            self._check(bucket, key, body, headers, revision, at, at_work)
        except Forged as error:
            raise Forged(str(error), revision=revision) from error

    def _check(
        self,
        bucket: str,
        key: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        revision: int,
        at: datetime,
        at_work: str,
    ) -> None:
        what = f"{_name(bucket, key)}, revision {revision},"
        if headers is not None and SIGNER not in headers and at < self._since:
            return
        allowed = self._allowed(bucket, at_work)
        if self._trusting and not any(self._keys.good(name) for name in self._writers[bucket]):
            return
        if headers is None or (odd := sorted(set(headers) - _HEADERS)):
            told = "headers twice" if headers is None else odd[0][:80]
            raise Forged(f"{what} came with {told}: nothing of ours writes that")
        signer = headers.get(SIGNER, "")
        if signer not in allowed:
            named = f"by {signer[:80]}" if signer else "by nobody"
            may = ", ".join(sorted(allowed))
            raise Forged(f"{what} is signed {named}; only {may} may write it")
        if REPLACES not in headers:
            raise Forged(f"{what} was written whatever it replaced")
        check_key(self._keys, headers, what)
        if self._known.get((bucket, key)) != (revision, headers[KEY]):
            check_signature(headers, _signed(bucket, key, headers, body), what)
            self.wrote(bucket, key, revision, headers[KEY])

    def _allowed(self, bucket: str, at_work: str) -> Collection[str]:
        if bucket in _OWN_ONLY and (mine := self._mine(bucket, at_work)):
            return mine
        return self._writers[bucket]

    def _mine(self, bucket: str, at_work: str) -> Sequence[str]:
        """Return which of us may write a bucket: the one at work, where that is known."""
        mine = [name for name in self._own if name in self._writers[bucket]]
        return [at_work] if at_work in mine else mine


def _signed(bucket: str, key: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = ("toolguild record 1", bucket, key, headers[REPLACES], headers.get(KV_OP, "PUT"))
    return "\n".join(lines).encode() + b"\n" + body


def _name(bucket: str, key: str) -> str:
    return f"record {key[:80]} of bucket {bucket}"
