"""What a message means, in one line for people."""

from toolguild.client import human
from toolguild.messages import Event, Message, commands, events
from toolguild.report.labels import STATUSES, seconds_text

SHOWN = 160
# Of events that only machines care about: nothing is said of them.
SILENT: tuple[type[Event], ...] = (
    events.RivalsFound,
    events.Steered,  # InterventionTaken says it
    events.PutBack,
    events.WaiterSteered,
    events.TimeCame,
    events.ToolServed,
    events.PruneWanted,
    events.RoomChecked,
    events.HaltTaken,
    events.ModelCalled,  # what models cost is told with the work that asked them
)


def tell(body: Message) -> str | None:
    """Say what happened or is being done; None for what only machines care about."""
    said = _told(body) if isinstance(body, Event) else doing(body)
    return None if said is None else _short(said)


def doing(body: Message) -> str | None:
    """Say what a worker does while it has this command."""
    match body:
        case commands.AdmitGoal():
            return "wait for the user's turn"
        case commands.MakePlan(attempt=attempt):
            return "plan the task" + _again(attempt)
        case commands.TryTool(step=step):
            return f"try a published tool for step {step}"
        case commands.RunTool(step=step, item=item):
            return f"run step {step}" + ("" if item is None else f", item {item + 1}")
        case commands.JudgeCriteria():
            return "judge the criteria"
        case commands.FilterResult():
            return "look through the result"
        case commands.DraftTool(spec=spec, base=base, attempt=attempt):
            return f"{'repair' if base else 'write'} {spec.name}{_again(attempt)}"
        case commands.SetExam(spec=spec, exam=exam):
            disputed = "look again at disputed cases" if exam else "write the exam"
            return f"{disputed} of {spec.name}"
        case commands.ReviewDraft(spec=spec):
            return f"review the code of {spec.name}"
        case commands.TestDraft(draft=draft, exam=exam, role=role):
            what = draft.name if role == "candidate" else f"{draft.name} ({role})"
            return f"test {what} in the sandbox on {len(exam.cases)} cases"
        case commands.JudgeTest(spec=spec):
            return f"judge the test of {spec.name}"
        case commands.Notify(ask=ask, reminder=reminder):
            return f"{'remind' if reminder else 'tell'} a person of {ask.title}"
        case commands.PruneTask():
            return "remove what is no longer kept of the task"
        case commands.UndoTask():
            return "remove the files of the cancelled task"
        case commands.KeepRoom():
            return "look whether there is room"
        case commands.SetToolStatus(tool=tool, status=status):
            return f"make {tool[:12]} {status}"
        case _:
            return None


def agent_of(body: Message) -> str:
    """Name the service that does this command."""
    match body:
        case commands.MakePlan() | commands.JudgeCriteria():
            return "planner"
        case commands.DraftTool():
            return "synthesizer"
        case (
            commands.SetExam()
            | commands.ReviewDraft()
            | commands.JudgeTest()
            | commands.SetToolStatus()
        ):
            return "reviewer"
        case commands.TryTool() | commands.RunTool() | commands.TestDraft():
            return "executor"
        case (
            commands.AdmitGoal()
            | commands.FilterResult()
            | commands.Notify()
            | commands.PruneTask()
            | commands.UndoTask()
            | commands.KeepRoom()
        ):
            return "auditor"
        case _:
            return body.kind_name()


def _told(body: Event) -> str | None:
    match body:
        case events.GoalGiven(goal=goal, files=files):
            return f"goal given with {len(files)} files: {goal.primary}"
        case events.PlanMade(plan=plan):
            return f"plan made: {', '.join(step.id for step in plan.steps)}"
        case events.ToolTried(title=title, passed=passed, detail=detail):
            verdict = "answers right" if passed else f"does not do: {detail}"
            return f"tried {title}: {verdict}"
        case events.ToolWanted(spec=spec, parent=parent):
            return f"{'repair' if parent else 'new tool'} wanted: {spec.name}"
        case events.ToolReady(title=title, made=made):
            return f"{title} {'was made' if made else 'exists already and is reused'}"
        case events.ToolDenied(code=code, reason=reason):
            return f"no tool ({code}): {reason}"
        case events.ToolRan(step=step, outcome=outcome, used=used, fault=fault):
            if outcome == "ok":
                return f"step {step} ran in {seconds_text(used.wall_seconds)}"
            why = f"{fault.type}: {fault.message}".rstrip(": ") if fault else ""
            return f"step {step} failed ({outcome}): {why}"
        case events.HostAsked(step=step, method=method, host=host, port=port, granted=granted):
            asks = "asks" if granted else "may not ask"
            return f"step {step} {asks} {host}:{port} ({method})" + (body.why and f": {body.why}")
        case events.CriteriaJudged(criteria=criteria):
            met = sum(one.met is True for one in criteria)
            return f"{met} of {len(criteria)} criteria met"
        case events.TaskEnded(status=status):
            return f"task ended: {STATUSES[status]}"
        case events.ResultReleased():
            return "result released"
        case events.WorkFailed(of=of, code=code, reason=reason):
            return f"{of} failed ({code}): {reason}"
        case _:
            return _told_of_build(body)


def _told_of_build(body: Event) -> str | None:
    match body:
        case events.ToolDrafted(draft=draft, attempt=attempt):
            lines = len(draft.source.splitlines())
            return f"{draft.name} written: {lines} lines of {draft.language}{_again(attempt)}"
        case events.ExamSet(exam=exam):
            return f"exam set: {len(exam.cases)} cases, {len(exam.properties)} properties"
        case events.DraftReviewed(verdict=verdict, findings=findings):
            said = "; ".join(f"{one.rule}: {one.message}" for one in findings[:2])
            return f"review says {verdict}" + (f": {said}" if said else "")
        case events.DraftTested(report=report, role=role):
            passed = sum(one.passed for one in report.results)
            who = "draft" if role == "candidate" else role
            return f"{who} passes {passed} of {len(report.results)} cases"
        case events.ToolPublished(title=title, made=made):
            return f"{title} {'published' if made else 'does it already; no twin is published'}"
        case events.DraftRefused(attempt=attempt, failures=failures):
            why = failures[0] if failures else ""
            return f"draft {attempt} refused: {why}"
        case _:
            return human.tell(body)


def _again(attempt: int) -> str:
    return f" (attempt {attempt})" if attempt > 1 else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
