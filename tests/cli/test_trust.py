"""`toolguild trust` as a person uses it, over a guild of the command's own."""

from tests.auditor.people import TASK
from tests.cli.conftest import Shell
from tests.cli.test_inbox import keep

from toolguild.canonical import Digest
from toolguild.client.trust import Standing, effective, outlook
from toolguild.messages import events
from toolguild.policy import Autonomy, Policy, TrustRules

UNKNOWN = Digest("ab" * 32)


def test_a_tool_of_a_task_is_trusted_explained_dropped_and_restored(shell: Shell) -> None:
    """From a real task on: its run is counted, an incident is told with what, when and by whom."""
    ended = shell.run("run", "Slug of the title", "--user", "eve", "--json")
    assert ended.code == 0, ended.err
    (made,) = ended.json["tools"]["made"]
    # The next command with an auditor of its own counts what the task has left in the log.
    keep(
        shell,
        events.IncidentSeen(
            tool=made["digest"], title="slugify@1.0", task=TASK, what="forged", by="executor"
        ),
        by="planner",
    )
    refused = shell.run("trust", "reset", "slugify", "--reason", "it is fine", "--level", "D")
    assert refused.code == 5
    assert "a person may restore trust up to C" in refused.err

    shown = shell.run("trust", "show", "slugify", "--json").json
    assert (shown["level"], shown["effective"], shown["held"]) == ("A", "A", True)
    assert (shown["verified"], shown["tasks"], shown["users"]) == (1, 1, ["eve"])
    assert [(one["what"], one["by"]) for one in shown["history"]] == [("forged", "executor")]
    text = shell.run("trust", "show", "slugify").out
    assert "trust      A, supervised" in text
    assert "stays so until a person says otherwise" in text

    reset = ("trust", "reset", "slugify", "--reason", "it was the disk", "--user", "ana")
    done = shell.run(*reset, "--json")
    assert (done.code, done.json["level"], done.json["before"]) == (0, "C", "A"), done.err
    (listed,) = shell.run("trust", "list", "--json").json["tools"]
    assert (listed["level"], listed["why"]) == ("C", "ana said so: it was the disk")
    assert "slugify@1.0" in shell.run("trust", "list").out


def test_what_a_tool_runs_at_is_the_least_of_trust_and_policy_and_the_bound_is_named() -> None:
    policy = Policy(autonomy=Autonomy(level="C", agents={"executor": "B"}, tools={"sum": "A"}))
    assert effective(policy, "other", "D") == ("B", "autonomy.agents.executor of the policy")
    assert effective(policy, "sum", "D") == ("A", "autonomy.tools.sum of the policy")
    assert effective(policy, "other", "A") == ("A", "its trust")
    level, bound = effective(Policy(), "other", "D")
    assert level == "C"
    assert bound.startswith("autonomy.level")


def test_what_raises_a_level_is_told() -> None:
    policy = Policy(autonomy=Autonomy(trust=TrustRules(raise_after=5, least_tasks=2)))
    one = Standing(level="B", since=3, since_tasks=("t-1",))
    assert outlook(policy, one) == "next level after 2 more verified runs and 1 more tasks"
    assert "until a person" in outlook(policy, one.model_copy(update={"held": True}))
    assert outlook(policy, one.model_copy(update={"level": "D"})) == "is the highest"


def test_a_reset_needs_a_reason_and_a_tool(shell: Shell) -> None:
    assert "--reason: say why" in shell.run("trust", "reset", "x", "--reason", " ").err
    unknown = shell.run("trust", "show", "nothing")
    assert (unknown.code, "there is no tool nothing" in unknown.err) == (2, True)
