"""What to try after attempts that did not pass. Pure."""

from toolguild.messages import Message
from toolguild.messages.commands import DraftTool
from toolguild_synthesizer.state import Attempt, Building, EndCode


def more(state: Building) -> tuple[Building, list[Message]] | None:
    """Return the next attempt and the order for it, or None when the rules allow no more.

    A new independent sample where one draft alone contradicts the examiner: only a second one can tell
    who erred. A repair of the best attempt while repairs are left and the last one taught something.
    Else a new sample: small models gain more from samples than from repairs (measured on Qwen2.5-Coder 1.5B:
    8 of 10 as the best of six samples, no gain from a repair round).
    """
    tried = [one for one in state.attempts if one.number >= state.first]
    if len(tried) >= state.rules.attempts:
        return None
    number = state.attempts[-1].number + 1
    base = _worth_repairing(state, tried)
    made = Attempt(number=number, repair_of=base.number if base else None)
    order = draft_order(state, number, base)
    return state.with_attempt(made), [order]


def draft_order(state: Building, number: int, base: Attempt | None) -> DraftTool:
    """Order one draft: a repair of `base`, or a new sample."""
    return DraftTool(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        attempt=number,
        base=base.draft if base else None,
        objections=base.findings if base else (),
        failures=base.failures if base else (),
        fault=state.fault,
        parent=state.parent,
    )


def _worth_repairing(state: Building, tried: list[Attempt]) -> Attempt | None:
    repairs = [one for one in tried if one.repair_of is not None]
    if len(repairs) >= state.rules.repairs:
        return None
    last = tried[-1]
    if last.repair_of is not None:
        before = state.attempt(last.repair_of)
        if before is not None and before.failures == last.failures:
            return None  # the repair changed nothing that the tests can see: no new information
    best = max(tried, key=lambda one: (one.passed_cases, one.number))
    if contradicts_only_the_examiner(state, best) and len([one for one in tried if one.report]) < 2:
        return None
    return best if best.draft is not None and (best.failures or best.findings) else None


def contradicts_only_the_examiner(state: Building, attempt: Attempt) -> bool:
    """Whether the draft obeys the law and fails only what the examiner wrote, who may err too."""
    if attempt.report is None or state.exam is None:
        return False
    law = {case.digest for case in state.exam.cases if case.is_law}
    passed = {one.case for one in attempt.report.results if one.passed}
    return bool(law) and law <= passed and bool(attempt.report.failures)


def end_of(state: Building) -> tuple[EndCode, str]:
    """Say how an effort that may try no more ends, and why."""
    tried = [one for one in state.attempts if one.number >= state.first]
    reasons = [one.failures for one in tried]
    blocked = all(one.report is None and one.findings for one in tried)
    best = max(tried, key=lambda one: (one.passed_cases, one.number))
    told = "; ".join(best.failures) or "no reason given"
    if blocked:
        return "refused", f"review refused all {len(tried)} drafts: {told}"
    repeated = len(tried) > 1 and all(reason == reasons[0] for reason in reasons)
    if repeated:
        return "stuck", f"{len(tried)} attempts failed in the same way: {told}"
    return "failed", f"{len(tried)} attempts, none passed; the best one: {told}"
