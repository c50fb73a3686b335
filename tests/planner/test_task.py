"""The life of a task without a network: messages in, messages out."""

from task_play import (
    BUILD,
    FAULT,
    RULES,
    TASK,
    A,
    B,
    bound,
    broke,
    given_goal,
    good,
    last,
    planned,
    play,
    ran,
    ready,
    wanting,
)

from toolguild.messages import (
    Artifact,
    Command,
    CriterionResult,
    ModelUsage,
    commands,
    events,
)
from toolguild_planner.state import Active, Over
from toolguild_planner.task import READS, advance


def test_a_tool_that_nobody_has_is_wanted_made_run_and_answers() -> None:
    state, said = play(given_goal(), planned(wanting()), ready(), ran("s1", 3))

    assert isinstance(state, Over)
    kinds = [message.kind for message in said]
    assert kinds == [
        "time-came",
        "make-plan",
        "tool-wanted",
        "run-tool",
        "tool-served",
        "task-ended",
    ]
    result = last(said).result
    assert (result.status, result.answer) == ("succeeded", 3)
    assert [(use.name, use.version) for use in result.made] == [("total", "1.0")]
    assert result.reused == ()


def test_a_candidate_that_answers_the_examples_is_reused_and_nothing_is_wanted() -> None:
    tried = events.ToolTried(task=TASK, step="s1", tool=B, title="sum_up@2.1", passed=True)
    _, said = play(given_goal(), planned(wanting(candidates=(B,))), tried, ran("s1", 3, B))

    orders = [m.kind for m in said if isinstance(m, Command)]
    assert orders == ["make-plan", "try-tool", "run-tool"]
    assert [use.name for use in last(said).result.reused] == ["sum_up"]


def test_a_reused_tool_is_called_by_its_own_argument_names() -> None:
    tried = events.ToolTried(
        task=TASK, step="s1", tool=B, title="s@1.0", passed=True, mapping={"xs": "numbers"}
    )
    _, said = play(given_goal(), planned(wanting(candidates=(B,))), tried)

    assert isinstance(said[-1], commands.RunTool)
    assert said[-1].arguments == {"numbers": [1, 2]}


def test_when_no_candidate_will_do_the_tool_is_made() -> None:
    no = events.ToolTried(task=TASK, step="s1", tool=B, title="x@1.0", passed=False)
    _, said = play(given_goal(), planned(wanting(candidates=(B,))), no)

    assert isinstance(said[-1], events.ToolWanted)
    assert said[-1].build == BUILD


def test_independent_steps_run_side_by_side_and_a_dependent_one_waits_for_its_inputs() -> None:
    plan = planned(
        bound("one"),
        bound("two"),
        bound("both", arguments={"x": {"$from": "/one/value"}, "y": {"$from": "/two/value/n"}}),
    )
    _, before = play(given_goal(), plan, ran("one", 1))
    _, after = play(given_goal(), plan, ran("one", 1), ran("two", {"n": 2}))

    assert [m.step for m in before if isinstance(m, commands.RunTool)] == ["one", "two"]
    assert isinstance(after[-1], commands.RunTool)
    assert after[-1].arguments == {"x": 1, "y": 2}


def test_foreach_calls_once_for_each_item_and_keeps_the_order_of_the_items() -> None:
    step = bound("each", foreach=[10, 20, 30], arguments={"x": {"$item": ""}})
    calls = [ran("each", n, item=n) for n in (2, 0, 1)]
    _, said = play(given_goal(), planned(step), *calls)

    assert [m.arguments["x"] for m in said if isinstance(m, commands.RunTool)] == [10, 20, 30]
    assert last(said).result.answer == [0, 1, 2]


def test_an_empty_foreach_is_done_without_a_call_and_frees_what_waits_for_it() -> None:
    plan = planned(
        bound("after", arguments={"xs": {"$from": "/each/value"}}),
        bound("each", foreach=[], arguments={"x": {"$item": ""}}),
        answer={"$from": "/after/value"},
    )
    _, said = play(given_goal(), plan)

    assert isinstance(said[-1], commands.RunTool)
    assert (said[-1].step, said[-1].arguments) == ("after", {"xs": []})


