"""What people, trust and time have to do with a task, in one line each."""

from toolguild.messages import Event, events
from toolguild.messages.override import Bounds, Override


def tell(body: Event) -> str | None:
    """Say what a person did or is asked, or what changed for reasons of trust; None for anything else."""
    match body:
        case events.Intervened():
            return _intervened(body)
        case events.InterventionTaken(action=action, agent=agent, outcome=outcome, detail=detail):
            return f"{agent} says: {action} {outcome}" + (detail and f": {detail}")
        case events.GuidanceTaken(of=of, model=model, hints=hints):
            which = "the hint" if len(hints) == 1 else f"{len(hints)} hints"
            return f"{which} stood in the request of {of}" + (model and f" to {model}")
        case events.VerdictOverridden(draft=draft, verdict=verdict, by=by, reason=reason):
            said = f"{by} says {verdict} of draft {draft[:12]}, in place of the review"
            return said + (reason and f": {reason}")
        case events.TaskWaits(why=why):
            return f"waits for a person: {why}"
        case events.RunHeld(step=step, title=title, why=why):
            return f"step {step} waits for a person before it runs {title}: {why}"
        case events.Escalated(rule=rule, why=why, holds=holds):
            waits = "; the task waits for the answer" if holds else ""
            return f"asks for attention ({rule}): {why}{waits}"
        case events.InputFlagged(where=where, flags=flags, action=action):
            said = "; ".join(one.message for one in flags[:2])
            return f"input of {where} {action}: {said}"
        case events.TaskDecided(purpose=purpose, approved=approved, by=by, reason=reason):
            said = f"{by} {'approved' if approved else 'rejected'} ({purpose})"
            return said + (reason and f": {reason}")
        case events.ApprovalAsked(draft=draft, why=why):
            return f"a person has to approve {draft.name}: {why}"
        case events.ApprovalGiven(approved=approved, by=by, reason=reason):
            return f"{'approved' if approved else 'rejected'} by {by}" + (reason and f": {reason}")
        case events.DraftEdited(draft=draft, by=by, reason=reason):
            return f"{by} wrote another version of draft {draft[:12]}" + (reason and f": {reason}")
        case events.DecisionAsked(ask=ask):
            return f"asks a person: {ask.title}: {ask.why}"
        case events.DecisionGiven(decision=decision, by=by, reason=reason):
            return f"{by} says {decision}" + (reason and f": {reason}")
        case events.DecisionTaken(decision=decision, by=by):
            return f"decided by {by}: {decision}"
        case events.DecisionRefused(by=by, why=why):
            return f"the decision of {by} does not count: {why}"
        case events.ItemWithdrawn(why=why):
            return f"no decision is needed any more: {why}"
        case _:
            return _told_of_trust(body)


def _told_of_trust(body: Event) -> str | None:
    match body:
        case events.TrustChanged(title=title, level=level, before=before, why=why):
            return f"{title} is trusted at level {level}, before at {before}: {why}"
        case events.TrustRestored(title=title, by=by, reason=reason):
            return f"{by} trusts {title} again" + (reason and f": {reason}")
        case events.RestoreRefused(why=why):
            return f"the trust stays as it is: {why}"
        case events.IncidentSeen(title=title, tool=tool, what=what, by=by):
            return f"an incident of {title or tool[:12]}, seen by {by}: {what}"
        case events.Revealed(by=by, reason=reason):
            return f"{by} opened what was taken out of the result: {reason}"
        case events.Alerted(title=title, tool=tool, rule=rule, message=message, action=action):
            does = "; it is quarantined" if action == "quarantined" else ""
            return f"unusual ({rule}): {title or tool[:12]}: {message}{does}"
        case events.ToolStatusSet(title=title, status=status, by=by, reason=reason):
            return f"{title} is {status}, by {by}" + (reason and f": {reason}")
        case events.Halted(target=target, on=on, by=by, reason=reason):
            return f"{by} {'halts' if on else 'lets go on'} {target}" + (reason and f": {reason}")
        case events.HaltRefused(target=target, by=by, why=why):
            return f"the order of {by} about {target} is not followed: {why}"
        case events.Notified(channel=channel, delivered=delivered, detail=detail):
            went = "was told" if delivered else "could not be told"
            return f"{channel} {went}" + (detail and f": {detail}")
        case events.TaskUndone(bytes=count):
            return f"the files that it had stored were removed: {count} bytes"
        case events.TaskForked(of=of, at_step=step):
            return f"goes on differently from step {step} of task {of}"
        case events.TaskPruned(rule=rule, removed=removed):
            return f"what is no longer kept was removed ({rule}): {removed} messages"
        case events.DeadLetterRequeued(agent=agent, by=by, code=code):
            return f"{by} sent a message again that {agent} had given up ({code})"
        case events.DeadLetterDiscarded(agent=agent, by=by, why=why):
            return f"{by} discarded a message that {agent} had given up: {why}"
        case _:
            return None


def _intervened(body: events.Intervened) -> str:
    said = f"{body.action} by {body.by}"
    match body.action:
        case "pause" if body.freeze:
            said += ", calls under way stand still"
        case "constrain" if body.bounds is not None:
            said += f": {bounds_text(body.bounds)}"
        case "override" if body.override is not None:
            said += f": {_override(body.override)}"
        case "guide":
            said += f": {body.hint}"
        case _:
            pass
    return said + (body.reason and f" ({body.reason})")


def bounds_text(bounds: Bounds) -> str:
    """Say which bounds are named."""
    said = []
    for name, value in bounds.model_dump(exclude_none=True).items():
        if name == "limits":
            said += [f"{inner} {limit:g}" for inner, limit in value.items()]
        elif name == "hosts":
            said.append(f"hosts {', '.join(value) or 'none'}")
        else:
            said.append(f"{name} {value}")
    return ", ".join(said)


def _override(override: Override) -> str:
    match override.what:
        case "step":
            return f"another step {override.step.id}"
        case "tool":
            return f"step {override.step} runs {override.title}"
        case "result":
            return f"the result of step {override.step}"
        case "answer":
            return "the answer"
        case "verdict":
            return f"{override.verdict} draft {override.draft[:12]}"
