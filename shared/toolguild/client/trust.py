"""What tools have earned, for people: the auditor's record of each, why, and what the policy makes of it."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from toolguild.canonical import Digest
from toolguild.client import log
from toolguild.client.task import SOURCE
from toolguild.errors import Refused, TemporaryError
from toolguild.identity import Ed25519Signer
from toolguild.messages import Envelope, events
from toolguild.policy import Level, Policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now
from toolguild.runtime.store import BucketStore, bucket

MEANING: dict[Level, str] = {
    "A": "supervised: a person approves each task's use of it",
    "B": "monitored: it runs, and a person can watch",
    "C": "audited: it runs, and is looked at afterwards",
    "D": "full: it runs, and only exceptions are told",
}


class Standing(BaseModel):
    """What the auditor's record says of one tool. Without a record it is as the policy starts tools."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    level: Level
    title: str = ""
    why: str = "nobody has used it yet"
    held: bool = False
    calls: int = 0
    verified: int = 0
    tasks: int = 0
    users: tuple[str, ...] = ()
    since: int = 0
    since_tasks: tuple[str, ...] = ()
    incidents: int = 0


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: Standing


@dataclass(frozen=True)
class Incident:
    """What a tool did that no tool may. `at` is ISO 8601, UTC."""

    at: str
    what: str
    task: str
    by: str


async def standing(bus: Bus, policy: Policy, tool: Digest) -> Standing:
    """Return what is known of one tool."""
    raw, _ = await _store(bus).load(tool)
    if raw is None:
        return Standing(level=policy.autonomy.trust.start)
    return _Record.model_validate_json(raw).state


async def known(bus: Bus) -> list[Digest]:
    """Return the tools that have a record."""
    return [Digest(key) for key in await _store(bus).keys()]


async def incidents(bus: Bus, tool: Digest) -> list[Incident]:
    """Return the incidents of one tool, oldest first."""
    found = []
    async for entry in log.entries(bus, [f"toolguild.fact.incident-seen.{tool}"], live=False):
        noted = await log.envelope(bus, entry)
        if noted is not None and isinstance(noted.body, events.IncidentSeen):
            body = noted.body
            found.append(Incident(entry.at, body.what, body.task, body.by))
    return found


def effective(policy: Policy, name: str, trusted: Level) -> tuple[Level, str]:
    """Return the level at which a tool of this name and trust runs for a task that asks for none, and why."""
    autonomy = policy.autonomy
    task = autonomy.allowed(None)
    bounds: dict[str, Level] = {
        "its trust": trusted,
        "autonomy.level of the policy, for a task that asks for none": task,
        "autonomy.agents.executor of the policy": autonomy.agents.get("executor", "D"),
        f"autonomy.tools.{name} of the policy": autonomy.tools.get(name, "D"),
    }
    level = autonomy.of_run(name, trusted, task)
    return level, next(why for why, bound in bounds.items() if bound == level)


def outlook(policy: Policy, one: Standing) -> str:
    """Say what would raise a tool's level."""
    rules = policy.autonomy.trust
    if one.held:
        return "stays so until a person says otherwise: toolguild trust reset"
    if one.level == "D":
        return "is the highest"
    runs = max(0, rules.raise_after - one.since)
    tasks = max(0, rules.least_tasks - len(one.since_tasks))
    more = f"{runs} more verified runs" if runs else "one more verified run"
    return f"next level after {more}" + (f" and {tasks} more tasks" if tasks else "")


async def restore(
    bus: Bus,
    signer: Ed25519Signer,
    tool: Digest,
    *,
    title: str,
    level: Level,
    by: str,
    reason: str,
    within: float = 30.0,
) -> events.TrustChanged:
    """Say at which level a tool starts anew, signed, and return what came of it.

    Raises Refused when the word does not count, TemporaryError when nobody answers within so many seconds.
    """
    said = events.TrustRestored(tool=tool, title=title, level=level, by=by, reason=reason, at=now())
    said = said.model_copy(update={"signature": signer.sign("decision", said.signed)})
    sent = Envelope(id=uuid4(), body=said, source=SOURCE, at=now())
    await bus.publish(sent)
    return await _outcome(bus, tool, sent.id, within)


async def _outcome(bus: Bus, tool: Digest, cause: UUID, within: float) -> events.TrustChanged:
    subjects = [f"toolguild.fact.{kind}.{tool}" for kind in ("trust-changed", "restore-refused")]
    try:
        async with asyncio.timeout(within):
            async for entry in log.entries(bus, subjects, live=True):
                noted = await log.envelope(bus, entry)
                match noted.body if noted and noted.cause == cause else None:
                    case events.TrustChanged() as changed:
                        return changed
                    case events.RestoreRefused(why=why):
                        raise Refused(why)
                    case _:
                        continue
    except TimeoutError:
        pass
    raise TemporaryError(
        f"nobody answered within {within:g} s; `toolguild status` shows whether the auditor runs"
    )


def _store(bus: Bus) -> BucketStore:
    return BucketStore(bucket(bus.js, "trust"), bus.objects)
