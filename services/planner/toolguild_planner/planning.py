"""MakePlan -> PlanMade: look, ask, check, and give requests the published tools that may serve them."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from pydantic import JsonValue

from toolguild.errors import PermanentError
from toolguild.goal import Goal
from toolguild.guild import Guild
from toolguild.messages.commands import MakePlan
from toolguild.messages.events import InputFlagged, PlanMade
from toolguild.plan import Plan, Step, check_plan
from toolguild.tool import Published
from toolguild_planner.asking import too_far
from toolguild_planner.binding import Bound, bind
from toolguild_planner.observe import CANDIDATES, Observation, observe, parameters, told
from toolguild_planner.proposal import Proposal, proposal_schema
from toolguild_planner.screening import screened
from toolguild_planner.shown import line
from toolguild_planner.structured import pruned
from toolguild_planner.wording import orders_in

_RESULT = 400  # characters of an earlier result that a prompt shows


async def make_plan(guild: Guild, command: MakePlan) -> PlanMade | InputFlagged:
    """Return a plan that nothing speaks against, or why the goal may not be planned as it is.

    Raises PermanentError when the model gives none within its bounds, and what asking raises.
    """
    stopped, spent = await screened(guild, command)
    if stopped is not None:
        return stopped
    seen = await observe(guild, command.goal, command.files)
    done = done_steps(command)
    looked_at: list[tuple[Proposal, Bound]] = []

    def complaints(proposal: Proposal) -> Sequence[str]:
        looked_at.append((proposal, examined(proposal, command.goal, seen, done)))
        return looked_at[-1][1].complaints

    answer = await guild.models.ask(
        "planner",
        "plan",
        prompt_values(command, seen, done),
        Proposal,
        brief=command.brief,
        key=f"plan:{command.task}:{command.attempt}",
        schema=answer_schema(command.goal, seen),
        check=complaints,
    )
    known = next((bound for proposal, bound in looked_at if proposal is answer.value), None)
    bound = known or examined(answer.value, command.goal, seen, done)
    if bound.plan is None:
        raise PermanentError(f"no usable plan: {'; '.join(bound.complaints)}")
    plan = with_candidates(guild, bound.plan, {step.id for step in done})
    return PlanMade(
        task=command.task,
        attempt=command.attempt,
        plan=plan,
        seen=tuple(told(seen)),
        why=_why(command, plan, seen),
        usage=(*spent, answer.usage),
    )


def _why(command: MakePlan, plan: Plan, seen: Observation) -> tuple[str, ...]:
    """Say what this plan was held against, and which complaints about an earlier one it answers."""
    tools, steps = ", ".join(entry.tool.title for entry in seen.tools), len(plan.steps)
    return (
        f"checked: each of {steps} steps (at most {seen.max_steps}) has a tool or a request, what is passed "
        "on has the right type, and what is asked lies within the grant",
        f"published tools considered: {tools or 'none fits'}",
        *(f"answers a complaint: {one}" for one in command.complaints),
    )


def done_steps(command: MakePlan) -> tuple[Step, ...]:
    """Return the steps of the plan before whose results are there: a new plan keeps them."""
    steps = command.before.steps if command.before else ()
    return tuple(step for step in steps if step.id in command.results)


def examined(proposal: Proposal, goal: Goal, seen: Observation, done: Sequence[Step]) -> Bound:
    """Bind a proposal and check the plan; what speaks against it comes back in words."""
    bound = bind(proposal, goal, seen, done)
    if bound.plan is None:
        return bound
    tools = {
        entry.tool.digest: (entry.tool.draft.input_schema, entry.tool.draft.output_schema)
        for entry in seen.tools
    }
    tools |= {step.tool: ({}, {}) for step in done if step.tool is not None}
    names = {file.name for file in seen.files}
    complaints = check_plan(bound.plan, tools, names, seen.grant, seen.max_steps)
    if seen.screened:
        fresh = [step for step in bound.plan.steps if step not in done]
        complaints += orders_in(bound.plan.model_copy(update={"steps": tuple(fresh)}))
    return Bound(None, complaints) if complaints else bound


def with_candidates(guild: Guild, plan: Plan, kept: Set[str]) -> Plan:
    """Name for each request the published tools that are worth trying before one is made.

    One that reaches a host or starts a program that the request does not is none of them.
    """
    bounded = guild.policy.layers.capabilities
    steps = []
    for step in plan.steps:
        if step.request is not None and step.id not in kept:
            fitting = [
                entry
                for entry in guild.registry.fitting(step.request, limit=CANDIDATES)
                if not bounded or not too_far(entry.tool.capabilities, step.request.capabilities)
            ]
            digests = dict.fromkeys((*step.candidates, *(entry.tool.digest for entry in fitting)))
            step = step.model_copy(update={"candidates": tuple(digests)[:CANDIDATES]})
        steps.append(step)
    return plan.model_copy(update={"steps": tuple(steps)})


def prompt_values(command: MakePlan, seen: Observation, done: Sequence[Step]) -> dict[str, Any]:
    """Return what fills the prompt: the same for the same goal, tools and beginnings of files."""
    goal = command.goal
    return {
        "goal": goal.primary,
        "criteria": [criterion.text for criterion in goal.success_criteria],
        "constraints": list(goal.constraints),
        "preferences": list(goal.preferences),
        "files": [{"name": file.name, "lines": list(file.shown)} for file in seen.files],
        "tools": [_tool(entry) for entry in seen.tools],
        "lessons": list(seen.lessons),
        "argument_names": _prescribed(goal),
        "done": [_done(step, command.results) for step in done],
        "complaints": list(command.complaints),
    }


def answer_schema(goal: Goal, seen: Observation) -> Mapping[str, Any]:
    """Narrow the answer to what can be: an example of the whole task asks for one step that does it all."""
    names = [entry.tool.name for entry in seen.tools]
    return proposal_schema(names, 1 if goal.examples else seen.max_steps, _prescribed(goal))


def _prescribed(goal: Goal) -> list[str]:
    """Name the arguments that the person's examples call the tool with."""
    return list(dict.fromkeys(name for example in goal.examples for name in example.arguments))


def _tool(entry: Published) -> dict[str, Any]:
    draft = entry.tool.draft
    return {
        "name": draft.name,
        "description": draft.description,
        "parameters": parameters(draft.input_schema),
        "returns": str(
            draft.output_schema.get("description") or draft.output_schema.get("type", "")
        ),
    }


def _done(step: Step, results: Mapping[str, JsonValue]) -> dict[str, str]:
    result = json.dumps(pruned(results[step.id]), ensure_ascii=False)
    return {"id": step.id, "purpose": line(step.purpose), "result": line(result, _RESULT)}
