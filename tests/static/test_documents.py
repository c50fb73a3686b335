"""The documents say what the code does."""

from pathlib import Path

from toolguild.goal import Goal, parse_goal
from toolguild.policy import Policy, parse_policy
from toolguild.static import RULES

DOCS = Path(__file__).parents[2] / "docs"


def blocks(name: str) -> list[str]:
    """Return the YAML blocks of a document."""
    parts = (DOCS / name).read_text(encoding="utf-8").split("```yaml\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_table_of_rules_is_the_rules() -> None:
    lines = (DOCS / "policy.md").read_text(encoding="utf-8").splitlines()
    table = lines[lines.index("| rule | severity | about |") + 2 :]

    assert table[: len(RULES)] == [
        f"| `{rule.id}` | {rule.severity} | {rule.text} |" for rule in RULES.values()
    ]
    assert not table[len(RULES)].startswith("|")


def test_the_example_policies_are_policies() -> None:
    text, users = blocks("policy.md")

    policy = parse_policy(text)

    assert parse_policy(users).users.default != Policy().users.default

    assert policy.review.on_ask == "refuse"
    assert policy.imports.python.decide("requests").action == "allow"


def test_the_example_goal_is_one() -> None:
    (text,) = blocks("goal.md")

    goal = parse_goal(text)

    assert isinstance(goal, Goal)
    assert goal.examples[0].expected == {"north": 3, "south": 4}
