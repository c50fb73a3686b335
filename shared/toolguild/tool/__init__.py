"""What a tool is, from the wish to the published record. Pure values, each named by its digest."""

from toolguild.tool.draft import Draft, Provenance
from toolguild.tool.exam import Case, Exam, Property, Ruling
from toolguild.tool.record import Measured, Published, Signature, Tool
from toolguild.tool.report import (
    CaseResult,
    Finding,
    GeneratedResult,
    MutationScore,
    PropertyResult,
    TestReport,
)
from toolguild.tool.spec import Example, ToolSpec
from toolguild.tool.value import Value

__all__ = [
    "Case",
    "CaseResult",
    "Draft",
    "Exam",
    "Example",
    "Finding",
    "GeneratedResult",
    "Measured",
    "MutationScore",
    "Property",
    "PropertyResult",
    "Provenance",
    "Published",
    "Ruling",
    "Signature",
    "TestReport",
    "Tool",
    "ToolSpec",
    "Value",
]
