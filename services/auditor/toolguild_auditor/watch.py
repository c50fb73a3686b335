"""Watches the runs of each published tool: learns what is usual, and tells what is not. Pure."""

from collections.abc import Sequence
from functools import partial

from toolguild.agent import Process, Record
from toolguild.canonical import digest
from toolguild.messages import Event, Item, ItemId, Message, commands, events
from toolguild.policy import Policy
from toolguild.policy.model import AnomalyRule
from toolguild.tool import Value
from toolguild_auditor.baseline import Baseline, Deviation, Rule, deviations, learned

BY = "monitoring"  # who quarantines, and sees incidents
NEWEST = 20  # alerts that a record keeps whole
MARKS = 256  # rules and tasks that were told, so that a thousand calls of one step are told once


class Alert(Value):
    """What was told of one run."""

    rule: str
    task: str
    message: str
    action: str


class Watched(Value):
    """What is known of one tool."""

    baseline: Baseline = Baseline()
    alerts: int = 0
    newest: tuple[Alert, ...] = ()
    marks: tuple[str, ...] = ()
    strange: dict[str, int] = {}  # deviating runs in a row of learning, by rule
    regime: dict[str, int] = {}  # how often what was strange has become usual, by rule
    asked: tuple[str, ...] = ()  # the questions that people were asked


Step = tuple[Watched, Sequence[Message]]


def watch_process(policy: Policy) -> Process[Watched]:
    """Return the process, with the operator's rules. With its layer switched off it does nothing."""
    return Process(
        name="watch",
        bucket="baselines",
        reads=(events.ToolRan,),
        record=Record[Watched],
        start=Watched(),
        advance=partial(advance, policy),
        key=tool_of,
        through_halts=True,
    )


def tool_of(event: Event) -> str:
    """Return the record that an event concerns: that of its tool."""
    return event.tool if isinstance(event, events.ToolRan) else event.key


def advance(policy: Policy, state: Watched, event: Event) -> Step:
    """Return the next state, and what to say of a run that was unlike those before."""
    if not policy.layers.monitoring or not isinstance(event, events.ToolRan):
        return state, []
    rules = policy.monitoring
    found = deviations(rules, state.baseline, event)
    state, unusual = _strange(state, found, rules.baseline_runs)
    baseline = learned(state.baseline, event, unusual)
    state = state.model_copy(update={"baseline": baseline})
    messages: list[Message] = []
    for one in found:
        state, said = _told(policy, state, event, one)
        messages += said
    return state, messages


def _strange(
    state: Watched, found: Sequence[Deviation], enough: int
) -> tuple[Watched, frozenset[Rule]]:
    """Count deviations. What so many runs did has been told as often, and is learned as usual from then on."""
    counts, regime, unusual = dict(state.strange), dict(state.regime), set[Rule]()
    for one in found:
        counts[one.rule] = counts.get(one.rule, 0) + 1
        if counts[one.rule] >= enough and not one.attack:
            regime[one.rule] = regime.get(one.rule, 0) + 1
            del counts[one.rule]
        else:
            unusual.add(one.rule)
    return state.model_copy(update={"strange": counts, "regime": regime}), frozenset(unusual)


def _told(policy: Policy, state: Watched, event: events.ToolRan, one: Deviation) -> Step:
    mark = f"{one.rule}:{event.task}"
    if mark in state.marks:
        return state, []
    rules, title = policy.monitoring, state.baseline.title
    wanted = rules.on_attack if one.attack else rules.on_deviation
    action = "quarantined" if wanted == "quarantine" else "noted"
    alerted = events.Alerted(
        tool=event.tool,
        title=title,
        task=event.task,
        step=event.step,
        rule=one.rule,
        message=one.message,
        action="quarantined" if wanted == "quarantine" else "noted",
    )
    kept = Alert(rule=one.rule, task=event.task, message=one.message, action=action)
    changes = {
        "alerts": state.alerts + 1,
        "newest": (*state.newest, kept)[-NEWEST:],
        "marks": (*state.marks, mark)[-MARKS:],
    }
    state = state.model_copy(update=changes)
    messages: list[Message] = [alerted]
    if wanted == "quarantine":
        messages.append(
            commands.SetToolStatus(
                tool=event.tool,
                status="quarantined",
                reason=f"{one.message} (in {event.task}, policy: {_entry(one)})",
                by=BY,
            )
        )
    if one.attack and event.outcome not in policy.autonomy.trust.incidents:
        # An outcome that is an incident by itself has been told to the trust by the task.
        what = one.message
        messages.append(
            events.IncidentSeen(tool=event.tool, title=title, task=event.task, what=what, by=BY)
        )
    state, question = _asked(policy, state, event, one, wanted == "quarantine")
    return state, [*messages, *question]


def _asked(
    policy: Policy, state: Watched, event: events.ToolRan, one: Deviation, quarantined: bool
) -> Step:
    """Put the alert into the inbox, once for each rule until what was strange has become usual."""
    mark = f"{one.rule}:{state.regime.get(one.rule, 0)}"
    if mark in state.asked or _escalated(policy.escalation.anomaly, event, one):
        return state, []
    item = ItemId(f"i-{digest(['alert', event.tool, mark])[:16]}")
    does = "; it is quarantined" if quarantined else ""
    ask = Item(
        purpose="audit",
        tasks=(event.task,),
        title=f"{state.baseline.title or event.tool[:12]} did something unusual ({one.rule})",
        why=one.message + does,
        risk="high" if one.attack else "medium",
        blocks=False,
        step=event.step,
        tool=event.tool,
        tools=(event.tool,),
        rule=_entry(one),
    )
    asked = (*state.asked, mark)[-MARKS:]
    return state.model_copy(update={"asked": asked}), [events.DecisionAsked(item=item, ask=ask)]


def _entry(one: Deviation) -> str:
    return "monitoring.on_attack" if one.attack else "monitoring.on_deviation"


def _escalated(rule: AnomalyRule, event: events.ToolRan, one: Deviation) -> bool:
    """Whether the task asks a person about the same already: it compares each run with the tool's tests."""
    tests, used = event.measured, event.used
    if not rule.on or tests is None:
        return False
    match one.rule:
        case "cpu":
            now, then, least = used.cpu_seconds, tests.cpu_seconds, rule.least_seconds
        case "memory":
            now, then, least = used.peak_memory_mb, tests.peak_memory_mb, rule.least_mb
        case _:
            return False
    return now >= least and now > rule.factor * then
