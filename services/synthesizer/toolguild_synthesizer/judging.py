"""The judgement of an attempt. Pure."""

from toolguild.messages import commands
from toolguild_synthesizer.state import Attempt, Building


def judge(state: Building, attempt: Attempt) -> commands.JudgeTest:
    """Order the judgement of a tested attempt, with what is known of rivals and the predecessor."""
    assert attempt.draft is not None
    assert attempt.clearance is not None
    assert attempt.report is not None
    assert attempt.report_signature is not None
    assert state.exam is not None
    compared = (
        state.comparison
        if state.comparison and state.comparison.attempt == attempt.number
        else None
    )
    return commands.JudgeTest(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        exam=state.exam,
        draft=attempt.draft,
        findings=attempt.findings,
        clearance=attempt.clearance,
        report=attempt.report,
        report_signature=attempt.report_signature,
        attempt=attempt.number,
        parent=state.parent,
        approved_by=attempt.approved_by,
        rivals=compared.answers if compared else None,
        compatible=compared.compatible if compared else None,
    )
