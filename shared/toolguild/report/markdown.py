"""The report as Markdown: the content of the page, for a terminal, a wiki or a pull request."""

import re
from collections.abc import Iterator

from toolguild.messages import Result
from toolguild.report.block import Block, block
from toolguild.report.content import ReportContent
from toolguild.report.labels import (
    STATUSES,
    bytes_text,
    label_of,
    layers_text,
    redacted_text,
    seconds_text,
    source_of,
)
from toolguild.report.tooling import ToolCard, cards

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~$&])")
# what opens a list or a heading; numbers do not, and a digit cannot be escaped, only the mark after it
_AT_START = re.compile(r"^()([-+=](?!\d))|^(\d+)([.)](?=\s|$))")


def render_markdown(content: ReportContent) -> str:
    """Return the report. What the guild made is escaped: it can add no link, picture or HTML."""
    return "\n".join(_lines(content)) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    line = " ".join(text.split())
    return _AT_START.sub(r"\1\3\\\2\4", _SPECIAL.sub(r"\\\1", line))


def _lines(content: ReportContent) -> Iterator[str]:
    result = content.result
    yield from (f"# {escape(result.goal)}", "")
    where = f"task {escape(result.task)}, for {escape(result.user)}"
    yield f"**{STATUSES[result.status]}** in {seconds_text(result.seconds)}, {where}."
    if result.reason:
        yield from ("", f"Reason: {escape(result.reason)}")
    yield from ("", f"Model answers: **{escape(label_of(source_of(result.usage)))}**.")
    if layers_text(result):
        yield from ("", f"Layers of safety: {escape(layers_text(result))}.")
    if redacted_text(result):
        yield from ("", f"Taken out before it left: {escape(redacted_text(result))}.")
    yield from ("", "## Answer", "", *_block(block(result.answer)))
    yield from _files(content)
    yield from _criteria(result)
    yield from _human(result)
    yield from _plan(result)
    for card in cards(result, content.tools):
        yield from _card(card)
    yield from _best(result)
    yield from _costs(result)
    yield from _happened(content)


def _files(content: ReportContent) -> Iterator[str]:
    if not content.result.files:
        return
    yield from ("", "## Files", "", "| file | size | SHA-256 |", "| --- | ---: | --- |")
    for file, path in zip(content.result.files, content.paths, strict=True):
        yield f"| {escape(path)} | {bytes_text(file.bytes)} | `{file.sha256}` |"


def _criteria(result: Result) -> Iterator[str]:
    if not result.criteria:
        return
    yield from (
        "",
        "## Criteria",
        "",
        "| criterion | met | evidence | judged by |",
        "| --- | --- | --- | --- |",
    )
    words = {True: "yes", False: "no", None: "unknown"}
    for one in result.criteria:
        evidence = escape(one.evidence)
        yield f"| {escape(one.text)} | {words[one.met]} | {evidence} | {one.judged_by} |"


def _human(result: Result) -> Iterator[str]:
    if result.human:
        yield from ("", "## What people changed", "")
        yield from (f"- {escape(text)}" for text in result.human)


def _best(result: Result) -> Iterator[str]:
    draft = result.best
    if draft is None:
        return
    yield from ("", f"## Best attempt at {escape(draft.name)}", "")
    yield "It did not pass, so it is not published and was not run on your data."
    yield from ("", *_fenced(draft.source, draft.language))


def _plan(result: Result) -> Iterator[str]:
    if result.plan is None:
        return
    yield from ("", "## Plan", "")
    ended = {step.step: step for step in result.steps}
    for number, step in enumerate(result.plan.steps, 1):
        done = ended.get(step.id)
        title = (
            (done.title if done else "")
            or step.title
            or (step.request.name if step.request else "")
        )
        yield f"{number}. **{escape(step.id)}** {escape(step.purpose)} ({escape(title)})"
        if done:
            reason = f": {escape(done.reason)}" if done.reason else ""
            spent = f"{done.calls} calls, {seconds_text(done.seconds)}"
            yield f"   {done.state}, {done.how}, {spent}{reason}"
            if done.sources:
                yield f"   from {escape(', '.join(done.sources))}"


def _card(card: ToolCard) -> Iterator[str]:
    yield from ("", f"## Tool {card.how}: {escape(card.title)}", "", escape(card.description), "")
    yield f"- digest: `{card.digest}`"
    yield from (f"- {name}: {escape(text)}" for name, text in card.facts)
    yield from (f"- disputed case {escape(text)}" for text in card.rulings)
    if card.source:
        yield from ("", *_fenced(card.source, card.language))


def _costs(result: Result) -> Iterator[str]:
    if not result.usage:
        return
    yield from (
        "",
        "## Model calls",
        "",
        "| role | model | source | calls | tokens in | tokens out | USD |",
    )
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    for one in result.usage:
        yield (
            f"| {escape(one.role)} | {escape(one.model)} | {escape(one.source)} | {one.calls} "
            f"| {one.input_tokens} | {one.output_tokens} | {one.usd:.4f} |"
        )


def _happened(content: ReportContent) -> Iterator[str]:
    if content.result.events:
        yield from (
            "",
            "## Worth telling",
            "",
            *(f"- {escape(text)}" for text in content.result.events),
        )
    if content.timeline:
        yield from ("", "## Timeline", "")
        for moment in content.timeline:
            yield f"- {escape(moment.at[11:23])} {escape(moment.text)}"
    if content.result.trace_id:
        yield from ("", f"Trace {escape(content.result.trace_id)}")


def _block(shown: Block) -> Iterator[str]:
    match shown.kind:
        case "nothing":
            yield "(no answer)"
        case "scalar":
            yield f"**{escape(shown.text)}**"
        case "table":
            width = max(len(shown.columns), max(len(row) for row in shown.rows))
            head = shown.columns or ("",) * width
            yield "| " + " | ".join(escape(name) for name in head) + " |"
            yield "|" + " --- |" * width
            for row in shown.rows:
                texts = [escape(cell.text) for cell in row] + [""] * (width - len(row))
                yield "| " + " | ".join(texts) + " |"
        case "text" | "json":
            yield from _fenced(shown.text, "json" if shown.kind == "json" else "")
    if shown.left_out:
        yield from ("", f"({shown.left_out})")


def _fenced(text: str, language: str) -> Iterator[str]:
    """A fence longer than any in the text, so that the text cannot close it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (fence + language, text, fence)
