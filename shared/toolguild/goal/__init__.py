"""What a person asks for, and how a program checks that they got it."""

from toolguild.goal.check import (
    Check,
    ContainsCheck,
    EqualsCheck,
    FileCheck,
    LengthCheck,
    RangeCheck,
    SchemaCheck,
)
from toolguild.goal.criteria import FileHead, Judgement, evaluate
from toolguild.goal.formal import formalise
from toolguild.goal.model import Criterion, Goal, load_goal, parse_goal
from toolguild.tool.spec import Example

__all__ = [
    "Check",
    "ContainsCheck",
    "Criterion",
    "EqualsCheck",
    "Example",
    "FileCheck",
    "FileHead",
    "Goal",
    "Judgement",
    "LengthCheck",
    "RangeCheck",
    "SchemaCheck",
    "evaluate",
    "formalise",
    "load_goal",
    "parse_goal",
]
