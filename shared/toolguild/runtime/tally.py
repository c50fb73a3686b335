"""Counts what workers' answers mean for the guild: reviews, and tools made, reused and refused."""

from toolguild import telemetry
from toolguild.messages import Event, events


def tally(answer: Event) -> None:
    """Count an answer that was sent. Of most kinds there is nothing to count."""
    match answer:
        case events.DraftReviewed(verdict=verdict):
            telemetry.review_given(verdict)
        case events.DraftRefused():
            telemetry.tool_refused()
        case events.ToolPublished(made=True):
            telemetry.tool_made()
        case events.ToolPublished() | events.ToolTried(passed=True):
            telemetry.tool_reused()
        case _:
            pass
