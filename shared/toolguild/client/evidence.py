"""What a person should know before they decide: read from the log and the registry for one item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.client import log
from toolguild.client.inbox import Question
from toolguild.messages import Message, commands, events
from toolguild.policy import Policy
from toolguild.registry import JetStreamRegistry
from toolguild.registry.diff import draft_diff
from toolguild.runtime.bus import Bus
from toolguild.tool import Draft

TASKS = 20  # of an item, the first ones, that are read
OF_TASK = ("goal-given", "plan-made", "tool-ran", "host-asked")
OF_BUILD = ("tool-wanted", "approval-asked", "draft-tested", "draft-refused", "draft-edited")


@dataclass
class Runs:
    """What one tool did in the tasks of the item."""

    title: str
    calls: int = 0
    failed: int = 0
    files: int = 0
    wall_seconds: float = 0.0  # the most of one call
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0


@dataclass
class Served:
    """Who used one tool so far, by its record."""

    title: str
    calls: int = 0
    tasks: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    used_by: tuple[str, ...] = ()  # published tools that call it


@dataclass(frozen=True)
class Moment:
    """One thing that happened to the item. `at` is ISO 8601, UTC."""

    at: str
    text: str


@dataclass
class Evidence:
    """All of it. What is not known is empty."""

    goals: dict[str, str] = field(default_factory=dict)  # by task
    step: str = ""  # of the plan that it is for
    wanted: str = ""  # what the tool is to do
    against: str = ""  # what the code is compared with
    diff: str = ""
    exams: list[str] = field(default_factory=list)
    may: Capabilities | None = None  # within the policy
    runs: dict[Digest, Runs] = field(default_factory=dict)
    requests: list[Moment] = field(default_factory=list)  # its tools' to hosts, in these tasks
    served: dict[Digest, Served] = field(default_factory=dict)
    history: list[Moment] = field(default_factory=list)


async def evidence(
    bus: Bus, registry: JetStreamRegistry, policy: Policy, question: Question
) -> Evidence:
    """Read what is known about one item."""
    ask, found = question.ask, Evidence()
    for task in ask.tasks[:TASKS]:
        for at, body in await _read(bus, OF_TASK, task):
            _of_task(found, question, task, body)
            if isinstance(body, events.HostAsked) and body.tool in _tools(question):
                found.requests.append(Moment(at, _request(body)))
    drafts: dict[Digest, Draft] = {}
    edited: dict[str, Digest] = {}
    if ask.build is not None:
        for _, body in await _read(bus, OF_BUILD, ask.build):
            _of_build(found, drafts, edited, body)
    for at, body in await _read(bus, ("*",), question.item):
        text = moment(body)
        if text:
            found.history.append(Moment(at, text))
    if ask.draft is not None:
        found.may = policy.grant(ask.draft.declared)
        _compare(found, registry, drafts, edited, ask.draft)
    for tool in _tools(question):
        await _of_tool(bus, registry, found, tool)
    return found


async def _read(bus: Bus, kinds: Iterable[str], key: str) -> list[tuple[str, Message]]:
    subjects = [f"toolguild.fact.{kind}.{key}" for kind in kinds]
    read = []
    async for entry in log.entries(bus, subjects, live=False):
        noted = await log.envelope(bus, entry)
        if noted is not None:
            read.append((entry.at, noted.body))
    return read


def _of_task(found: Evidence, question: Question, task: str, body: Message) -> None:
    ask = question.ask
    match body:
        case events.GoalGiven(goal=goal):
            found.goals[task] = goal.primary
        case events.PlanMade(plan=plan):
            name = ask.draft.name if ask.draft else ask.title.partition("@")[0]
            for step in plan.steps:
                title = step.request.name if step.request else step.title.partition("@")[0]
                if step.id == ask.step or (not ask.step and title == name):
                    found.step = f"{step.id}: {step.purpose or title}"
        case events.ToolRan(tool=tool) if tool in _tools(question):
            runs = found.runs.setdefault(tool, Runs(tool[:12]))
            runs.calls += 1
            runs.failed += body.outcome != "ok"
            runs.files += len(body.files)
            runs.wall_seconds = max(runs.wall_seconds, body.used.wall_seconds)
            runs.cpu_seconds = max(runs.cpu_seconds, body.used.cpu_seconds)
            runs.peak_memory_mb = max(runs.peak_memory_mb, body.used.peak_memory_mb)
        case _:
            pass


def _request(asked: events.HostAsked) -> str:
    """Say what a call asked for. What it reached there is not known from this alone."""
    said = f"step {asked.step}: {asked.method} {asked.host}:{asked.port}"
    return said if asked.granted else f"{said}, refused: {asked.why}"


def _of_build(
    found: Evidence, drafts: dict[Digest, Draft], edited: dict[str, Digest], body: Message
) -> None:
    match body:
        case events.ToolWanted(spec=spec):
            found.wanted = spec.purpose
        case events.ApprovalAsked(draft=draft):
            drafts[draft.digest] = draft
        case events.DraftEdited(draft=base, source=source):
            edited[source] = base
        case events.DraftTested(role="candidate", report=report, attempt=attempt):
            passed = sum(one.passed for one in report.results)
            found.exams.append(f"attempt {attempt}: {passed} of {len(report.results)} cases pass")
        case events.DraftRefused(attempt=attempt, failures=failures):
            found.exams += [f"attempt {attempt}: {one}" for one in failures[:3]]
        case _:
            pass


def _compare(
    found: Evidence,
    registry: JetStreamRegistry,
    drafts: dict[Digest, Draft],
    edited: dict[str, Digest],
    draft: Draft,
) -> None:
    """Compare a draft with the one that a person edited, or else with the published tool it comes from."""
    base = drafts.get(edited.get(draft.source, Digest("")))
    if base is not None and base.digest != draft.digest:
        found.against = f"the draft {base.digest[:12]} that was edited"
        found.diff = draft_diff(
            base, draft, (f"{base.name} {base.digest[:12]}", f"{draft.name} edited")
        )
        return
    for parent in draft.provenance.parents:
        entry = registry.get(parent)
        if entry is not None:
            found.against = entry.tool.title
            titles = (entry.tool.title, f"{draft.name} {draft.digest[:12]}")
            found.diff = draft_diff(entry.tool.draft, draft, titles)
            return


async def _of_tool(bus: Bus, registry: JetStreamRegistry, found: Evidence, tool: Digest) -> None:
    entry = registry.get(tool)
    title = entry.tool.title if entry else tool[:12]
    if tool in found.runs:
        found.runs[tool].title = title
    if entry is not None and found.may is None:
        found.may = entry.tool.capabilities
    users = [one.tool.title for one in registry.all() if tool in one.tool.draft.uses.values()]
    served = Served(title, used_by=tuple(users))
    for _, body in await _read(bus, ("tool-served",), tool):
        if isinstance(body, events.ToolServed):
            served.calls += body.calls
            served.tasks.add(body.task)
            served.users.add(body.user)
    found.served[tool] = served


def _tools(question: Question) -> Sequence[Digest]:
    """The published tools that an item is about: a draft's is the one that it comes from."""
    ask = question.ask
    own = (ask.tool,) if ask.tool else ()
    parents = ask.draft.provenance.parents if ask.draft else ()
    return tuple(dict.fromkeys((*own, *ask.tools, *parents)))


def moment(body: Message) -> str:
    """Say in one line what a message did to an item; "" where it did nothing."""
    match body:
        case events.DecisionAsked():
            return "asked"
        case events.DecisionGiven(decision=decision, by=by, reason=reason):
            return f"{by} says {decision}" + (f": {reason}" if reason else "")
        case events.DecisionRefused(by=by, why=why):
            return f"the decision of {by} does not count: {why}"
        case events.DecisionTaken(decision="expired" | "withdrawn" as how, reason=reason):
            return f"{how}: {reason}"
        case events.DecisionTaken(decision=decision, by=by):
            return f"decided: {decision} by {by}"
        case events.TimeCame(note="reminder"):
            return "reminder"
        case events.Notified(channel=channel, delivered=delivered, detail=detail):
            return f"{channel}: " + ("told" if delivered else f"not told, {detail}")
        case events.ItemWithdrawn(why=why):
            return f"withdrawn: {why}"
        case commands.Notify():
            return ""
        case _:
            return ""
