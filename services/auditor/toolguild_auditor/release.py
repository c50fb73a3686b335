"""Look through a result before it leaves."""

from toolguild.agent import Worker
from toolguild.messages import Result, commands, events
from toolguild_auditor.secrets import redact, redact_text


async def release(command: commands.FilterResult) -> events.ResultReleased:
    """Answer with the result as it may leave: credentials in its texts and values are redacted."""
    return events.ResultReleased(task=command.task, result=filtered(command.result))


def filtered(result: Result) -> Result:
    """Return the result without credentials, and with a line that says what was taken out."""
    answer = redact(result.answer)
    steps, found = [], list(answer.found)
    for step in result.steps:
        value = redact(step.value)
        found += value.found
        redacted = {"value": value.value, "reason": redact_text(step.reason)}
        steps.append(step.model_copy(update=redacted))
    told = tuple(redact_text(line) for line in result.events)
    if found:
        kinds = ", ".join(dict.fromkeys(found))
        told = (*told, f"redacted from the result before it left: {kinds}")
    changes: dict[str, object] = {
        "answer": answer.value,
        "steps": tuple(steps),
        "events": told,
        "reason": redact_text(result.reason),
        "criteria": tuple(
            one.model_copy(update={"evidence": redact_text(one.evidence)})
            for one in result.criteria
        ),
    }
    return result.model_copy(update=changes)


releaser = Worker(name="releaser", reads=commands.FilterResult, work=release)
