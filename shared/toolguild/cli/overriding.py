"""What `toolguild override` puts in place of what the guild decided, checked against the task."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.picture import Picture
    from toolguild.messages.override import Override
    from toolguild.plan.plan import Step
    from toolguild.tool import Draft

MAX_VALUE = 1024 * 1024  # bytes of a file with a value


@dataclass(frozen=True)
class Wish:
    """The options as a person gave them."""

    step: str
    tool: str
    mapping: tuple[str, ...]
    value: str | None
    replace: Path | None
    answer: str | None
    draft: str
    verdict: str

    def check(self) -> None:
        """Raise UsageError unless the options say exactly one thing."""
        said = {
            "--tool": bool(self.tool),
            "--value": self.value is not None,
            "--replace": self.replace is not None,
            "--answer": self.answer is not None,
            "--verdict": bool(self.verdict or self.draft),
        }
        chosen = [name for name, given in said.items() if given]
        if len(chosen) != 1:
            given = f"not {' and '.join(chosen)}" if chosen else "none was given"
            raise UsageError(
                f"say one thing, {given}: --step S --tool T, --step S --value JSON, --replace FILE, "
                "--answer JSON, or --draft D --verdict allow|block"
            )
        if (chosen[0] in ("--tool", "--value")) != bool(self.step):
            needs = (
                "--step: name the step" if not self.step else "--step: belongs to --tool or --value"
            )
            raise UsageError(f"{needs} ({chosen[0]})")
        if self.mapping and not self.tool:
            raise UsageError("--map: belongs to --tool")
        pairs(self.mapping)
        if chosen[0] == "--verdict" and (not self.draft or self.verdict not in ("allow", "block")):
            raise UsageError("--draft DIGEST and --verdict allow|block belong together")

    async def chosen(self, door: "Door", seen: "Picture") -> dict[str, Any]:
        """Return the override. Raises UsageError when the task has no such thing, or a value is none."""
        return {"override": await self._override(door, seen)}

    async def _override(self, door: "Door", seen: "Picture") -> "Override":
        from toolguild.messages.override import OverrideAnswer, OverrideResult, OverrideVerdict

        if self.answer is not None:
            return OverrideAnswer(value=read_value("--answer", self.answer))
        if self.value is not None:
            seen.step(self.step)
            return OverrideResult(step=self.step, value=read_value("--value", self.value))
        if self.replace is not None:
            return self._step(self.replace, seen)
        if self.tool:
            return await self._tool(door, seen.step(self.step))
        build, draft = seen.draft(self.draft)
        return OverrideVerdict.model_validate(
            {"build": build, "draft": draft, "verdict": self.verdict}
        )

    def _step(self, file: Path, seen: "Picture") -> "Override":
        from pydantic import ValidationError

        from toolguild.messages.override import OverrideStep
        from toolguild.plan.plan import Step

        try:
            step = Step.model_validate(read_value("--replace", f"@{file}"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the step"
            raise UsageError(f"--replace {file}: {where}: {first['msg']}") from None
        seen.step(step.id)
        return OverrideStep(step=step)

    async def _tool(self, door: "Door", step: "Step") -> "Override":
        from toolguild.cli.tools import find
        from toolguild.messages.override import OverrideTool
        from toolguild.registry import open_registry

        async with open_registry(door.bus.js) as registry:
            entry = find(registry, self.tool)
            if not registry.runnable(entry.tool.digest):
                raise UsageError(f"--tool {entry.tool.title}: is {entry.status}, so it may not run")
        return OverrideTool(
            step=step.id,
            tool=entry.tool.digest,
            title=entry.tool.title,
            mapping=arguments_for(step, entry.tool.draft, pairs(self.mapping)),
        )


def pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    """Return `A=B` texts as a mapping. Raises UsageError for any other text."""
    found = {}
    for one in mapping:
        ours, equals, theirs = one.partition("=")
        if not (ours and equals and theirs):
            raise UsageError(f"--map {one}: write A=B, the plan's argument A being the tool's B")
        found[ours] = theirs
    return found


def arguments_for(step: "Step", draft: "Draft", said: dict[str, str]) -> dict[str, str]:
    """Return which of the tool's arguments each of the step's is, where the names differ. Pure.

    Raises UsageError when the step's arguments do not make a call of the tool.
    """
    from toolguild.registry import fit
    from toolguild.registry.schema import properties, required

    unknown = [name for name in said if name not in step.arguments]
    if unknown:
        known = ", ".join(step.arguments) or "none"
        raise UsageError(
            f"--map {unknown[0]}=...: step {step.id} has no such argument; it has {known}"
        )
    found = fit(step.request, draft) if step.request is not None else None
    guessed = dict(found.mapping) if found is not None else {}
    whole = {name: said.get(name, guessed.get(name, name)) for name in step.arguments}
    offered, needed = properties(draft.input_schema), required(draft.input_schema)
    strange = [f"{ours} (as {theirs})" for ours, theirs in whole.items() if theirs not in offered]
    missing = sorted(needed - set(whole.values()))
    if strange or missing or len(set(whole.values())) < len(whole):
        wrong = [f"it takes no {', '.join(strange)}"] if strange else []
        wrong += [f"it needs {', '.join(missing)}"] if missing else []
        told = "; ".join(wrong) or "two arguments are one of its own"
        raise UsageError(
            f"--tool {draft.name}: {told}. Step {step.id} gives {', '.join(step.arguments) or 'nothing'}; "
            f"the tool takes {', '.join(offered) or 'nothing'}: say which is which with --map A=B"
        )
    return {ours: theirs for ours, theirs in whole.items() if ours != theirs}


def read_value(option: str, text: str) -> Any:
    """Return the JSON value in a text, or in the file that `@FILE` names. Raises UsageError where it is none."""
    where = f"{option} {text}" if text.startswith("@") else option
    if text.startswith("@"):
        text = _read(option, Path(text[1:]))
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise UsageError(f"{where}: is nested too deeply") from None
    except ValueError as error:
        raise UsageError(
            f"{where}: is not valid JSON: {error}; a text is written as '\"text\"'"
        ) from None


def _read(option: str, file: Path) -> str:
    try:
        if file.stat().st_size > MAX_VALUE:
            raise UsageError(f"{option} @{file}: is over {MAX_VALUE // 1024} KB")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{option} @{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option} @{file}: is not UTF-8 text") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
