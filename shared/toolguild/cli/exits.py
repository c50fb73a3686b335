"""Exit codes: what a shell script learns from how a command ended."""

from typing import TYPE_CHECKING

from toolguild.errors import OutOfBudget, Refused, ToolguildError, UsageError

if TYPE_CHECKING:
    from toolguild.messages import TaskStatus

SUCCEEDED = 0
PROBLEM = 1  # review, doctor and sandbox check found something
USAGE = 2
PARTIAL = 3
FAILED = 4
REFUSED = 5
WAITING = 6
OUT_OF_BUDGET = 7
CANCELLED = 130

_OF_STATUS: "dict[TaskStatus, int]" = {
    "succeeded": SUCCEEDED,
    "partial": PARTIAL,
    "failed": FAILED,
    "stuck": FAILED,
    "refused": REFUSED,
    "waiting": WAITING,
    "out_of_budget": OUT_OF_BUDGET,
    "cancelled": CANCELLED,
}


def of_status(status: "TaskStatus") -> int:
    """Return the exit code of a task that ended so."""
    return _OF_STATUS[status]


def of_error(error: ToolguildError) -> int:
    """Return the exit code of a command that could not do its work."""
    match error:
        case UsageError():
            return USAGE
        case Refused():
            return REFUSED
        case OutOfBudget():
            return OUT_OF_BUDGET
        case _:
            return FAILED
