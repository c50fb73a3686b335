"""Which halts hold, by the orders that people have signed. Pure but for the keyring that verifies them."""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from toolguild.errors import Refused
from toolguild.guild import Keyring
from toolguild.messages import Brief, Message
from toolguild.messages.safety import Halted
from toolguild.policy.model import MonitoringRules
from toolguild.tool import Published

ALL, POOL = "all", "pool"
POOLED = "executor"  # the service that is meant by the pool
MOST_LIFTED = 10_000  # targets whose last order said to go on; the oldest are forgotten
MOST_SPELLS = 1_000  # times of standing still that are remembered, for the deadlines that they move
_TARGET = re.compile(
    r"all|pool|agent-[A-Za-z0-9_-]{1,128}|tool-[0-9a-f]{64}|toolname-[A-Za-z0-9_-]{1,128}|run-[A-Za-z0-9_-]{1,128}"
)

Targets = frozenset[str]


class Held(Exception):
    """Work that a halt keeps from going on. `lifted` returns when it may be begun again, from its start."""

    def __init__(self, order: Halted, lifted: Callable[[], Awaitable[None]]) -> None:
        super().__init__(told(order))
        self.order = order
        self.lifted = lifted


def of_agent(service: str, agent: str, *, through: bool = False) -> Targets:
    """Return the targets whose halt stops an agent; one that goes on through halts stops by its own name only."""
    own = f"agent-{service}-{agent}"
    if through:
        return frozenset({own})
    pool = {POOL} if service == POOLED else set()
    return frozenset({ALL, f"agent-{service}", own, *pool})


def of_command(body: Message) -> Targets:
    """Return the targets whose halt holds a command back: those of its task.

    What carries no brief is the guild's own housekeeping, which belongs to no run.
    """
    brief = getattr(body, "brief", None)
    if not isinstance(brief, Brief):
        return frozenset()
    return frozenset({f"run-{brief.task}", f"run-{body.key}"})


def of_tools(tools: Iterable[Published]) -> Targets:
    """Return the targets whose halt stops a call: those of the tool and of every tool that it uses."""
    found: set[str] = set()
    for one in tools:
        found |= {f"tool-{one.tool.digest}", f"toolname-{one.tool.name}"}
    return frozenset(found)


def told(order: Halted) -> str:
    """Say what is halted, by whom and why."""
    return f"{named(order.target)} halted by {order.by}" + (
        f": {order.reason}" if order.reason else ""
    )


def named(target: str) -> str:
    """Say in words what a target is, with the verb that fits it."""
    kind, _, name = target.partition("-")
    match kind:
        case "all":
            return "the guild is"
        case "pool":
            return "the executor pool is"
        case "tool":
            return f"tool {name[:12]} is"
        case "toolname":
            return f"tool {name} is"
        case "run":
            return f"task {name} is"
        case _:
            return f"{kind} {name} is"


class Orders:
    """All valid orders that were read so far, in the order of the log."""

    def __init__(self, keyring: Keyring, rules: MonitoringRules) -> None:
        self._keyring, self._rules = keyring, rules
        self._newest: dict[str, Halted] = {}
        self._on: dict[str, Halted] = {}  # those of them that halt
        self._since: dict[str, datetime] = {}  # halted now: since when
        self._spells: deque[tuple[str, datetime, datetime]] = deque(maxlen=MOST_SPELLS)

    def take(self, order: Halted, when: datetime) -> Literal["taken", "known"]:
        """Follow one order; `when` is the time at which the log got it.

        Raises Refused for one that nobody follows: its target is none, its signature does not hold, its
        signer may not halt, or it is older than the one that holds, as a copy sent again would be.
        """
        if not _TARGET.fullmatch(order.target):
            raise Refused(f"{order.target[:80]!r} is nothing that can be halted")
        if order.signature is None:
            raise Refused("the order is not signed")
        by = f"person:{order.by}"
        self._keyring.verify(order.signature, purpose="halt", by=by, over=order.signed)
        if "*" not in self._rules.halters and order.by not in self._rules.halters:
            raise Refused(f"{order.by} may not halt (policy: monitoring.halters)")
        at = _moment(order.at)
        known = self._newest.get(order.target)
        if known == order:
            return "known"
        if known is not None and at <= _moment(known.at):
            raise Refused(
                f"its time {order.at} is not after {known.at}, that of the order which holds"
            )
        self._newest.pop(order.target, None)
        self._newest[order.target] = order
        self._on.pop(order.target, None)
        if order.on:
            self._on[order.target] = order
        self._time(order, when)
        self._forget()
        return "taken"

    def newest(self, target: str) -> Halted | None:
        """Return the order that holds for a target, be it to halt or to go on."""
        return self._newest.get(target)

    def holding(self, targets: Targets | None = None) -> tuple[Halted, ...]:
        """Return the halts that hold, oldest first: all, or those of some targets."""
        return tuple(
            order for target, order in self._on.items() if targets is None or target in targets
        )

    def stood(self, targets: Targets, since: str, now: str) -> timedelta:
        """Return how long one of these was halted between two times (ISO 8601)."""
        begin, end = _moment(since), _moment(now)
        spells = [one for one in self._spells if one[0] in targets]
        spells += [(name, at, end) for name, at in self._since.items() if name in targets]
        total, reached = timedelta(), begin
        for _, start, stop in sorted(spells, key=lambda one: one[1]):
            start, stop = max(start, reached), min(stop, end)
            if stop > start:
                total, reached = total + (stop - start), stop
        return total

    def _time(self, order: Halted, when: datetime) -> None:
        began = self._since.pop(order.target, None)
        if order.on:
            self._since[order.target] = began or when
        elif began is not None:
            self._spells.append((order.target, began, when))

    def _forget(self) -> None:
        lifted = [name for name, order in self._newest.items() if not order.on]
        for name in lifted[: max(0, len(lifted) - MOST_LIFTED)]:
            del self._newest[name]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text[:40]!r} is no time") from error
    if moment.tzinfo is None:
        raise Refused(f"{text} does not say its time zone")
    return moment


def first(orders: Sequence[Halted]) -> Halted | None:
    """Return the one to tell of several that hold: the widest, and of those the oldest."""
    rank = {ALL: 0, POOL: 1}
    return min(orders, key=lambda one: rank.get(one.target, 2), default=None)
