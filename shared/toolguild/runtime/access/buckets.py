"""Streams with buckets whose records are signed when they are written, and checked when they are read.

It stands below nats-py's buckets, so that no reader and no writer can do without.
"""

import base64
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import PubAck, RawStreamMsg
from nats.js.kv import KV_OP

from toolguild import telemetry
from toolguild.errors import Forged
from toolguild.runtime.access.headers import AMBIGUOUS, plain
from toolguild.runtime.access.recorded import RecordSeals
from toolguild.runtime.access.seal import KEY
from toolguild.runtime.underway import under_way

log = logging.getLogger(__name__)
_STREAM, _SUBJECT = "KV_", "$KV."


class SealedBuckets(JetStreamContext):
    """JetStream as nats-py gives it; reading a record that is not genuine raises Forged.

    A watch cannot raise: there such an entry comes with the operation "forged", and its value is nobody's.
    """

    def __init__(self, client: Client, seals: RecordSeals, *, timeout: float) -> None:
        super().__init__(client, timeout=timeout)
        self._seals = seals

    async def publish(
        self,
        subject: str,
        payload: bytes = b"",
        timeout: float | None = None,
        stream: str | None = None,
        headers: dict[str, Any] | None = None,
        msg_ttl: float | None = None,
    ) -> PubAck:
        """Publish; a record with its signature. Raises PermanentError when it is not ours to write."""
        bucket, key = _of(subject)
        if not bucket or not self._seals.covers(bucket):
            return await super().publish(subject, payload, timeout, stream, headers, msg_ttl)
        # nats-py names some headers by members of an enumeration, which no look-up by text finds.
        given = {
            str(getattr(name, "value", name)): str(value) for name, value in (headers or {}).items()
        }
        _, sealed = self._seals.stamp(bucket, key, payload, given, _at_work())
        taken = await super().publish(subject, payload, timeout, stream, given | sealed, msg_ttl)
        self._seals.wrote(bucket, key, taken.seq, sealed[KEY])
        return taken

    async def get_msg(
        self,
        stream_name: str,
        seq: int | None = None,
        subject: str | None = None,
        direct: bool | None = False,
        next: bool | None = False,
    ) -> RawStreamMsg:
        """Return a message of a stream. Raises Forged for a record that is not genuine."""
        raw = await super().get_msg(stream_name, seq, subject, direct, next)
        bucket, key = _of(raw.subject or "")
        if stream_name == f"{_STREAM}{bucket}" and self._seals.covers(bucket):
            headers = plain(base64.b64decode(raw.hdrs)) if raw.hdrs else dict(raw.headers or {})
            try:
                assert raw.time is not None
                self._seals.check(
                    bucket, key, raw.data or b"", headers, raw.seq or 0, raw.time, _at_work()
                )
            except Forged as error:
                _tell(bucket, error)
                raise
        return raw

    async def subscribe(
        self, subject: str, *arguments: Any, **options: Any
    ) -> JetStreamContext.PushSubscription:
        """Subscribe; the records of a bucket are checked, unless only their headers are asked for."""
        bucket, _ = _of(subject)
        cb = options.get("cb")
        if (
            bucket
            and cb is not None
            and self._seals.covers(bucket)
            and not options.get("headers_only")
        ):
            options["cb"] = self._checking(cb)
        return await super().subscribe(subject, *arguments, **options)

    def _checking(self, cb: Callable[[Msg], Awaitable[None]]) -> Callable[[Msg], Awaitable[None]]:
        async def checked(msg: Msg) -> None:
            bucket, key = _of(msg.subject)
            headers = None if AMBIGUOUS in (msg.headers or {}) else msg.headers or {}
            revision, at = msg.metadata.sequence.stream, msg.metadata.timestamp
            try:
                self._seals.check(bucket, key, msg.data, headers, revision, at, _at_work())
            except Forged as error:
                _tell(bucket, error)
                msg.headers, msg.data = {KV_OP: Forged.code}, b""
            await cb(msg)

        return checked


def _of(subject: str) -> tuple[str, str]:
    """Return the bucket and key that a subject stands for, "" and "" for none."""
    if not subject.startswith(_SUBJECT):
        return "", ""
    bucket, _, key = subject.removeprefix(_SUBJECT).partition(".")
    return bucket, key


def _at_work() -> str:
    return under_way().source.partition("/")[0]


def _tell(bucket: str, error: Forged) -> None:
    telemetry.record_forged(bucket)
    log.error("a forged record is not used: %s", error)
