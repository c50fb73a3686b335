"""Telling a failure to the author: what a person wrote whole, what the examiner wrote only in outline."""

import re

from pydantic import JsonValue

from toolguild.exam.compare import differences
from toolguild.exam.shown import shown
from toolguild.tool import Case, CaseResult, Exam, TestReport

_MAX_TOLD = 6


def failures(exam: Exam, report: TestReport) -> tuple[str, ...]:
    """Tell what a draft failed at, visible cases first, without giving hidden answers away."""
    cases = {case.digest: case for case in exam.cases}
    failed = [
        (cases[one.case], one) for one in report.results if not one.passed and one.case in cases
    ]
    failed.sort(key=lambda pair: not pair[0].is_law)
    told = [tell_case(case, result) for case, result in failed[:_MAX_TOLD]]
    if len(failed) > _MAX_TOLD:
        told.append(f"{len(failed) - _MAX_TOLD} more cases fail")
    told += _properties(exam, report)
    if report.generated.failed:
        one = report.generated
        inputs = (
            f" For example {shown(one.counterexample, 400)}."
            if one.counterexample is not None
            else ""
        )
        told.append(
            f"{one.failed} of {one.tried} inputs made from the input schema fail: {one.first_failure}.{inputs}"
        )
    return tuple(told)


def tell_case(case: Case, result: CaseResult) -> str:
    """Tell one failed case: whole when a person or real data brought it, else in outline."""
    return _whole(case, result) if case.is_law else _outline(case, result)


def shape(value: JsonValue, depth: int = 0) -> str:
    """Describe a value without its content: "list of 3 numbers", "object with name, price"."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            size = "zero" if value == 0 else "negative" if value < 0 else "positive"
            return f"a {size} number"
        case str():
            return f"text of {len(value)} characters" if value else "empty text"
        case list():
            inner = sorted({shape(item, depth + 1) for item in value[:20]}) if depth < 3 else []
            return f"list of {len(value)}" + (f" ({', '.join(inner[:3])})" if inner else "")
        case _:
            if depth >= 3:
                return "object"
            return (
                "{"
                + ", ".join(f"{k}: {shape(v, depth + 1)}" for k, v in list(value.items())[:10])
                + "}"
            )


def _whole(case: Case, result: CaseResult) -> str:
    files = "".join(f" File /data/{name}: {shown(text, 400)}." for name, text in case.files.items())
    wanted = "to end well" if case.only_runs else shown(case.expected, 400)
    written = "".join(
        f" Expected /output/{name}: {shown(text, 400)}."
        for name, text in case.expected_files.items()
    )
    return (
        f"With arguments {shown(case.arguments, 600)} the expected answer is {wanted}, but {result.difference}."
        f"{files}{written}{_line(result)}"
    )


def _outline(case: Case, result: CaseResult) -> str:
    files = f" and {len(case.files)} file(s)" if case.files else ""
    given = f"{shape(dict(case.arguments))}{files}"
    return f"A hidden case with arguments {given}: {_kind(case, result)}{_line(result)}"


def _kind(case: Case, result: CaseResult) -> str:
    if result.outcome != "ok":
        fault = result.fault
        # the message may quote the hidden input, so only its type is told
        return f"the call ended with {result.outcome}" + (f" ({fault.type})" if fault else "") + "."
    if result.difference.startswith(("the answer does not meet", "the answer must be the path")):
        return f"{result.difference}."
    if case.expected is None and case.expected_files:
        return "the files below /output are not as they should be."
    for one in differences(case.expected, result.got):
        where = re.sub(r"/\d+(?=/|$)", "/*", one.pointer) or "the top"
        return f"at {where} of the answer: {one.kind}."
    return "the files below /output are not as they should be."


def _line(result: CaseResult) -> str:
    fault = result.fault
    if fault is None or fault.line is None:
        return ""
    return f" It failed in line {fault.line}: {(fault.source_line or '').strip()[:200]}"


def _properties(exam: Exam, report: TestReport) -> list[str]:
    known = {one.digest: one for one in exam.properties}
    told = []
    for result in report.properties:
        one = known.get(result.property)
        if result.passed or one is None:
            continue
        of = f" ({one.argument})" if one.argument else ""
        told.append(
            f"The answer must be {one.kind.replace('_', ' ')}{of}: it was not, in {result.tried} calls."
        )
    return told
