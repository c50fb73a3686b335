"""Why something was decided, as the message that says so gives it. Pure."""

from toolguild.messages import Message, events
from toolguild.tool import Finding

MOST = 20  # reasons of one decision that are told


def reasons(body: Message) -> tuple[str, ...]:
    """Return the reasons of a decision in order; empty for messages that decide nothing."""
    return tuple(dict.fromkeys(one for one in _reasons(body) if one))[:MOST]


def _reasons(body: Message) -> list[str]:
    match body:
        case events.PlanMade(plan=plan, why=why):
            steps = [f"step {one.id}: {_bound(one)}" for one in plan.steps]
            return [*why, *steps]
        case events.ToolTried(passed=passed, detail=detail):
            return [detail or ("it answers the examples right" if passed else "")]
        case events.DraftReviewed(verdict=verdict, findings=findings):
            return [f"verdict: {verdict}", *map(_finding, findings)]
        case events.ToolPublished(why=why):
            return list(why)
        case events.DraftRefused(failures=failures):
            return list(failures)
        case events.CriteriaJudged(criteria=criteria):
            return [
                f"{_met(one.met)}: {one.text} ({one.judged_by}: {one.evidence})" for one in criteria
            ]
        case events.ExamSet(exam=exam):
            return [f"ruling: {one.decision}" for one in exam.rulings]
        case events.InputFlagged(action=action, where=where, flags=flags):
            return [f"{where} {action}", *(str(getattr(one, "message", one)) for one in flags)]
        case events.ResultReleased(result=result):
            redacted = [f"{kind} redacted {n} times" for kind, n in result.redacted.items()]
            layers = f"layers on: {', '.join(result.layers)}" if result.layers else ""
            return [result.reason, layers, *redacted]
        case events.TaskEnded(status=status, result=result):
            return [f"status: {status}", result.reason]
        case events.Intervened(reason=reason, hint=hint, by=by):
            return [f"by {by}", reason, hint]
        case events.InterventionTaken(outcome=outcome, detail=detail):
            return [f"{outcome}: {detail}" if detail else outcome]
        case _:
            return _named(body)


def _named(body: Message) -> list[str]:
    """Return what any other message says under the names that reasons have."""
    found = []
    for name in (
        "by",
        "decision",
        "verdict",
        "action",
        "rule",
        "why",
        "reason",
        "detail",
        "message",
    ):
        value = getattr(body, name, None)
        if isinstance(value, str) and value:
            found.append(f"{name} {value}" if name in ("by", "rule") else value)
    said = any(
        getattr(body, name, "") for name in ("why", "reason", "detail", "decision", "action")
    )
    return found if said else []


def _finding(one: Finding) -> str:
    line = f" line {one.line}" if one.line else ""
    return f"{one.severity} {one.rule}{line}: {one.message}"


def _met(met: bool | None) -> str:
    return {True: "met", False: "NOT met", None: "unknown"}[met]


def _bound(step: object) -> str:
    tool = getattr(step, "tool", None)
    request = getattr(step, "request", None)
    purpose = str(getattr(step, "purpose", ""))
    how = f"published tool {tool}" if tool else f"a new tool {request.name}" if request else ""
    return ", ".join(one for one in (purpose, how) if one)
