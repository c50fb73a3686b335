"""A task as a person watches it: what its messages so far add up to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from toolguild.client.tell import agent_of, doing, tell
from toolguild.messages import Command, Envelope, Message, ModelUsage, Result, add_usage
from toolguild.messages import commands as do
from toolguild.messages import events as fact
from toolguild.messages.override import OverrideResult, OverrideStep, OverrideTool
from toolguild.plan import Plan

TASK = (
    "task"  # the key under which the task's own model calls are counted, beside those of its builds
)


@dataclass(frozen=True)
class StepView:
    """One step of the plan. `how` is empty until the step has a tool."""

    id: str
    purpose: str
    title: str
    state: str = "waiting"  # waiting, making, running, done, failed
    how: str = ""
    started: int = 0
    ended: int = 0


@dataclass(frozen=True)
class Work:
    """What an agent does now."""

    agent: str
    said: str


@dataclass(frozen=True)
class View:
    """All that the progress display shows."""

    goal: str = ""
    steps: tuple[StepView, ...] = ()
    work: Mapping[UUID, Work] = field(default_factory=dict)  # by the order's id
    tools: tuple[str, ...] = ()  # "made NAME@VERSION", "reused NAME@VERSION"
    usage: Mapping[str, tuple[ModelUsage, ...]] = field(default_factory=dict)
    builds: Mapping[str, str] = field(default_factory=dict)  # build -> name of the tool wanted
    last: str = ""  # the newest thing worth telling
    waits: str = ""  # why a person is needed
    waiting_drafts: tuple[str, ...] = ()
    questions: Mapping[str, str] = field(default_factory=dict)  # open item -> why a person is asked
    asked: Mapping[str, str] = field(default_factory=dict)  # pause's id -> who asked for it
    paused: str = ""  # who paused it, and how; empty while it goes on
    result: Result | None = None

    @property
    def spent(self) -> tuple[ModelUsage, ...]:
        """What models cost so far, by role, model and source."""
        total: tuple[ModelUsage, ...] = ()
        for one in self.usage.values():
            total = add_usage(total, one)
        return total


def fold(view: View, envelope: Envelope) -> View:
    """Return the view after one more message of the task or of one of its builds."""
    body = envelope.body
    view = replace(view, last=tell(body) or view.last)
    if isinstance(body, Command):
        return _ordered(view, envelope.id, body)
    return _happened(_relieved(view, envelope.cause), body)


def follows(builds: frozenset[str], task: str, body: Message) -> frozenset[str] | None:
    """Say whether a message concerns the task: None if not, else what to watch besides it from now.

    That is its builds, and the questions to people that it waits for.
    """
    if isinstance(body, fact.ToolWanted):
        return builds | {body.build} if body.task == task else None
    if isinstance(body, fact.DecisionAsked) and body.ask.blocks and task in body.ask.tasks:
        return builds | {body.item}
    if isinstance(body, fact.Alerted):
        return builds if body.task == task else None
    if body.key == task or body.key in builds:
        return builds
    return None


def _ordered(view: View, order: UUID, body: Command) -> View:
    said = doing(body)
    if said is None:
        return view
    view = replace(view, work={**view.work, order: Work(agent_of(body), said)})
    if isinstance(body, do.RunTool):
        return _step(view, body.step, state="running", started=1)
    return view


def _relieved(view: View, order: UUID | None) -> View:
    """Take off the work that an event answers: its cause is the order."""
    if order not in view.work:
        return view
    return replace(view, work={one: work for one, work in view.work.items() if one != order})


def _happened(view: View, body: Message) -> View:
    match body:
        case fact.GoalGiven(goal=goal):
            return replace(view, goal=goal.primary)
        case fact.PlanMade(plan=plan, usage=usage):
            return _spend(replace(view, steps=_steps(view, plan)), TASK, usage)
        case fact.CriteriaJudged(usage=usage):
            return _spend(view, TASK, usage)
        case (
            fact.ToolDrafted(usage=usage)
            | fact.ExamSet(usage=usage)
            | fact.DraftReviewed(usage=usage)
        ):
            return _spend(view, body.key, usage)
        case fact.ToolTried(passed=True, step=step, title=title):
            return _got(_step(view, step, title=title, how="reused"), f"reused {title}")
        case fact.ToolWanted(build=build, spec=spec):
            view = replace(view, builds={**view.builds, build: spec.name})
            return _building(view, spec.name, "making")
        case fact.ToolReady():
            return _ready(view, body)
        case fact.ToolDenied(build=build, usage=usage):
            view = replace(view, usage={**view.usage, build: usage})
            return _building(view, view.builds.get(build, ""), "failed")
        case fact.ToolRan(step=step, outcome=outcome):
            return _step(view, step, state="done" if outcome == "ok" else "failed", ended=1)
        case fact.ApprovalAsked(draft=draft, why=why):
            asked = (*view.waiting_drafts, draft.digest)
            return replace(view, waits=why, waiting_drafts=asked)
        case fact.ApprovalGiven(draft=decided):
            rest = tuple(one for one in view.waiting_drafts if one != decided)
            why = view.waits if rest else next(iter(view.questions.values()), "")
            return replace(view, waits=why, waiting_drafts=rest)
        case fact.TaskWaits(why=why, draft=waiting):
            known = view.waiting_drafts
            drafts = known if waiting in known else (*known, waiting)
            return replace(view, waits=why, waiting_drafts=drafts)
        case fact.ResultReleased(result=result):
            over = replace(view, result=result, work={}, waits="", questions={}, paused="")
            return replace(over, usage={TASK: result.usage})
        case _:
            return _steered(view, body)


def _steered(view: View, body: Message) -> View:
    match body:
        case fact.DecisionAsked(item=item, ask=ask) if ask.blocks:
            return replace(view, waits=ask.why, questions={**view.questions, item: ask.why})
        case (
            fact.DecisionTaken(item=item)
            | fact.ItemWithdrawn(item=item)
            | fact.TaskDecided(item=item)
        ):
            left = {one: why for one, why in view.questions.items() if one != item}
            why = next(iter(left.values()), view.waits if view.waiting_drafts else "")
            return replace(view, waits=why, questions=left)
        case fact.Intervened(action="pause", by=by, id=name):
            return replace(view, asked={**view.asked, name: by})
        case fact.InterventionTaken(action="pause", outcome="applied", id=name, detail=detail):
            return replace(view, paused=f"by {view.asked.get(name, '?')}: {detail}")
        case fact.InterventionTaken(action="resume", outcome="applied"):
            return replace(view, paused="")
        case fact.Intervened(override=OverrideResult(step=step) | OverrideTool(step=step)):
            return _step(view, step, how="human")
        case fact.Intervened(override=OverrideStep(step=new)):
            return _step(view, new.id, how="human")
        case _:
            return view


def _steps(view: View, plan: Plan) -> tuple[StepView, ...]:
    """The plan's steps; what an earlier plan already did stays done."""
    before = {step.id: step for step in view.steps if step.state == "done"}
    return tuple(
        before.get(step.id)
        or StepView(
            id=step.id,
            purpose=step.purpose,
            title=step.title or (step.request.name if step.request else ""),
            state="making"
            if step.request and step.request.name in view.builds.values()
            else "waiting",
            how="found" if step.tool else "",
        )
        for step in plan.steps
    )


