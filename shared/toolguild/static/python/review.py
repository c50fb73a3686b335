"""The static review of Python code."""

import ast
import warnings

from toolguild.capability import Capabilities
from toolguild.policy import Policy
from toolguild.static.finding import Finding, finding
from toolguild.static.python.flow import Flow
from toolguild.static.python.judge import Judge
from toolguild.static.python.limits import without_limit
from toolguild.static.python.scope import Scopes
from toolguild.static.python.shape import (
    endless_loops,
    own_attributes,
    passed_functions,
    quiet_uses,
    too_large,
    uses_templates,
)


def review_python(source: str, policy: Policy, declared: Capabilities | None) -> set[Finding]:
    """Return what is found in Python code. Never raises; what cannot be followed is a finding."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a text
            tree = ast.parse(source)
    except SyntaxError as error:
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        return {finding("syntax", line, column, f"is no valid Python: {error.msg}")}
    except (RecursionError, MemoryError):
        return {finding("too-deep", 1, 1, "nested too deeply for Python itself")}
    except ValueError as error:
        return {finding("syntax", 1, 1, f"is no valid Python: {error}")}
    why = too_large(tree)
    if why is not None:
        return {finding("too-deep", 1, 1, why)}
    judge = Judge(policy, declared)
    nodes = list(ast.walk(tree))
    judge.quiet = quiet_uses(nodes)
    judge.passed = passed_functions(nodes)
    judge.formats = uses_templates(nodes)
    judge.own = own_attributes(nodes)
    try:
        Flow(tree, Scopes(tree), judge).run()
    except RecursionError:
        return {finding("too-deep", 1, 1, "nested too deeply to be followed")}
    for loop in endless_loops(tree):
        judge.report("endless-loop", loop, "nothing ends this loop")
    for place, why in without_limit(nodes):
        judge.report("endless-loop", place, why)
    return judge.findings