def test_a_long_foreach_is_sent_in_a_window_that_slides() -> None:
    rules = RULES.model_copy(update={"foreach_items": 1000})
    step = bound("each", foreach=list(range(200)), arguments={"x": {"$item": ""}})
    state, said = play(given_goal(), planned(step), rules=rules)
    assert sum(isinstance(m, commands.RunTool) for m in said) == 64
    _, more = advance(rules, good, state, ran("each", 0, item=5))

    assert [m.arguments["x"] for m in more if isinstance(m, commands.RunTool)] == [64]


def test_a_failure_on_real_data_mends_the_tool_and_only_the_failing_call_runs_again() -> None:
    step = bound("each", foreach=[1, 2], arguments={"x": {"$item": ""}})
    state, said = play(given_goal(), planned(step), broke("each", item=1), ran("each", 1, item=0))
    wanted = said[-1]
    assert isinstance(wanted, events.ToolWanted)
    assert (wanted.parent, wanted.fault) == (A, FAULT)
    assert wanted.regression is not None

    state, again = advance(RULES, good, state, ready(B, build=wanted.build))
    assert [(m.item, m.tool) for m in again if isinstance(m, commands.RunTool)] == [(1, B)]
    _, end = advance(RULES, good, state, ran("each", 9, B, item=1))
    result = last(end).result
    assert (result.answer, result.steps[0].how) == ([1, 9], "repaired")


def test_a_tool_that_fails_again_after_its_repairs_makes_a_new_plan_and_then_the_end() -> None:
    state, said = play(given_goal(), planned(bound("s1")), broke("s1"))
    assert isinstance(said[-1], events.ToolWanted)
    state, _ = advance(RULES, good, state, ready(B, build=said[-1].build))
    state, said_next = advance(RULES, good, state, broke("s1", B))
    assert isinstance(said_next[-1], commands.MakePlan)
    assert "no number" in said_next[-1].complaints[0]
    state, _ = advance(RULES, good, state, planned(bound("s2"), attempt=2))
    failed = events.WorkFailed(
        about_key=TASK, of="run-tool", ref="2:s2:0", code="refused", reason="revoked"
    )
    _, end = advance(RULES, good, state, failed)

    assert (last(end).status, last(end).result.reason) == ("failed", "step s2 failed: revoked")


def test_a_tool_that_the_executor_refuses_to_run_is_not_taken_again() -> None:
    refused = events.WorkFailed(
        about_key=TASK, of="run-tool", ref="1:s1", code="refused", reason="total@1.0 is revoked"
    )
    _, said = play(
        given_goal(),
        planned(wanting()),
        ready(A),
        refused,
        planned(wanting(), attempt=2),
    )

    wants = [one for one in said if isinstance(one, events.ToolWanted)]
    assert [one.barred for one in wants] == [(), (A,)]


def test_steps_that_a_new_plan_has_again_word_for_word_are_not_run_again() -> None:
    first, second = bound("one"), bound("two", arguments={"x": {"$from": "/one/value"}})
    gone = events.WorkFailed(
        about_key=TASK, of="run-tool", ref="1:two:0", code="failed", reason="x"
    )
    state, _ = play(given_goal(), planned(first, second), ran("one", 7), gone)
    other = bound("three", B, arguments={"x": {"$from": "/one/value"}})
    _, said = advance(RULES, good, state, planned(first, other, attempt=2))

    assert [(m.step, m.arguments) for m in said if isinstance(m, commands.RunTool)] == [
        ("three", {"x": 7})
    ]


def test_an_answer_to_an_earlier_plan_counts_for_nothing() -> None:
    gone = events.WorkFailed(
        about_key=TASK, of="run-tool", ref="1:two:0", code="failed", reason="x"
    )
    state, _ = play(given_goal(), planned(bound("one"), bound("two")), gone)
    state, _ = advance(RULES, good, state, planned(bound("one"), attempt=2))
    late = ran("one", "stale")

    assert advance(RULES, good, state, late) == (state, [])


def test_criteria_decide_between_succeeded_and_partial() -> None:
    def judged(*met: bool | None) -> events.CriteriaJudged:
        return events.CriteriaJudged(
            task=TASK,
            criteria=tuple(
                CriterionResult(text="c", met=m, evidence="e", judged_by="program") for m in met
            ),
        )

    begun = (given_goal("c"), planned(bound("s1")), ran("s1", 3))
    one_try = RULES.model_copy(update={"replans": 0})
    assert last(play(*begun, judged(True))[1]).status == "succeeded"
    assert last(play(*begun, judged(None))[1]).status == "partial"
    assert last(play(*begun, judged(True, False), rules=one_try)[1]).status == "partial"
    assert isinstance(play(*begun, judged(False))[1][-1], commands.MakePlan)


