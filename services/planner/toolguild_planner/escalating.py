"""Five reasons to ask for a person's attention, each by its own rule. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from toolguild.canonical import Digest
from toolguild.messages import Event, Item, ItemId, Message, events
from toolguild.messages.item import Risk
from toolguild.policy.model import AnomalyRule, EscalationRule
from toolguild.sandbox.interface import Usage
from toolguild_planner.calls import expected
from toolguild_planner.holding import wait_for
from toolguild_planner.serving import item_id
from toolguild_planner.state import Active, Question

SLOW = "slow"  # the note of the timer that says so
INTENT: Final = (
    "intent"  # the rule by which a person is asked about a goal, and its mark in `noticed`
)
Name = Literal["confidence", "anomaly", "impact", "time", "uncertainty", "intent"]


@dataclass(frozen=True)
class Alarm:
    """A rule that asks for attention, for this reason."""

    rule: Name
    why: str
    holds: bool
    tool: Digest | None = None
    step: str = ""
    risk: Risk = "medium"
    call: int | None = None  # that was interrupted
    run: int = 0

    @property
    def mark(self) -> tuple[str, ...]:
        """What is asked once: the rule for the task, an anomaly for each tool, an interruption for each call."""
        if self.call is not None:
            return ("interrupted", self.step, str(self.run), str(self.call))
        return (self.rule, self.tool) if self.rule == "anomaly" and self.tool else (self.rule,)


def alarms(state: Active, event: Event) -> list[Alarm]:
    """Return the alarms that an event sets off and that the task has not raised yet."""
    found = [one for one in _alarms(state, event) if _marked(one) not in state.noticed]
    return list({_marked(one): one for one in found}.values())


def escalate(state: Active, raised: Sequence[Alarm]) -> tuple[Active, list[Message]]:
    """Ask for attention. With a rule that holds, the task stands still until the decision is there."""
    messages: list[Message] = []
    holding: list[ItemId] = []
    for alarm in raised:
        item, ask = _item(state, alarm)
        question = Question(
            purpose="exception",
            why=alarm.why,
            holds=alarm.holds,
            rule=alarm.rule,
            step=alarm.step if alarm.call is not None else "",
            run=alarm.run,
            call=alarm.call,
        )
        state = state.model_copy(
            update={
                "noticed": (*state.noticed, _marked(alarm)),
                "questions": {**state.questions, item: question},
            }
        )
        state = state.tell(f"asked for attention ({alarm.rule}): {alarm.why}")
        holding += [item] if alarm.holds else []
        messages += [
            events.DecisionAsked(item=item, ask=ask),
            events.Escalated(
                task=state.task, rule=alarm.rule, why=alarm.why, holds=alarm.holds, item=item
            ),
        ]
    if not holding:
        return state, messages
    state, steered = wait_for(state, holding, f"it waits for a decision: {raised[0].why}")
    return state, [*messages, *steered]


def interrupted(state: Active, event: events.WorkFailed) -> Alarm | None:
    """Return the alarm about a call whose executor died: it may have had effects, so it is not repeated."""
    call = call_of(state, event)
    if event.of != "run-tool" or event.code != "interrupted" or call is None:
        return None
    name, run, item = call
    why = f"step {name} was interrupted while it ran, and may have had effects outside: {event.reason}"
    return Alarm("impact", why, True, state.steps[name].tool, name, "high", item, run)


def call_of(state: Active, event: events.WorkFailed) -> tuple[str, int, int] | None:
    """Return step, run and item of a command that will not be answered; None: nobody waits for it."""
    run, name, item = (*event.ref.split(":"), "", "", "")[:3]
    known = state.steps.get(name)
    if known is None or run != str(known.run) or state.stage != "running":
        return None
    return name, known.run, int(item) if item.isascii() and item.isdigit() else 0


def _alarms(state: Active, event: Event) -> Iterator[Alarm]:
    rules = state.rules.escalation
    match event:
        case events.ToolReady(confidence=float(said), build=build) if build in state.builds:
            if said < rules.confidence.below:
                why = f"little speaks for {event.title}: confidence {said:.2f}, below {rules.confidence.below:g}"
                yield from _by(rules.confidence, "confidence", why, tool=event.tool)
        case events.ToolRan(measured=Usage() as measured) if expected(state, event) is not None:
            told = "; ".join(_more(rules.anomaly, event.used, measured))
            if told:
                why = f"step {event.step}: {state.steps[event.step].title} used far more than in its tests: {told}"
                yield from _by(rules.anomaly, "anomaly", why, tool=event.tool, step=event.step)
        case events.PlanMade() if state.stage == "planning" and event.attempt == state.attempt:
            told = "; ".join(_reach(state, event))
            if told:
                yield from _by(rules.impact, "impact", f"the plan reaches far: {told}", risk="high")
        case events.TimeCame(note=note) if note == SLOW:
            why = f"it has taken {rules.time.seconds:g} s and goes on"
            yield from _by(rules.time, "time", why, risk="low")
        case events.CriteriaJudged() if state.stage == "judging" and state.judge != "stale":
            unsure = [one.text for one in event.criteria if one.met is None]
            if unsure:
                why = f"nobody could tell whether this is met: {'; '.join(unsure)}"
                yield from _by(rules.uncertainty, "uncertainty", why)
        case events.WorkFailed():
            alarm = interrupted(state, event)
            if alarm is not None:
                yield alarm


def _by(
    rule: EscalationRule,
    name: Name,
    why: str,
    *,
    tool: Digest | None = None,
    step: str = "",
    risk: Risk = "medium",
) -> Iterator[Alarm]:
    if rule.on:
        yield Alarm(name, why, rule.hold, tool, step, risk)


def _more(rule: AnomalyRule, used: Usage, measured: Usage) -> Iterator[str]:
    for name, now, then, least, unit in (
        ("CPU time", used.cpu_seconds, measured.cpu_seconds, rule.least_seconds, "s"),
        ("time", used.wall_seconds, measured.wall_seconds, rule.least_seconds, "s"),
        ("memory", used.peak_memory_mb, measured.peak_memory_mb, rule.least_mb, "MB"),
    ):
        if now >= least and now > rule.factor * then:
            yield f"{now:.3g} {unit} of {name} against {then:.3g}"


def _reach(state: Active, event: events.PlanMade) -> Iterator[str]:
    rule = state.rules.escalation.impact
    if len(event.plan.steps) > rule.steps:
        yield f"it has {len(event.plan.steps)} steps"
    for step in event.plan.steps:
        asked = step.request.capabilities if step.request else None
        if rule.hosts and asked and asked.hosts:
            yield f"step {step.id} asks for {', '.join(asked.hosts)}"
        if rule.programs and asked and asked.programs:
            yield f"step {step.id} starts {', '.join(asked.programs)}"


def _item(state: Active, alarm: Alarm) -> tuple[ItemId, Item]:
    ask = Item(
        purpose="exception",
        tasks=(state.task,),
        title=state.goal.primary,
        why=alarm.why,
        risk=alarm.risk,
        blocks=alarm.holds,
        step=alarm.step,
        tool=alarm.tool,
        rule=alarm.rule,
    )
    return item_id(state.task, "exception", *alarm.mark), ask


def _marked(alarm: Alarm) -> str:
    return ":".join(alarm.mark)
