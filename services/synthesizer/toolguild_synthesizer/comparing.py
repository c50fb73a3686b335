"""An attempt that passed, against what is published already. Pure."""

from functools import partial
from typing import Literal

from toolguild.messages import Message, commands, events
from toolguild.tool import Draft, Exam, Signature
from toolguild_synthesizer.attempt import Attempt, Comparison
from toolguild_synthesizer.orders import judge_order
from toolguild_synthesizer.state import Building, Step, send


def rivals_found(state: Building, event: events.RivalsFound) -> Step:
    """Run the published tools that fit against the exam, and the attempt against its predecessor's."""
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "judging" or state.exam is None:
        return state, []
    assert attempt.draft is not None
    assert attempt.clearance is not None
    compare = partial(_comparing, state, attempt.number)
    orders: list[Message] = [
        compare("rival", draft, clearance, state.exam) for draft, clearance in event.rivals
    ]
    if event.predecessor is not None:
        orders.append(compare("predecessor", attempt.draft, attempt.clearance, event.predecessor))
    comparison = Comparison(
        attempt=attempt.number,
        rivals={
            draft.digest: tool
            for (draft, _), tool in zip(event.rivals, event.rival_tools, strict=True)
        },
        predecessor=event.predecessor.digest if event.predecessor else None,
    )
    state = state.model_copy(update={"comparison": comparison})
    return state.with_attempt(attempt.model_copy(update={"phase": "comparing"})), orders


def _comparing(
    state: Building,
    number: int,
    role: Literal["rival", "predecessor"],
    draft: Draft,
    clearance: Signature,
    exam: Exam,
) -> commands.TestDraft:
    return commands.TestDraft(
        build=state.build,
        brief=state.brief,
        draft=draft,
        clearance=clearance,
        exam=exam,
        attempt=number,
        role=role,
    )


def compared(state: Building, event: events.DraftTested) -> Step:
    """A rival or the attempt itself has run; when all have, the judge decides."""
    known = state.comparison
    attempt = state.attempt(event.attempt)
    if known is None or attempt is None or attempt.phase != "comparing":
        return state, []
    passed = event.report.passed
    if event.role == "rival" and event.report.draft in known.rivals:
        return _settle(
            state, attempt, _rival_answered(known, known.rivals[event.report.draft], passed)
        )
    if event.role == "predecessor" and event.report.exam == known.predecessor:
        changed = known.model_copy(update={"predecessor": None, "compatible": passed})
        return _settle(state, attempt, changed)
    return state, []


def _rival_answered(known: Comparison, tool: str, passed: bool) -> Comparison:
    left = {draft: one for draft, one in known.rivals.items() if one != tool}
    return known.model_copy(update={"rivals": left, "answers": known.answers | {tool: passed}})


def _settle(state: Building, attempt: Attempt, known: Comparison) -> Step:
    state = state.model_copy(update={"comparison": known})
    if known.rivals or known.predecessor:
        return state, []
    return send(state, attempt, "judging", judge_order(state, attempt))


def comparison_failed(state: Building, event: events.WorkFailed) -> Step:
    """A comparison could not be run: what cannot run does not pass."""
    role, number, draft, *_ = (*event.ref.split(":"), "", "", "")
    known, attempt = state.comparison, state.attempt(int(number) if number.isdigit() else 0)
    if known is None or attempt is None or attempt.phase != "comparing":
        return state, []
    if role == "predecessor":
        return _settle(
            state, attempt, known.model_copy(update={"predecessor": None, "compatible": False})
        )
    rival = next((tool for one, tool in known.rivals.items() if one.startswith(draft)), None)
    return _settle(state, attempt, _rival_answered(known, rival, False)) if rival else (state, [])
