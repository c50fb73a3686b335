"""From a model's proposal to a plan: code decides all that code can. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from toolguild.goal import Goal
from toolguild.plan import Plan, Step, references
from toolguild.screen.withhold import screened
from toolguild.tool import Example, Published, ToolSpec
from toolguild.tool.spec import JsonSchema
from toolguild_planner.asking import capabilities, is_file, language, notes, too_far, wished
from toolguild_planner.marks import (
    answered,
    files_in,
    listed,
    name_of,
    step_id,
    translated,
    with_outputs,
)
from toolguild_planner.observe import Observation
from toolguild_planner.proposal import NEW, Proposal, ProposedStep
from toolguild_planner.schemas import INSTANCE, schema_of_type, schema_of_values, type_of_argument


@dataclass(frozen=True)
class Bound:
    """A plan made from a proposal, or the reasons why none could be."""

    plan: Plan | None
    complaints: tuple[str, ...] = ()


def bind(proposal: Proposal, goal: Goal, seen: Observation, done: Sequence[Step] = ()) -> Bound:
    """Turn a proposal into a plan in which `done` steps are kept as they are."""
    kept = {step.id for step in done}
    proposed = [step for step in proposal.steps if step_id(step.id) not in kept]
    ids = {step.id: step_id(step.id) for step in proposal.steps} | {name: name for name in kept}
    if not proposed:
        return Bound(None, ("there is no step besides those that are done",))
    binder = _Binder(goal, seen, ids, alone=len(proposed) == 1 and not done)
    steps = tuple(binder.step(step) for step in proposed)
    last = steps[-1].id if steps else ""
    complaints = tuple(binder.complaints)
    if seen.files and not done and not any(_files(step) for step in steps):
        names = ", ".join(f'"$file:{file.name}"' for file in seen.files)
        complaints += (f"no step reads the input: give {names} as the value of an argument",)
    if complaints:
        return Bound(None, complaints)
    return Bound(Plan(steps=(*done, *steps), answer=answered(proposal.answer, ids, last)))


class _Binder:
    """Binds the steps of one proposal and collects what speaks against it."""

    def __init__(
        self, goal: Goal, seen: Observation, ids: Mapping[str, str], *, alone: bool
    ) -> None:
        self.goal, self.seen, self.ids, self.alone = goal, seen, ids, alone
        self.complaints: list[str] = []
        self._names = {file.name for file in seen.files}
        self._tools = {entry.tool.name: entry for entry in seen.tools}

    def step(self, step: ProposedStep) -> Step:
        """Return the step bound to a tool or to a request."""
        arguments = {
            one.name: with_outputs(
                translated(one.value, self._names, self.ids), self._names, self.goal.primary
            )
            for one in step.arguments
        }
        bound = Step.model_construct(
            id=self.ids[step.id],
            purpose=step.purpose,
            foreach=listed(step.foreach, self._names, self.ids),
        )
        entry = self._tools.get(step.tool)
        if entry is not None:
            return self._existing(bound, step, entry, arguments)
        if step.tool != NEW:
            known = ", ".join([*self._tools, NEW])
            self.complaints.append(
                f"step {step.id}: there is no tool {step.tool!r}; choose from {known}"
            )
        return self._request(bound, step, arguments)

    def _existing(
        self, step: Step, proposed: ProposedStep, entry: Published, arguments: dict[str, JsonValue]
    ) -> Step:
        """Bind a published tool; where the goal has examples, the tool has to prove itself on them first."""
        draft = entry.tool.draft
        self._far(step, entry)
        paths = [
            name
            for name, inner in _properties(draft.input_schema).items()
            if inner.get("format") == "path"
        ]
        arguments = self._with_file(arguments, paths)
        examples = self._examples(arguments, tool=entry.tool.name) if self.alone else ()
        if not examples:
            return _step(step, arguments, tool=entry.tool.digest, title=entry.tool.title)
        limits = entry.tool.capabilities.limits.meet(self.seen.grant.limits)
        spec = ToolSpec(
            name=draft.name,
            purpose=draft.description,
            input_schema=draft.input_schema,
            output_schema=draft.output_schema,
            examples=examples,
            language=draft.language,
            capabilities=entry.tool.capabilities.model_copy(update={"limits": limits}),
            notes=notes(self.goal, alone=self.alone),
        )
        return _step(step, arguments, request=spec, candidates=(entry.tool.digest,))

    def _far(self, step: Step, entry: Published) -> None:
        """Complain about a tool that reaches further than anybody asked for."""
        bound = wished(self.goal, self.seen)
        far = too_far(entry.tool.capabilities, bound) if self.seen.bounded else ()
        if far:
            self.complaints.append(
                f"step {step.id}: {entry.tool.name} uses {', '.join(far)}, which the goal does not name; "
                "do without it"
            )

    def _request(self, step: Step, proposed: ProposedStep, arguments: dict[str, JsonValue]) -> Step:
        arguments = {name_of(name) or name: value for name, value in arguments.items()}
        if not any(_refers(value) for value in arguments.values()):
            free = [one.name for one in proposed.arguments if one.type == "file"]
            if free or self.alone:  # of several steps, one may well need no file
                arguments = self._with_file(arguments, [name_of((free or ["path"])[0]) or "path"])
        examples = self._examples(arguments) if self.alone else ()
        if proposed.returns == "file" and not wished(self.goal, self.seen).write:
            self.complaints.append(
                f"step {step.id}: the goal asks for no file; return the value itself"
            )
        spec = ToolSpec(
            name=name_of(proposed.new_name)
            or name_of(proposed.purpose)[:40].rstrip("_")
            or "new_tool",
            purpose=proposed.purpose,
            input_schema=self._input_schema(proposed, arguments),
            output_schema=_output_schema(proposed, examples),
            examples=examples,
            language=language(self.goal, self.seen),
            capabilities=capabilities(proposed, arguments, self.goal, self.seen),
            notes=notes(self.goal, alone=self.alone),
        )
        return _step(step, arguments, request=spec)

    def _with_file(
        self, arguments: dict[str, JsonValue], paths: Sequence[str]
    ) -> dict[str, JsonValue]:
        """Bind the only input file to the only argument that takes a file, where the model forgot to."""
        if len(paths) == 1 and len(self._names) == 1:
            (path,), (name,) = paths, self._names
            if not _refers(arguments.get(path)):
                rest = {key: value for key, value in arguments.items() if key != path}
                return {path: {"$file": name}, **rest}
        return arguments

    def _examples(self, arguments: Mapping[str, JsonValue], tool: str = "") -> tuple[Example, ...]:
        """Give the examples of the goal to the one tool of the plan; a published tool's names are its own."""
        fitting = []
        for example in self.goal.examples:
            called = dict(example.arguments) or _called(arguments, sorted(example.files))
            if called.keys() != arguments.keys():
                if tool:
                    continue
                wanted = ", ".join(called)
                self.complaints.append(
                    f"the arguments of the tool must be called {wanted}, as in the example"
                )
                continue
            fitting.append(
                Example(
                    arguments=called,
                    expected=example.expected,
                    files=example.files,
                    expected_files=example.expected_files,
                )
            )
        return tuple(fitting)

    def _input_schema(
        self, proposed: ProposedStep, arguments: Mapping[str, JsonValue]
    ) -> JsonSchema:
        said = {name_of(one.name) or one.name: one for one in proposed.arguments}
        properties: dict[str, JsonValue] = {}
        for name, value in arguments.items():
            one = said.get(name)
            words = one.description if one else ""
            type_name = type_of_argument(value, one.type if one else "file")
            about = (
                (words or "path of a file") + self._format(value)
                if is_file(value, type_name)
                else words
            )
            properties[name] = schema_of_type(type_name, about)
            if type_name == "array" and any(files_in(value)):
                properties[name] = {
                    "type": "array",
                    "items": schema_of_type("file"),
                    "description": about,
                }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _format(self, value: JsonValue) -> str:
        """Say what the file is like that stands for an argument."""
        name = next(iter(files_in(value)), None)
        file = next((file for file in self.seen.files if file.name == name), None)
        if file is None:
            return ""
        begins = "; ".join(file.shown[:2])
        if self.seen.screened:  # it stands in the spec, and with the tool in the registry
            begins = screened(begins, where=f"file:{file.name}").text
        return INSTANCE + begins