def _ready(view: View, body: fact.ToolReady) -> View:
    name = body.title.partition("@")[0]
    how = "made" if body.made else "reused"
    wanted = view.builds.get(body.build, name)
    steps = tuple(
        replace(step, title=body.title, how=how, state="waiting")
        if step.title.partition("@")[0] in (name, wanted) and step.state in ("making", "failed")
        else step
        for step in view.steps
    )
    view = replace(view, steps=steps, usage={**view.usage, body.build: body.usage})
    return _got(view, f"{how} {body.title}")


def _building(view: View, name: str, state: str) -> View:
    steps = tuple(
        replace(step, state=state)
        if step.title.partition("@")[0] == name and step.state != "done"
        else step
        for step in view.steps
    )
    return replace(view, steps=steps)


def _step(
    view: View,
    name: str,
    *,
    state: str | None = None,
    title: str | None = None,
    how: str | None = None,
    started: int = 0,
    ended: int = 0,
) -> View:
    def changed(step: StepView) -> StepView:
        now = replace(step, started=step.started + started, ended=step.ended + ended)
        now = replace(now, title=title or now.title, how=how or now.how)
        if state == "done" and now.ended < now.started:
            return now  # other items of a foreach are still under way
        return replace(now, state=state or now.state)

    return replace(view, steps=tuple(changed(one) if one.id == name else one for one in view.steps))


def _got(view: View, tool: str) -> View:
    return view if tool in view.tools else replace(view, tools=(*view.tools, tool))


def _spend(view: View, key: str, usage: tuple[ModelUsage, ...]) -> View:
    spent = add_usage(view.usage.get(key, ()), usage)
    return replace(view, usage={**view.usage, key: spent})
