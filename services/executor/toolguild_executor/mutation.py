"""Does the exam notice small faults? Each mutant sits it until something fails."""

from collections.abc import Sequence

from toolguild.capability import Limits
from toolguild.exam.generate import Input
from toolguild.exam.mutate import Mutant, mutants
from toolguild.sandbox.interface import Usage
from toolguild.tool import Draft, Exam, MutationScore
from toolguild_executor.sitting import Peak, Sitting
from toolguild_executor.together import together

MAX_MUTANTS = 12
_GENERATED = 3  # inputs for a mutant that no case noticed


async def mutation_score(
    sitting: Sitting, draft: Draft, exam: Exam, inputs: Sequence[Input]
) -> MutationScore:
    """Return how many mutants of the draft's code the exam notices.

    A mutant is a cleared draft with one operator, number, text or statement changed; it runs in the same
    sandbox, with no more than the draft's own limits.
    """
    every = mutants(draft.source, draft.language, MAX_MUTANTS, exam.seed)
    limits = _limits(sitting.program.granted.limits, sitting.peak.usage)

    async def noticed(mutant: Mutant) -> bool:
        program = sitting.program.mutated(mutant.source, limits)
        return await _noticed(
            Sitting(
                program,
                sitting.sandbox,
                sitting.input_schema,
                sitting.output_schema,
                sitting.language,
                Peak(),
            ),
            exam,
            inputs,
        )

    seen = await together(every, noticed)
    survivors = tuple(
        mutant.title for mutant, killed in zip(every, seen, strict=True) if not killed
    )
    return MutationScore(killed=len(every) - len(survivors), total=len(every), survivors=survivors)


async def _noticed(sitting: Sitting, exam: Exam, inputs: Sequence[Input]) -> bool:
    answers = []
    for case in exam.cases:
        result, answer = await sitting.case(case)
        if not result.passed:
            return True
        if answer is not None:
            answers.append(answer)
    for wanted in exam.properties:
        if not (await sitting.property(wanted, answers, exam.seed)).passed:
            return True
    generated, _ = await sitting.generated(inputs[:_GENERATED])
    return generated.failed > 0


def _limits(limits: Limits, peak: Usage | None) -> Limits:
    """Bound a mutant by what the draft itself used: a fault that loops for ever must not take minutes."""
    if peak is None:
        return limits
    return limits.model_copy(
        update={
            "wall_seconds": min(limits.wall_seconds, max(2.0, 10 * peak.wall_seconds)),
            "cpu_seconds": min(limits.cpu_seconds, max(1.0, 10 * peak.cpu_seconds)),
        }
    )
