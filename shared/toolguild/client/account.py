"""What the audit chain says of one task, build or tool: actions with outcomes, decisions with reasons."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from toolguild.chain.checkpoint import Keys, signs
from toolguild.chain.entry import Item, body_of
from toolguild.client import tell
from toolguild.client.audit import kind_of
from toolguild.client.rationale import reasons
from toolguild.messages import Command, Envelope, Message, events
from toolguild.messages.word import Word
from toolguild.tool import Signature


@dataclass(frozen=True)
class Told:
    """One recorded message as people read it."""

    entry: int
    at: str
    kind: str
    who: str
    what: str
    reasons: tuple[str, ...] = ()
    signature: str = ""  # of a person or service: whose, and whether it holds
    seconds: float | None = None  # of an outcome: from the action until it was recorded


@dataclass(frozen=True)
class Action:
    """A command, and the events that answer it."""

    told: Told
    outcomes: tuple[Told, ...]


@dataclass
class Account:
    """All that the chain says of it, in order."""

    about: str
    actions: list[Action] = field(default_factory=list)
    decisions: list[Told] = field(default_factory=list)
    model_calls: list[dict[str, Any]] = field(default_factory=list)
    executions: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)  # entries whose content is not in the chain


@dataclass(frozen=True)
class _Recorded:
    entry: Mapping[str, Any]
    envelope: Envelope

    @property
    def number(self) -> int:
        return int(self.entry["n"])

    @property
    def body(self) -> Message:
        return self.envelope.body


def account(about: str, items: Iterable[Item], keys: Keys) -> Account:
    """Return the account of a task ("t-..."), a build ("b-...") or a tool (its digest or name@version)."""
    told = Account(about)
    known = list(_read(items, told))
    wanted = _concerned(about, known)
    chosen = [one for one in known if one.envelope.key in wanted or _is_about(one.body, wanted)]
    told.unread = [n for n in told.unread if n in {one.number for one in chosen}]
    answers: dict[UUID, list[_Recorded]] = {}
    for one in chosen:
        if one.envelope.cause is not None:
            answers.setdefault(one.envelope.cause, []).append(one)
    for one in chosen:
        if isinstance(one.body, Command):
            outcomes = tuple(_line(x, keys, one) for x in answers.get(one.envelope.id, []))
            told.actions.append(Action(_line(one, keys), outcomes))
            continue
        _take(told, one, keys)
    return told


def _read(items: Iterable[Item], told: Account) -> Iterator[_Recorded]:
    seen: set[UUID] = set()
    for item in items:
        if item.entry.get("kind") not in ("message", "derived"):
            continue
        data = body_of(item)
        if data is None or "content" in item.entry:
            told.unread.append(int(item.entry["n"]))
            continue
        try:
            envelope = Envelope.model_validate_json(data)
        except ValueError:
            continue  # a dead letter, or of a kind that this program does not know
        if envelope.id not in seen:  # a command is copied, and may be found beside its copy
            seen.add(envelope.id)
            yield _Recorded(item.entry, envelope)


def _concerned(about: str, known: Iterable[_Recorded]) -> frozenset[str]:
    """Return the keys of all that belongs to it: a task's builds, a tool's digest and build."""
    wanted = {about}
    for one in known:
        match one.body:
            case events.ToolWanted(task=task, build=build) if task == about:
                wanted.add(build)
            case events.ToolPublished(tool=tool, title=title, build=build) if title == about or (
                len(about) >= 8 and tool.startswith(about)
            ):
                wanted |= {tool, build}
    return frozenset(wanted)


def _is_about(body: Message, wanted: frozenset[str]) -> bool:
    """Whether an item of the inbox, or what a task did with a tool, belongs to it."""
    match body:
        case events.DecisionAsked(ask=ask):
            return bool({*ask.tasks, *ask.tools} & wanted)
        case (
            events.ToolRan(tool=tool)
            | events.ToolTried(tool=tool)
            | events.ToolServed(tool=tool)
            | events.HostAsked(tool=tool)
        ):
            return tool in wanted
        case _:
            return False


def _line(one: _Recorded, keys: Keys, action: _Recorded | None = None) -> Told:
    body, entry = one.body, one.entry
    said = tell.tell(body) or str(body.kind).replace("-", " ")
    seconds = None
    if action is not None:
        seconds = _between(str(action.entry["at"]), str(entry["at"]))
    return Told(
        entry=one.number,
        at=str(entry["at"]),
        kind=kind_of(entry),
        who=one.envelope.source,
        what=said,
        reasons=reasons(body),
        signature=signature_state(body, keys),
        seconds=seconds,
    )


def _between(first: str, then: str) -> float | None:
    try:
        return round(
            (datetime.fromisoformat(then) - datetime.fromisoformat(first)).total_seconds(), 3
        )
    except ValueError:
        return None


def signature_state(body: Message, keys: Keys) -> str:
    """Return who signed what a message says and whether that holds; "" where nothing is to be signed."""
    match body:
        case Word(signature=None):
            return f"not signed by {getattr(body, 'by', 'anybody')}"
        case Word(signature=Signature() as signature):
            by = f"person:{getattr(body, 'by', '')}"
            return _state(signature, by, body.signed, keys)
        case events.DraftReviewed(clearance=Signature() as signature, draft=draft):
            return _state(signature, "reviewer", draft, keys)
        case events.DraftTested(signature=signature, report=report):
            return _state(signature, "executor", report.digest, keys)
        case _:
            return ""


def _state(signature: Signature, by: str, over: str, keys: Keys) -> str:
    if signature.by != by or signature.over != over:
        return f"signed by {signature.by}, not by {by} over this"
    if signature.key not in keys.get(by, ()):
        return f"signed by {by} with an unknown key"
    holds = signs({name: str(value) for name, value in signature.model_dump().items()})
    return f"signed by {by}: holds" if holds else f"signed by {by}: does NOT hold"


def _take(told: Account, one: _Recorded, keys: Keys) -> None:
    body, number = one.body, one.number
    match body:
        case events.ModelCalled():
            told.model_calls.append({"entry": number, **body.model_dump(mode="json")})
            return
        case events.ToolRan():
            told.executions.append(_execution(number, body))
        case events.DraftTested(report=report):
            told.executions.append(
                {
                    "entry": number,
                    "what": "test of a draft",
                    "draft": report.draft,
                    "passed": report.passed,
                    "peak": asdict(report.peak) if report.peak else None,
                }
            )
        case events.ToolDrafted(draft=draft):
            made = draft.provenance
            told.tools.append(
                {
                    "entry": number,
                    "draft": draft.digest,
                    "name": draft.name,
                    "written_by": made.agent,
                    "model": made.model,
                    "model_source": made.model_source,
                    "prompt": made.prompt,
                    "licence": draft.licence,
                    "lines": len(draft.source.splitlines()),
                }
            )
        case events.ToolPublished():
            told.tools.append(
                {
                    "entry": number,
                    "tool": body.tool,
                    "title": body.title,
                    "published_by": one.envelope.source,
                    "made": body.made,
                }
            )
        case events.GoalGiven(files=files):
            told.files += [_file(number, "given", one_) for one_ in files]
        case events.ResultReleased(result=result):
            told.files += [_file(number, "released", one_) for one_ in result.files]
    if reasons(body) or signature_state(body, keys):
        told.decisions.append(_line(one, keys))


def _execution(number: int, body: events.ToolRan) -> dict[str, Any]:
    hosts = [
        {"host": f"{one.host}:{one.port}" if hasattr(one, "port") else str(one.host)}
        for one in body.requests
    ]
    return {
        "entry": number,
        "what": f"step {body.step}",
        "tool": body.tool,
        "outcome": body.outcome,
        "used": asdict(body.used),
        "requests": hosts,
        "files": [_file(number, "written", one) for one in body.files],
        "seen": asdict(body.seen) if body.seen else None,
    }


def _file(number: int, how: str, file: Any) -> dict[str, Any]:
    return {
        "entry": number,
        "how": how,
        "name": file.name,
        "sha256": file.sha256,
        "bytes": file.bytes,
    }
