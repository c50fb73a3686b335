"""Where each value of a plan is from."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.plan import Plan, Step
from toolguild.screen.provenance import (
    label_of_block,
    sources_of_steps,
    sources_of_value,
    trusted,
)

TOOL = Digest("a" * 64)
GOAL = Goal(primary="Sum the column amount over 17 rows of a.csv", preferences=("by Region",))


def step(name: str, foreach: JsonValue = None, **arguments: JsonValue) -> Step:
    return Step(id=name, tool=TOOL, arguments=arguments, foreach=foreach)


def sources(*steps: Step, hosts: dict[str, list[str]] | None = None) -> dict[str, tuple[str, ...]]:
    return sources_of_steps(Plan(steps=steps), GOAL, hosts or {})


def test_a_literal_is_the_users_where_it_stands_in_the_goal_and_else_the_models() -> None:
    found = sources(
        step("a", column="amount", limit=17),
        step("b", column="amoun"),
        step("c", column="region", other="price"),
        step("d", flag=True, nothing=None),
    )
    assert found == {"a": ("user",), "b": ("model",), "c": ("user", "model"), "d": ()}


def test_what_a_step_refers_to_is_inherited_through_any_number_of_steps() -> None:
    found = sources(
        step("a", path={"$file": "a.csv"}),
        step("b", rows={"$from": "/a/value/0"}),
        step("c", each={"$item": "/x"}, foreach={"$from": "/b/value"}),
        step("d", path={"$from": "/c/files/out.csv"}, other={"$file": "b.csv"}),
        hosts={"b": ["api.example.com"]},
    )
    assert found["a"] == ("file:a.csv",)
    assert found["b"] == found["c"] == ("file:a.csv", "host:api.example.com")
    assert found["d"] == ("file:a.csv", "file:b.csv", "host:api.example.com")
    assert sources_of_value({"x": {"$from": "/d/value"}}, GOAL, found) == found["d"]


def test_the_order_of_steps_in_a_plan_does_not_matter() -> None:
    first, second = step("b", rows={"$from": "/a/value"}), step("a", path={"$file": "a.csv"})
    assert sources(first, second)["b"] == ("file:a.csv",)


def test_a_value_that_a_person_gave_is_the_users() -> None:
    steps = (step("a", path={"$file": "a.csv"}), step("b", rows={"$from": "/a/value"}))
    found = sources_of_steps(Plan(steps=steps), GOAL, {}, given=("a",))
    assert found == {"a": ("user",), "b": ("user",)}


def test_only_operator_and_user_are_trusted() -> None:
    assert trusted("operator")
    assert trusted("user")
    assert not any(trusted(one) for one in ("model", "file:user", "step:s1", "host:x", "hint"))


def test_blocks_of_prompts_are_named_by_what_is_in_them() -> None:
    values = {"files": [{"name": "fault"}], "done": [{"id": "s1"}]}
    assert label_of_block("fault", values) == "file:fault"
    assert label_of_block("s1", values) == "step:s1"
    assert label_of_block("fault", {}) == "tool output"
    assert label_of_block("hint of ana", {}) == "hint"


@given(st.permutations(range(6)), st.data())
@settings(max_examples=60, deadline=None)
def test_a_step_is_from_everything_that_it_can_reach(order: list[int], data: st.DataObject) -> None:
    """Property: the sources of a step are the files of all steps that it builds on, whatever the order."""
    needs = {n: data.draw(st.sets(st.integers(0, n - 1))) if n else set() for n in range(6)}

    def reached(n: int) -> set[str]:
        return {f"file:f{n}"}.union(*(reached(one) for one in needs[n]))

    made = [
        step(
            f"s{n}", path={"$file": f"f{n}"}, more=[{"$from": f"/s{one}/value"} for one in needs[n]]
        )
        for n in order
    ]
    found = sources(*made)
    assert {name: set(labels) for name, labels in found.items()} == {
        f"s{n}": reached(n) for n in range(6)
    }
