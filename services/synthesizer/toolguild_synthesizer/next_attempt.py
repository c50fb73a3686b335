"""What to try after attempts that did not pass. Pure."""

from toolguild.messages import Message
from toolguild_synthesizer.attempt import Attempt, Way
from toolguild_synthesizer.convergence import best_of
from toolguild_synthesizer.orders import draft_order
from toolguild_synthesizer.state import Building, EndCode
from toolguild_synthesizer.strategy import next_way, why_stuck


def more(state: Building) -> tuple[Building, list[Message]] | None:
    """Return the next attempt and the order for it, or None when the rules allow no more.

    A new independent sample where one draft alone contradicts the examiner: only a second one can tell
    who erred. A repair of the best attempt while repairs are left. Else a new sample: small models gain
    more from samples than from repairs (measured on Qwen2.5-Coder 1.5B: 8 of 10 as the best of six samples,
    no gain from a repair round). Once that leads nowhere, other ways, one after another.
    """
    if len(state.tried) >= state.rules.attempts:
        return None
    way = next_way(state)
    if way is None:
        return None
    base = _base(state, way)
    made = Attempt(
        number=state.attempts[-1].number + 1, way=way, repair_of=base.number if base else None
    )
    state = state.with_attempt(made)
    return state, [draft_order(state, made)]


def _base(state: Building, way: Way) -> Attempt | None:
    """Return the attempt that the next one is to mend; None: a new sample."""
    best = best_of(state.attempts, state.exam)  # a person's version may be the one to mend
    mendable = best if best.draft is not None and (best.failures or best.findings) else None
    match way:
        case "usual":
            return mendable if _worth_repairing(state, best) else None
        case "sample":
            return None
        case "stronger":
            # its first draft is its own: what the others wrote has led nowhere
            return mendable if state.tried[-1].way == "stronger" else None
        case "smaller":
            return mendable


def _worth_repairing(state: Building, best: Attempt) -> bool:
    repairs = [one for one in state.tried if one.repair_of is not None]
    if len(repairs) >= state.rules.repairs:
        return False
    reported = [one for one in state.tried if one.report]
    return not (contradicts_only_the_examiner(state, best) and len(reported) < 2)


def contradicts_only_the_examiner(state: Building, attempt: Attempt) -> bool:
    """Whether the draft obeys the law and fails only what the examiner wrote, who may err too."""
    if attempt.report is None or state.exam is None:
        return False
    law = {case.digest for case in state.exam.cases if case.is_law}
    passed = {one.case for one in attempt.report.results if one.passed}
    return bool(law) and law <= passed and bool(attempt.report.failures)


def end_of(state: Building) -> tuple[EndCode, str]:
    """Say how an effort that may try no more ends, and why."""
    tried = state.tried
    told = "; ".join(best_of(tried, state.exam).failures) or "no reason given"
    if all(one.blocked or (one.report is None and one.findings) for one in tried):
        return "refused", f"review refused all {len(tried)} drafts: {told}"
    if why := why_stuck(state):
        ways = ", ".join(dict.fromkeys(_TOLD[one.way] for one in tried))
        return "stuck", f"stuck after {len(tried)} attempts ({ways}): {why}; the best one: {told}"
    return "failed", f"{len(tried)} attempts, none passed; the best one: {told}"


_TOLD: dict[Way, str] = {
    "usual": "samples and repairs",
    "sample": "an independent sample",
    "stronger": "a stronger model",
    "smaller": "a smaller tool",
}