def test_a_task_that_cannot_be_planned_again_tells_first_what_was_wrong() -> None:
    unmet = CriterionResult(text="short", met=False, evidence="9 words", judged_by="program")
    _, said = play(
        given_goal("short"),
        planned(bound("s1")),
        ran("s1", 3),
        events.CriteriaJudged(task=TASK, criteria=(unmet,)),
        events.WorkFailed(about_key=TASK, of="make-plan", code="failed", reason="no plan"),
    )

    assert last(said).result.status == "partial"
    assert last(said).result.reason == (
        "a criterion is not met: short (9 words); no new plan: no plan"
    )


def test_each_end_has_its_own_name() -> None:
    def denied(code: str) -> events.ToolDenied:
        return events.ToolDenied.model_validate(
            {"task": TASK, "build": BUILD, "code": code, "reason": "why"}
        )

    once = RULES.model_copy(update={"replans": 0})
    begun = (given_goal(), planned(wanting()))
    for code in ("refused", "out_of_budget", "stuck", "failed"):
        assert last(play(*begun, denied(code), rules=once)[1]).status == code
    broke_bank = events.WorkFailed(
        about_key=TASK, of="run-tool", ref="1:s1:0", code="out_of_budget", reason="0.01 USD"
    )
    assert last(play(*begun, broke_bank)[1]).status == "out_of_budget"
    cancel = events.Intervened(task=TASK, action="cancel", by="ana")
    assert last(play(*begun, cancel)[1]).status == "cancelled"


def test_files_travel_as_artifacts_and_the_answer_names_them() -> None:
    table = Artifact(name="in.csv", sha256="0" * 64, bytes=3)
    plot = Artifact(name="plot.png", sha256="1" * 64, bytes=9)
    plan = planned(
        bound("draw", arguments={"path": {"$file": "in.csv"}}),
        answer={"plot": {"$from": "/draw/files/plot.png"}},
    )
    drawn = ran("draw", None).model_copy(update={"files": (plot,)})
    _, said = play(given_goal(files=(table,)), plan, drawn)

    call = next(m for m in said if isinstance(m, commands.RunTool))
    assert call.files == (table,)
    assert call.arguments == {"path": {"$artifact": table.model_dump(mode="json")}}
    assert last(said).result.answer == {"plot": "plot.png"}
    assert last(said).result.files == (plot,)


def test_an_answer_that_is_the_path_of_a_written_file_names_the_file_as_the_person_gets_it() -> (
    None
):
    made = Artifact(name="out.xml", sha256="c" * 64, bytes=3)
    wrote = ran("s1", "/output/out.xml").model_copy(update={"files": (made,)})
    _, said = play(given_goal(), planned(bound("s1")), wrote)
    _, other = play(given_goal(), planned(bound("s1")), ran("s1", "/output/none.xml"))

    also = made.model_copy(update={"sha256": "d" * 64})
    _, two = play(
        given_goal(),
        planned(bound("s0"), bound("s1")),
        ran("s0", 1).model_copy(update={"files": (also,)}),
        wrote,
    )

    assert last(said).result.answer == "out.xml"
    assert last(two).result.answer == "/output/out.xml"
    assert last(other).result.answer == "/output/none.xml"


def test_what_was_seen_before_planning_stands_in_the_result() -> None:
    plan = planned(bound("s1")).model_copy(update={"seen": ("saw a.csv: csv, 40 rows",)})
    _, said = play(given_goal(), plan, ran("s1", 3))

    assert last(said).result.events[0] == "saw a.csv: csv, 40 rows"


def test_usage_of_models_is_summed_over_plan_build_and_judgement() -> None:
    usage = (ModelUsage(role="planner", model="m", source="scripted", calls=1, input_tokens=5),)
    plan = planned(wanting()).model_copy(update={"usage": usage})
    tool = ready().model_copy(update={"usage": usage})
    _, said = play(given_goal(), plan, tool, ran("s1", 3))

    assert [(one.calls, one.input_tokens) for one in last(said).result.usage] == [(2, 10)]


def test_the_process_reads_every_event_that_it_handles() -> None:
    assert {events.GoalGiven, events.ToolRan, events.WorkFailed, events.Intervened} <= set(READS)
    assert isinstance(play(given_goal())[0], Active)
