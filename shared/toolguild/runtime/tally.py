"""Counts what events mean for the guild: reviews, tools made, reused and refused, questions to people."""

from toolguild import telemetry
from toolguild.messages import Message, events


def tally(sent: Message) -> None:
    """Count a message that was sent. Of most kinds there is nothing to count."""
    match sent:
        case events.DraftReviewed(verdict=verdict):
            telemetry.review_given(verdict)
        case events.DraftRefused():
            telemetry.tool_refused()
        case events.ToolPublished(made=True):
            telemetry.tool_made()
        case events.ToolPublished() | events.ToolTried(passed=True):
            telemetry.tool_reused()
        case events.ApprovalAsked():
            telemetry.person_asked("draft")
        case events.DecisionAsked(ask=ask):
            telemetry.person_asked(ask.purpose)
        case events.DecisionTaken(decision=decision):
            telemetry.item_settled(decision)
        case events.Notified(channel=channel, delivered=delivered):
            telemetry.notice_sent(channel, "delivered" if delivered else "failed")
        case events.TrustChanged(level=level, before=before) if level != before:
            telemetry.trust_changed("raised" if level > before else "lowered")
        case _:
            pass
