"""Who is on the bus, and what each may do: from the declarations of the services that there are. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from toolguild.agent import Duty, Service
from toolguild.messages import Command, Message, commands, events
from toolguild.runtime.access import rights
from toolguild.runtime.access.rights import Rights
from toolguild.runtime.topology import (
    ARTIFACTS,
    AUDIT,
    DEAD,
    GOALS,
    HOLDERS,
    LOG,
    WORK,
    duty_stream,
)

GUILD = "guild"  # everything: a whole guild in one process, with a server of its own
BOOTSTRAP = "bootstrap"  # makes streams, buckets and consumers
OPERATOR = "operator"  # the command line of people who run the guild
OBSERVER = "observer"  # reads everything, says nothing
OUTSIDERS = (BOOTSTRAP, OPERATOR, OBSERVER)

# What the runtime says for an agent, whatever the service.
OF_ANY = (events.HaltTaken, events.HaltRefused)
OF_WORKERS = (events.WorkFailed, events.PutBack)
OF_MODELS = (events.GuidanceTaken, events.ModelCalled, events.InputFlagged)

# What the command line orders for people, signed with the operator's key.
OF_OPERATOR: tuple[type[Message], ...] = (
    commands.RunTool,
    events.TaskForked,
    events.PruneWanted,
)

# What people say, signed in its body where that matters, or what the command line tells of them.
OF_PEOPLE: tuple[type[Message], ...] = (
    events.DeadLetterRequeued,
    events.DeadLetterDiscarded,
    events.Intervened,
    events.DecisionGiven,
    events.TrustRestored,
    events.Halted,
    events.Revealed,
)

# What every process follows, so that people can steer and stop it.
FOLLOWED = (events.Steered, events.Halted)

ARCHIVED = (
    "tasks",
    "releases",
    "budgets",
    "builds",
    HOLDERS,
)  # buckets with records of ended tasks


def kinds_sent(service: Service) -> tuple[type[Message], ...]:
    """Return every kind of message that a service may send, with what the runtime sends for it."""
    more: tuple[type[Message], ...] = OF_ANY
    if any(issubclass(kind, Command) for duty in service.duties for kind in duty.reads):
        more += OF_WORKERS
    if "model" in service.needs:
        more += OF_MODELS
    return tuple(dict.fromkeys((*service.sends, *more)))


def senders(services: Iterable[Service]) -> Mapping[str, frozenset[str]]:
    """Return which services may send a message, by its kind."""
    found: dict[str, set[str]] = {}
    for service in services:
        for kind in kinds_sent(service):
            found.setdefault(kind.kind_name(), set()).add(service.name)
    return {kind: frozenset(names) for kind, names in found.items()}


def roster(services: Sequence[Service]) -> dict[str, Rights]:
    """Return the rights of every user by name: the services, and who else there is."""
    durables = [
        (duty_stream(duty), f"{one.name}-{duty.agent}") for one in services for duty in one.duties
    ]
    found = {service.name: of_service(service, durables) for service in services}
    reading = rights.reads_everything(durables)
    return found | {
        BOOTSTRAP: rights.makes_everything(),
        OBSERVER: reading,
        OPERATOR: _of_operator(reading),
    }


def writers(services: Sequence[Service]) -> Mapping[str, frozenset[str]]:
    """Return which users may write a bucket as a whole, by its name: from the rights that the server gives.

    A service that declares nothing runs only with credentials that may do everything, and may write them all.
    """
    found: dict[str, set[str]] = {}
    for user, granted in roster(services).items():
        for subject in granted.publish:
            start, _, bucket = subject.removesuffix(".>").partition(".")
            if start == "$KV" and subject == f"$KV.{bucket}.>":
                found.setdefault(bucket, set()).add(user)
    undeclared = {service.name for service in services if not service.duties}
    return {bucket: frozenset(names | undeclared) for bucket, names in found.items()}


def of_service(service: Service, durables: Sequence[tuple[str, str]]) -> Rights:
    """Return what a service may do on the bus; `durables` are all consumers of the guild by stream."""
    own = {f"{service.name}-{duty.agent}" for duty in service.duties}
    of_log = [name for stream, name in durables if stream == LOG]
    followed = [f"toolguild.fact.{kind.kind_name()}.*" for kind in FOLLOWED]
    found = (
        _says(kinds_sent(service))
        | rights.files()
        | rights.discoverable(service.name)
        | rights.follower(LOG, followed, of_log, own)
        | rights.newest(LOG, (*followed, f"toolguild.fact.{events.HaltRefused.kind_name()}.*"))
        | rights.looks_at(LOG)
    )
    for duty in service.duties:
        found |= _on_duty(service.name, duty)
    for need in service.needs:
        found |= _NEEDS.get(need, Rights())
    if "goals" in service.needs:
        found |= Rights((f"toolguild.dead.{service.name}-gate.*",))
    if events.TimeCame in service.sends:
        found |= Rights(("toolguild.later.*.*.*",))
    return found


def _says(kinds: Iterable[type[Message]]) -> Rights:
    orders = [kind.kind_name() for kind in kinds if issubclass(kind, Command)]
    facts = [kind.kind_name() for kind in kinds if not issubclass(kind, Command)]
    return rights.said(orders, command=True) | rights.said(facts, command=False)


def _on_duty(service: str, duty: Duty) -> Rights:
    name = f"{service}-{duty.agent}"
    found = rights.consumer(duty_stream(duty), name) | Rights((f"toolguild.dead.{name}.*",))
    return found | rights.writes_bucket(duty.bucket) if duty.bucket else found


def _of_operator(reading: Rights) -> Rights:
    # A dead letter is sent again as it was, whatever its kind: whoever reads it checks who signed it.
    again = Rights(("toolguild.do.*.*", "toolguild.fact.*.*"))
    removing = Rights((f"{rights.API}.STREAM.MSG.DELETE.{DEAD}",))
    return (
        reading
        | again
        | removing
        | rights.files()
        | rights.writes_bucket("tools")
        | Rights(("toolguild.goal.*.*",))
    )


def _gate() -> Rights:
    # The queues of users come and go with them: the gate makes their consumers.
    ended = ("result-released", "task-pruned")
    waits = ("task-waits", "run-held", "escalated", "steered")
    facts = tuple(f"toolguild.fact.{kind}.*" for kind in (*ended, *waits))
    return (
        Rights(
            (
                f"{rights.API}.CONSUMER.DURABLE.CREATE.{GOALS}.*",
                f"{rights.API}.CONSUMER.INFO.{GOALS}.*",
                f"{rights.API}.CONSUMER.MSG.NEXT.{GOALS}.*",
                f"{rights.API}.STREAM.MSG.GET.{GOALS}",
                f"$JS.ACK.{GOALS}.>",
            ),
            subscribe=("toolguild.goal.*.*", *facts),
        )
        | rights.looks_at(GOALS, LOG)
        | rights.purges(GOALS)
        | rights.newest(LOG, facts)
    )


def _archive() -> Rights:
    every = (LOG, f"OBJ_{ARTIFACTS}", *(f"KV_{name}" for name in ARCHIVED))
    read = Rights((f"{rights.API}.DIRECT.GET.{LOG}", f"{rights.API}.DIRECT.GET.{LOG}.>"))
    return rights.looks_at(*every) | rights.purges(*every) | read


def _audit() -> Rights:
    whole = (LOG, DEAD)  # read from end to end; of the others there are copies in the log
    looked_at = (*whole, AUDIT, WORK, GOALS)
    return rights.looks_at(*looked_at) | Rights(
        (
            "toolguild.audit.>",
            *(f"{rights.API}.STREAM.MSG.GET.{name}" for name in looked_at),
            *(f"{rights.API}.DIRECT.GET.{name}{rest}" for name in looked_at for rest in ("", ".>")),
            *(f"{rights.API}.CONSUMER.CREATE.{name}" for name in whole),
            *(f"{rights.API}.CONSUMER.MSG.NEXT.{name}.*" for name in whole),
            *(f"{rights.API}.CONSUMER.INFO.{name}.*" for name in whole),
        )
    )


_PAID = rights.writes_bucket("budgets") | rights.writes_bucket("journal")
_NEEDS: Mapping[str, Rights] = {
    "model": _PAID,
    "sandbox": _PAID | rights.writes_bucket("claims") | rights.reads_bucket("trust"),
    "registry": rights.watches_bucket("tools"),
    "publish": rights.writes_bucket("tools"),
    "goals": _gate(),
    "archive": _archive(),
    "audit": _audit(),
    "journal": rights.writes_bucket("journal"),
}
