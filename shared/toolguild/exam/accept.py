"""Whether a tool behaves well on an input that nobody has an answer for."""

from collections.abc import Mapping

from toolguild.capability import Language
from toolguild.exam.generate import Input
from toolguild.exam.output_file import missing
from toolguild.exam.schema import complaints
from toolguild.sandbox.interface import Fault, Ran

# exceptions by which a tool says that this input has no answer
_REFUSALS: Mapping[Language, frozenset[str]] = {
    "python": frozenset(
        (
            *("ValueError", "UnicodeError", "UnicodeDecodeError", "UnicodeEncodeError"),
            *("JSONDecodeError", "StatisticsError", "EmptyDataError", "ParserError", "ParseError"),
            *("ArithmeticError", "ZeroDivisionError", "OverflowError", "DecimalException"),
            *("InvalidOperation", "DivisionByZero", "BadZipFile", "IllegalMonthError"),
        )
    ),
    "javascript": frozenset(("Error", "RangeError", "SyntaxError", "URIError")),
}
# exceptions that no input excuses: the code itself is wrong
_DEFECTS = frozenset(
    (
        *("NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "ReferenceError"),
        *("ImportError", "ModuleNotFoundError", "RecursionError", "MemoryError"),
        *("NotImplementedError", "PermissionError"),
    )
)


def objection(
    made: Input, ran: Ran, output_schema: Mapping[str, object], language: Language
) -> str:
    """Say what is wrong with how the call ended, or "" when it is acceptable.

    An answer must meet the output schema. Instead of an answer, an exception that refuses the input
    (a ValueError or an arithmetic error; in JavaScript an Error or RangeError, say) is always
    acceptable, and any exception that is no defect of the code itself when the input is wild: its
    made-up text or keys may mean nothing. A crash, a time-out, a limit reached is not.
    """
    if ran.outcome == "ok":
        wrong = complaints(ran.value, output_schema)
        if wrong:
            return f"the answer does not meet the output schema: {'; '.join(wrong)}"
        return missing(ran.value, [file.name for file in ran.files], output_schema)
    if (
        ran.outcome == "error"
        and ran.fault is not None
        and _refuses(ran.fault, language, made.wild)
    ):
        return ""
    fault = f": {ran.fault.type}: {ran.fault.message}" if ran.fault else ""
    return f"the call ended with {ran.outcome}{fault}"[:400]


def _refuses(fault: Fault, language: Language, wild: bool) -> bool:
    name = fault.type.rsplit(".", 1)[-1]
    if name in _REFUSALS[language]:
        return not (name in _DEFECTS and language == "python")
    return wild and name not in _DEFECTS
