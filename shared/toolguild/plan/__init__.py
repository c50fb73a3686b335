"""A typed plan: steps, each bound to a tool or to a request for one, and the data that flows between them."""

from toolguild.plan.check import check_plan
from toolguild.plan.plan import Plan, Step
from toolguild.plan.reference import references, resolve

__all__ = ["Plan", "Step", "check_plan", "references", "resolve"]
