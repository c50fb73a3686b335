"""What one user may publish and hear, as subjects of NATS. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from toolguild.runtime.topology import (
    ARTIFACTS,
    AUDIT,
    DEAD,
    GOALS,
    HOLDERS,
    LOG,
    WORK,
    streams,
)

API = "$JS.API"


@dataclass(frozen=True)
class Rights:
    """The subjects that a user may publish to and subscribe to; what is denied goes before what is allowed.

    `everything` stands for no restriction at all.
    """

    publish: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()  # to publish, whatever `publish` says
    subscribe: tuple[str, ...] = ()
    everything: bool = False

    def __or__(self, other: "Rights") -> "Rights":
        return Rights(
            _sorted(self.publish, other.publish),
            _sorted(self.denied, other.denied),
            _sorted(self.subscribe, other.subscribe),
            self.everything or other.everything,
        )


def said(kinds: Iterable[str], *, command: bool) -> Rights:
    """Return the right to publish messages of these kinds."""
    about = "do" if command else "fact"
    return Rights(tuple(f"toolguild.{about}.{kind}.*" for kind in kinds))


def consumer(stream: str, name: str) -> Rights:
    """Return the right to take messages from one durable consumer, and to settle them. Not to make it."""
    return Rights(
        (
            f"{API}.CONSUMER.INFO.{stream}.{name}",
            f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}",
            f"$JS.ACK.{stream}.{name}.>",
        )
    )


def follower(
    stream: str, subjects: Iterable[str], durables: Sequence[str], own: Collection[str] = ()
) -> Rights:
    """Return the right to make readers of a stream for exactly these filters.

    The server compares the filter in the request with the one in its subject. The name of a reader cannot be
    confined, and a request that names an existing consumer changes it: so the durable ones are denied by name,
    and of those only one's `own` may be taken from.
    """
    made = (f"{API}.CONSUMER.CREATE.{stream}.{name}" for name in durables)
    taken = (
        f"{API}.CONSUMER.{verb}.{stream}.{name}"
        for name in durables
        if name not in own
        for verb in ("MSG.NEXT", "INFO")
    )
    return Rights(
        (
            *(f"{API}.CONSUMER.CREATE.{stream}.*.{subject}" for subject in subjects),
            f"{API}.CONSUMER.MSG.NEXT.{stream}.*",
            f"{API}.CONSUMER.INFO.{stream}.*",
        ),
        denied=(*taken, *(subject for one in made for subject in (one, f"{one}.>"))),
    )


def reads_bucket(name: str) -> Rights:
    """Return the right to look up entries of a bucket."""
    return Rights((f"{API}.STREAM.INFO.KV_{name}", f"{API}.STREAM.MSG.GET.KV_{name}"))


def writes_bucket(name: str) -> Rights:
    """Return the right to look up and write entries of a bucket."""
    return reads_bucket(name) | Rights((f"$KV.{name}.>",))


def watches_bucket(name: str) -> Rights:
    """Return the right to look up entries of a bucket and to hear of every change. It has no durable readers."""
    return reads_bucket(name) | Rights(
        (
            f"{API}.CONSUMER.CREATE.KV_{name}",
            f"{API}.CONSUMER.INFO.KV_{name}.*",
            f"$JS.FC.KV_{name}.>",
        )
    )


def files() -> Rights:
    """Return the right to store and read files, and to say who needs them. Names are digests of the content."""
    stream = f"OBJ_{ARTIFACTS}"
    return Rights(
        (
            f"$O.{ARTIFACTS}.C.*",
            f"$O.{ARTIFACTS}.M.*",
            f"{API}.DIRECT.GET.{stream}",
            f"{API}.DIRECT.GET.{stream}.>",
            f"{API}.STREAM.MSG.GET.{stream}",
            f"$KV.{HOLDERS}.*.*",
        )
    )


def newest(stream: str, subjects: Iterable[str]) -> Rights:
    """Return the right to read the newest message on these subjects of a stream."""
    return Rights(tuple(f"{API}.DIRECT.GET.{stream}.{subject}" for subject in subjects))


def looks_at(*names: str) -> Rights:
    """Return the right to see how full streams are, and which subjects they hold."""
    return Rights(tuple(f"{API}.STREAM.INFO.{name}" for name in names))


def purges(*names: str) -> Rights:
    """Return the right to remove messages from streams. The server cannot confine it to some subjects."""
    return Rights(tuple(f"{API}.STREAM.PURGE.{name}" for name in names))


def reads_everything(durables: Iterable[tuple[str, str]]) -> Rights:
    """Return the right to read all that the guild keeps, and to take nothing from its agents.

    Readers have names that the server makes up: a request that names a consumer is not allowed.
    """
    every = tuple(str(config.name) for config in streams())
    # Whoever reads a work queue takes from it.
    made = (f"{API}.CONSUMER.CREATE.{name}" for name in every if name not in (WORK, GOALS))
    taken = tuple(f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}" for stream, name in durables)
    return Rights(
        (
            f"{API}.INFO",
            f"{API}.STREAM.NAMES",
            f"{API}.STREAM.LIST",
            *(f"{API}.STREAM.INFO.{name}" for name in every),
            *(f"{API}.STREAM.MSG.GET.{name}" for name in every),
            *(f"{API}.DIRECT.GET.{name}" for name in every),
            *(f"{API}.DIRECT.GET.{name}.>" for name in every),
            *(f"{API}.CONSUMER.LIST.{name}" for name in every),
            *(f"{API}.CONSUMER.NAMES.{name}" for name in every),
            *(f"{API}.CONSUMER.INFO.{name}.*" for name in every),
            *(f"$JS.FC.{name}.>" for name in every),
            *made,
            *(f"{API}.CONSUMER.MSG.NEXT.{name}.*" for name in (LOG, DEAD, AUDIT)),
            "$SRV.>",
        ),
        denied=taken,
        subscribe=("$SRV.>",),
    )


def makes_everything() -> Rights:
    """Return the right to make streams and consumers and to change what they are; not to remove anything."""
    return Rights(
        (
            f"{API}.INFO",
            f"{API}.STREAM.CREATE.*",
            f"{API}.STREAM.UPDATE.*",
            f"{API}.STREAM.INFO.*",
            f"{API}.CONSUMER.DURABLE.CREATE.*.*",
            f"{API}.CONSUMER.CREATE.>",
            f"{API}.CONSUMER.INFO.*.*",
        )
    )


def discoverable(service: str) -> Rights:
    """Return the right to answer the NATS micro-service protocol."""
    heard = tuple(
        subject
        for verb in ("PING", "INFO", "STATS")
        for subject in (f"$SRV.{verb}", f"$SRV.{verb}.{service}", f"$SRV.{verb}.{service}.*")
    )
    return Rights(subscribe=heard)


def _sorted(*those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({one for each in those for one in each}))
