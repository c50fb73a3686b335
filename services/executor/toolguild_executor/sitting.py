"""One program sitting one exam: every call in the sandbox, every verdict out here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from toolguild.capability import Language
from toolguild.errors import UsageError
from toolguild.exam.accept import objection
from toolguild.exam.generate import Input
from toolguild.exam.mark import mark, unfit
from toolguild.exam.property import TWICE, holds, second_call
from toolguild.exam.schema import complaints
from toolguild.exam.shown import kept
from toolguild.sandbox.interface import Ran, Sandbox, Seen, Usage
from toolguild.tool import Case, CaseResult, GeneratedResult, Property, PropertyResult
from toolguild.tool.spec import JsonSchema
from toolguild_executor.observed import own
from toolguild_executor.program import Program
from toolguild_executor.together import together

CALLS_FOR_A_PROPERTY = 6  # each costs a second call


@dataclass
class Peak:
    """The most that any call used, and all that any was seen to do."""

    usage: Usage | None = None
    seen: Seen | None = None

    def add(self, ran: Ran) -> None:
        """Take one more call into account."""
        usage = ran.usage
        if ran.seen is not None:
            self.seen = ran.seen if self.seen is None else self.seen.join(ran.seen)
        had = self.usage or usage
        self.usage = Usage(
            wall_seconds=max(had.wall_seconds, usage.wall_seconds),
            cpu_seconds=max(had.cpu_seconds, usage.cpu_seconds),
            peak_memory_mb=max(had.peak_memory_mb, usage.peak_memory_mb),
        )


@dataclass(frozen=True)
class Answered:
    """A call that ended well."""

    arguments: Mapping[str, JsonValue]
    files: Mapping[str, str]
    value: JsonValue


def _sizes(made: Input) -> str:
    """Say how many lines each file has, not what: a file of only a header explains many a crash."""
    counts = {name: len(text.splitlines()) for name, text in made.files.items()}
    told = ", ".join(f"lines in {name}: {count}" for name, count in counts.items())
    return f" ({told})" if told else ""


@dataclass(frozen=True)
class Sitting:
    """Runs one program's calls and marks them."""

    program: Program
    sandbox: Sandbox
    input_schema: JsonSchema
    output_schema: JsonSchema
    language: Language
    peak: Peak

    async def run(self, arguments: Mapping[str, JsonValue], files: Mapping[str, str]) -> Ran:
        """Run one call. Raises SandboxBroken when the sandbox failed, never for what the code did."""
        ran = await self.sandbox.run(self.program.rehearsal(arguments, files))
        if ran.seen is not None:
            ran = replace(ran, seen=own(ran.seen, arguments, self.program.declared))
        self.peak.add(ran)
        kept, _ = self.program.kept(ran)
        return kept

    async def case(self, case: Case) -> tuple[CaseResult, Answered | None]:
        """Run and mark one case; the answer comes along when the call ended well."""
        wrong = complaints(dict(case.arguments), self.input_schema)
        if barred := self.program.unreadable(case.files):
            wrong = (
                *wrong,
                f"it gives {', '.join(barred)}, which the manifest does not declare to read",
            )
        if wrong:
            return unfit(case, wrong), None
        try:
            ran = await self.run(case.arguments, case.files)
        except UsageError as error:
            return unfit(case, (str(error),)), None
        return mark(case, ran, self.output_schema), _answered(case.arguments, case.files, ran)

    async def generated(self, inputs: Sequence[Input]) -> tuple[GeneratedResult, list[Answered]]:
        """Run inputs that nobody has an answer for; the answers of calls that ended well come along.

        A tool with hosts gets none: nobody has said what its hosts would answer.
        """
        if self.program.granted.hosts:
            return GeneratedResult(), []
        ends = await together(inputs, lambda one: self.run(one.arguments, one.files))
        wrong = [
            (one, text)
            for one, ran in zip(inputs, ends, strict=True)
            if (text := objection(one, ran, self.output_schema, self.language))
        ]
        answers = [
            answer
            for one, ran in zip(inputs, ends, strict=True)
            if (answer := _answered(one.arguments, one.files, ran)) is not None
        ]
        if not wrong:
            return GeneratedResult(tried=len(inputs)), answers
        first, told = wrong[0]
        result = GeneratedResult(
            tried=len(inputs),
            failed=len(wrong),
            first_failure=told + _sizes(first),
            counterexample=first.arguments,
        )
        return result, answers

    async def property(
        self, wanted: Property, answers: Sequence[Answered], seed: int
    ) -> PropertyResult:
        """Check one property on the calls that ended well, with a second call where it needs one."""
        tried, broken = 0, None
        for answer in answers if wanted.kind not in TWICE else answers[:CALLS_FOR_A_PROPERTY]:
            held = await self._holds(wanted, answer, seed + tried)
            tried += held is not None
            if held is False:
                broken = kept(dict(answer.arguments))
                break
        return PropertyResult(
            property=wanted.digest,
            passed=broken is None,
            tried=tried,
            counterexample=broken,
        )

    async def _holds(self, wanted: Property, answer: Answered, seed: int) -> bool | None:
        if wanted.kind not in TWICE:
            return holds(wanted, answer.arguments, answer.value)
        again = second_call(wanted, answer.arguments, answer.value, seed)
        if again is None or complaints(again, self.input_schema):
            return None  # it does not apply to this call
        ran = await self.run(again, answer.files)
        if any(one.verdict == "unanswered" for one in ran.requests):
            return None  # nobody has said what the host answers to this call
        if ran.outcome != "ok":
            return False
        return holds(wanted, answer.arguments, answer.value, _json(ran.value))


def _answered(
    arguments: Mapping[str, JsonValue], files: Mapping[str, str], ran: Ran
) -> Answered | None:
    return Answered(arguments, files, _json(ran.value)) if ran.outcome == "ok" else None


def _json(value: object) -> JsonValue:
    return value  # type: ignore[return-value]  # sandboxes promise a JSON value for a call that ended "ok"
