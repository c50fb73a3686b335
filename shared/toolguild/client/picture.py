"""A task as far as a person who steps in has to know it, read from its log."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from toolguild.canonical import Digest
from toolguild.capability import Limits
from toolguild.client.task import follow
from toolguild.errors import UsageError
from toolguild.messages import Brief, BuildId, Message, TaskId, events
from toolguild.messages.narrow import narrowed
from toolguild.messages.override import Bounds, OverrideStep
from toolguild.plan import Plan
from toolguild.plan.plan import Step
from toolguild.runtime.bus import Bus


@dataclass(frozen=True)
class Picture:
    """A task as far as stepping in needs to know it."""

    task: TaskId
    brief: Brief  # with what people have narrowed so far
    plan: Plan | None = None
    ended: str = ""  # its status, once it is over
    drafts: Mapping[Digest, BuildId] = field(default_factory=dict)

    def step(self, name: str) -> Step:
        """Return a step of the plan as it is now. Raises UsageError when there is none of this name."""
        if self.plan is None:
            raise UsageError(f"task {self.task} has no plan yet: say it again when it has one")
        for step in self.plan.steps:
            if step.id == name:
                return step
        known = ", ".join(step.id for step in self.plan.steps)
        raise UsageError(f"--step {name}: task {self.task} has no such step; it has {known}")

    def draft(self, name: str) -> tuple[BuildId, Digest]:
        """Return the build and the digest of a draft by its start. Raises UsageError unless there is one."""
        found = [one for one in self.drafts if name and one.startswith(name.lower())]
        if len(found) == 1:
            return self.drafts[found[0]], found[0]
        known = ", ".join(one[:12] for one in self.drafts) or "none"
        problem = "no draft starts" if not found else f"{len(found)} drafts start"
        raise UsageError(f"--draft {name}: {problem} so; those of task {self.task}: {known}")

    def limits(self, granted: Limits) -> Limits:
        """Return the limits that hold for its calls now, under a policy that grants these."""
        return granted if self.brief.limits is None else granted.meet(self.brief.limits)


async def picture(bus: Bus, task: str) -> Picture:
    """Return what the log says of a task now. Raises UsageError when nobody ever gave it."""
    seen = Picture(task=TaskId(task), brief=Brief(task=TaskId(task)))
    async for noted in follow(bus, seen.task, live=False):
        seen = fold(seen, noted.envelope.body)
    return seen


def fold(picture: Picture, body: Message) -> Picture:
    """Return the picture after one more message of the task or its builds. Pure."""
    match body:
        case events.GoalGiven(brief=brief):
            return replace(picture, brief=brief)
        case events.TaskForked(brief=brief, plan=plan):
            return replace(picture, brief=brief, plan=plan)
        case events.PlanMade(plan=plan):
            return replace(picture, plan=plan)
        case events.ToolDrafted(build=build, draft=draft):
            return replace(picture, drafts={**picture.drafts, draft.digest: build})
        case events.Steered(about_key=key, bounds=Bounds() as bounds) if key == picture.task:
            return replace(picture, brief=narrowed(picture.brief, bounds))
        case events.Intervened(override=OverrideStep(step=step)) if picture.plan is not None:
            steps = tuple(step if one.id == step.id else one for one in picture.plan.steps)
            return replace(picture, plan=picture.plan.model_copy(update={"steps": steps}))
        case events.TaskEnded(status=status):
            return replace(picture, ended=status)
        case _:
            return picture
