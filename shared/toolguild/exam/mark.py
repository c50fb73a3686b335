"""Marking: what one call's end says about one case. Nothing that the code printed or claimed has a say."""

from collections.abc import Iterator, Mapping
from itertools import chain

from toolguild.exam.compare import Difference, differences, file_differences, tell
from toolguild.exam.output_file import ANSWERED, missing, named
from toolguild.exam.schema import complaints
from toolguild.exam.shown import kept
from toolguild.sandbox.interface import Ran
from toolguild.tool import Case, CaseResult


def mark(case: Case, ran: Ran, output_schema: Mapping[str, object]) -> CaseResult:
    """Compare how a call ended with what the case expects, and its answer with the output schema."""
    wrong = _wrong(case, ran, output_schema)
    return CaseResult(
        case=case.digest,
        passed=not wrong,
        outcome=ran.outcome,
        got=kept(ran.value) if ran.outcome == "ok" else None,
        difference=wrong,
        fault=ran.fault,
    )


def unfit(case: Case, why: tuple[str, ...]) -> CaseResult:
    """Mark a case whose arguments the tool's own input schema refuses: it is not run."""
    text = f"the arguments do not meet the input schema: {'; '.join(why)}"
    return CaseResult(case=case.digest, passed=False, outcome="error", difference=text)


def case_differences(case: Case, ran: Ran) -> Iterator[Difference]:
    """Yield how the answer and the files of a call that ended well differ from the expected ones."""
    if case.only_runs:
        return iter(())
    files = {file.name: file.content for file in ran.files}
    answered = named(ran.value, files) or ANSWERED
    expected = {
        answered if name == ANSWERED else name: text for name, text in case.expected_files.items()
    }
    if case.expected is None and expected:
        return file_differences(expected, files)  # only the files were asked for
    return chain(differences(case.expected, ran.value), file_differences(expected, files))


def _wrong(case: Case, ran: Ran, output_schema: Mapping[str, object]) -> str:
    if ran.outcome != "ok":
        fault = f": {ran.fault.type}: {ran.fault.message}" if ran.fault else ""
        return f"the call ended with {ran.outcome}{fault}"[:600]
    told = tell(case_differences(case, ran))
    if told:
        return told
    schema = complaints(ran.value, output_schema)
    if schema:
        return f"the answer does not meet the output schema: {'; '.join(schema)}"
    return missing(ran.value, [file.name for file in ran.files], output_schema)
