"""What becomes of a disputed case or property once the examiner has looked at it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.exam.compare import same
from toolguild.exam.shown import shown
from toolguild.tool import Case, Exam, Property, Ruling


@dataclass(frozen=True)
class SecondLook:
    """What the examiner said without seeing any draft's answer. `answered` is False when it gave none."""

    answered: bool
    answer: JsonValue = None  # for a case: the expected value; for a property: whether it must hold


def rule(
    disputed: Case | Property, look: SecondLook, consensus: JsonValue
) -> tuple[Case | Property | None, Ruling]:
    """Return what stands in the subject's place (None: nothing), and the ruling that says why.

    A case that the examiner answers as before is kept, even against all drafts; one that it now
    answers as the drafts do is corrected; one where it agrees with neither is set aside, because
    nobody knows the right answer. Law is always kept.
    """
    if isinstance(disputed, Case):
        return _case(disputed, look, consensus)
    what = f"{disputed.kind} of {disputed.argument or 'the answer'}"
    if disputed.origin != "examiner" or (look.answered and look.answer is True):
        return disputed, _ruling(
            disputed, "kept", f"{what}: the examiner found it in the spec again"
        )
    why = "does not find it in the spec" if look.answered else "gave no answer"
    return None, _ruling(
        disputed, "set_aside", f"{what}: drafts agree against it, and the examiner {why}"
    )


def apply(exam: Exam, rulings: Sequence[tuple[Case | Property | None, Ruling]]) -> Exam:
    """Return the exam with each ruled subject kept, replaced or left out, and the rulings on record."""
    stands: Mapping[Digest, Case | Property | None] = {one.subject: new for new, one in rulings}
    cases: dict[Digest, Case] = {}
    for case in exam.cases:
        new = stands.get(case.digest, case)
        if isinstance(new, Case):
            cases.setdefault(new.digest, new)
    properties = [one for one in exam.properties if stands.get(one.digest, one) is not None]
    return exam.model_copy(
        update={
            "cases": tuple(cases.values()),
            "properties": tuple(properties),
            "rulings": (*exam.rulings, *(ruling for _, ruling in rulings)),
        }
    )


def _case(case: Case, look: SecondLook, consensus: JsonValue) -> tuple[Case | None, Ruling]:
    what = f"arguments {shown(case.arguments)}, first answer {shown(case.expected)}"
    if case.is_law:
        return case, _ruling(case, "kept", f"{what}: the case is law")
    if look.answered and same(look.answer, case.expected):
        return case, _ruling(
            case, "kept", f"{what}: asked again, the examiner gave the same answer"
        )
    if look.answered and same(look.answer, consensus):
        corrected = case.model_copy(update={"expected": look.answer})
        why = f"{what}: asked again, the examiner gave {shown(look.answer)}, as the drafts do"
        return corrected, _ruling(case, "corrected", why)
    second = f"gave {shown(look.answer)}" if look.answered else "gave no usable answer"
    why = f"{what}: drafts agree on {shown(consensus)}, and the examiner, asked again, {second}"
    return None, _ruling(case, "set_aside", why)


def _ruling(subject: Case | Property, decision: str, why: str) -> Ruling:
    return Ruling.model_validate({"subject": subject.digest, "decision": decision, "why": why})
