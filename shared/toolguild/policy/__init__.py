"""The operator's policy: what tools, tasks and agents may do. The ceiling of everything."""

from toolguild.policy.load import default_text, load_policy, parse_policy
from toolguild.policy.model import (
    Autonomy,
    Budget,
    Budgets,
    BuildRules,
    ExamRules,
    InputRules,
    Level,
    Policy,
    ReviewRules,
    TaskRules,
)
from toolguild.policy.names import Action, Decision, NameRules, RulesByLanguage

__all__ = [
    "Action",
    "Autonomy",
    "Budget",
    "Budgets",
    "BuildRules",
    "Decision",
    "ExamRules",
    "InputRules",
    "Level",
    "NameRules",
    "Policy",
    "ReviewRules",
    "RulesByLanguage",
    "TaskRules",
    "default_text",
    "load_policy",
    "parse_policy",
]
