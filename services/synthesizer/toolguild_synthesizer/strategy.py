"""When to go on in another way, in which one, and when no way is left. Pure."""

from toolguild_synthesizer.attempt import Way
from toolguild_synthesizer.convergence import score, without_progress
from toolguild_synthesizer.state import Building
from toolguild_synthesizer.stuck import sign

LADDER: tuple[Way, ...] = ("usual", "sample", "stronger", "smaller")


def next_way(state: Building) -> Way | None:
    """Return how the next attempt is to be made: as the last one, or the next way if that is stuck.

    None when the last attempt is stuck and every way was tried.
    """
    way = state.tried[-1].way
    if not why_stuck(state):
        return way
    left = LADDER[LADDER.index(way) + 1 :]
    return next((one for one in left if one != "stronger" or _is_other(state)), None)


def why_stuck(state: Building) -> str:
    """Say why going on as before leads nowhere, or "" if it may lead somewhere."""
    tried, exam = state.tried, state.exam
    *earlier, last = tried
    if not earlier or score(last, exam) > max(score(one, exam) for one in earlier):
        return ""
    if last.way == "stronger" and last.draft is None:
        return "the stronger model gave no draft"
    # Independent samples of the beginning that fail alike may be right, and the exam wrong; a repair was
    # not tried yet.
    if (last.way != "usual" or last.repair_of is not None) and (shown := sign(tried, exam)):
        return shown
    in_vain = without_progress(tried, exam, state.rules.samples)
    if in_vain >= state.rules.patience:
        return f"{in_vain} attempts in a row came no nearer"
    return ""


def _is_other(state: Building) -> bool:
    """Whether the policy names a stronger model, and the task does not use that one anyway."""
    return state.rules.stronger not in (None, state.brief.model)