def _step(step: Step, arguments: dict[str, JsonValue], **fields: object) -> Step:
    return Step.model_validate(
        {
            "id": step.id,
            "purpose": step.purpose,
            "foreach": step.foreach,
            "arguments": arguments,
            **fields,
        }
    )


def _called(arguments: Mapping[str, JsonValue], names: Sequence[str]) -> dict[str, JsonValue]:
    """Return the call of an example that gives only files and an answer: the step's own, on these files."""

    def swap(value: JsonValue) -> JsonValue:
        match value:
            case {"$file": str() as name}:
                return f"/data/{name if name in names or not names else names[0]}"
            case list():
                return [swap(item) for item in value]
            case _:
                return value

    return {name: swap(value) for name, value in arguments.items()}


def _output_schema(proposed: ProposedStep, examples: Sequence[Example]) -> JsonSchema:
    words = {"description": proposed.returned} if proposed.returned else {}
    shown = schema_of_values(
        [example.expected for example in examples if example.expected is not None]
    )
    if not shown:
        return schema_of_type(proposed.returns, proposed.returned)
    if shown == {"type": "integer"} and proposed.returns != "integer":
        shown = {"type": "number"}
    return shown | words


def _properties(schema: JsonSchema) -> dict[str, dict[str, JsonValue]]:
    properties = schema.get("properties")
    every = properties if isinstance(properties, dict) else {}
    return {name: inner for name, inner in every.items() if isinstance(inner, dict)}


def _refers(value: JsonValue) -> bool:
    return any(True for _ in references(value))


def _files(step: Step) -> bool:
    return any(True for _ in files_in(dict(step.arguments))) or any(
        True for _ in files_in(step.foreach)
    )
