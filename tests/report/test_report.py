import re
from html.parser import HTMLParser

import pytest
from tests.report.samples import DIGEST, EVIL, PNG, plan, published, result

from toolguild.capability import Capabilities
from toolguild.messages import Artifact, CriterionResult, Result, StepResult, ToolUse
from toolguild.report import Image, Moment, ReportContent, render_html, render_markdown
from toolguild.report.markdown import escape
from toolguild.report.tooling import beside
from toolguild.sandbox.interface import Seen
from toolguild.testing import samples as tools


def content(given: Result | None = None, **changes: object) -> ReportContent:
    given = given or result()
    whole = ReportContent(
        result=given,
        tools={DIGEST: published()},
        paths=tuple(file.name for file in given.files),
        images=(Image("plot.png", "image/png", PNG),),
        timeline=(Moment("2026-01-02T03:04:05.678Z", "plan made"),),
    )
    return ReportContent(**{**whole.__dict__, **changes})


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src", "onload", "onerror")
        ]
        if tag not in ("meta", "img", "br", "line", "rect", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "img", "br", "line", "rect", "path"):
            assert self.open.pop() == tag


def evil() -> ReportContent:
    """A report in which the guild's every word is hostile."""
    mean = f"{EVIL}\"'><img src=x onerror=alert(1)>"
    bad = result(
        goal=mean,
        user=mean,
        answer=[{mean: mean}],
        reason=mean,
        files=(Artifact(name=mean.replace("/", ""), sha256="aa", bytes=1),),
        criteria=(CriterionResult(text=mean, met=False, evidence=mean, judged_by="model"),),
        steps=(
            StepResult(step="read", state="failed", title=mean, reason=mean, value={mean: mean}),
        ),
        made=(ToolUse(name="count_words", version="1.0", digest=DIGEST),),
        reused=(ToolUse(name="x", version=mean, digest=DIGEST, description=mean),),
        events=(mean,),
        trace_id=mean,
    )
    return content(
        bad,
        tools={DIGEST: published(source=f"# {mean}")},
        images=(Image(mean, "image/png", PNG),),
        timeline=(Moment(mean, mean),),
        paths=(mean.replace("/", ""),),
    )


def test_the_page_has_no_script_and_fetches_nothing_whatever_the_guild_says() -> None:
    page = Page(render_html(evil()))
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert all(link.startswith(("data:image/png;base64,", "%3Cscript")) for link in page.links)
    assert page.open == []


def test_markdown_shows_hostile_text_as_text() -> None:
    text = render_markdown(evil())
    outside = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"(?<!\\)<", outside)
    assert not re.search(r"(?<!\\)!\[", outside)


def test_a_number_in_markdown_reads_as_the_number() -> None:
    shown = {text: escape(text) for text in ("9.75", "-3", "1. no list", "2) nor this", "- nor")}

    assert shown == {
        "9.75": "9.75",
        "-3": "-3",
        "1. no list": "1\\. no list",
        "2) nor this": "2\\) nor this",
        "- nor": "\\- nor",
    }


def test_a_code_block_cannot_be_closed_by_its_own_text() -> None:
    text = render_markdown(content(result(answer="one\n```\n# not a heading")))
    assert "````\none\n```\n# not a heading\n````" in text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_report_tells_the_whole_story(render: object) -> None:
    assert callable(render)
    text = render(content()).replace("\\", "")
    for part in (
        "Count the words",
        "Succeeded",
        "RECORDED answers",
        "there is a table",
        "2 rows",
        "count_words@1.0",
        "adder@1.0",
        DIGEST,
        "1 by the examiner, 1 from the request",
        "3 of 4 planted faults noticed",
        "set aside: the spec does not say",
        "synthesizer with small (recorded), task t-1",
        "out.csv",
        "2.0 KB",
        "division by zero",
        "repaired once",
        "0.2500",
        "03:04:05.678",
        "f" * 32,
    ):
        assert part in text, part


def test_pictures_are_inside_the_page() -> None:
    assert "data:image/png;base64,iVBOR" in render_html(content())


def test_a_list_of_objects_is_a_table_with_numbers_to_the_right() -> None:
    text = render_html(content())
    assert "<th>word</th><th>n</th>" in text
    assert '<td>a</td><td class="number">2</td>' in text


def test_the_drawing_has_a_box_for_each_step_and_a_line_for_each_need() -> None:
    page = Page(render_html(content()))
    assert page.tags.count("rect") == 3
    assert page.tags.count("line") == 1


def test_a_task_that_failed_early_still_has_a_report() -> None:
    bare = Result(task="t-2", status="refused", goal="Do harm", reason="not allowed")
    for text in (render_html(ReportContent(bare)), render_markdown(ReportContent(bare))):
        assert "not allowed" in text
        assert "no model was asked" in text


def test_the_page_scales_to_a_phone() -> None:
    assert 'name="viewport" content="width=device-width' in render_html(content())


def test_a_plan_without_results_is_drawn_as_waiting() -> None:
    text = render_html(ReportContent(Result(task="t", status="failed", goal="g", plan=plan())))
    assert text.count('<rect class="waiting"') == 3


def test_what_people_changed_and_the_best_attempt_are_shown() -> None:
    best = published("def count_words(text):\n    return 41\n").tool.draft
    given = result(human=("ana paused the task", "ana: step read runs plus@2.0"), best=best)
    for page in (render_html(content(given)), render_markdown(content(given))):
        assert "What people changed" in page
        assert "ana paused the task" in page
        assert "Best attempt at count" in page
        assert "return 41" in page


def test_nothing_is_said_of_people_where_nobody_did_anything() -> None:
    for page in (render_html(content()), render_markdown(content())):
        assert "What people changed" not in page
        assert "Best attempt" not in page


def test_what_a_tool_declares_stands_beside_what_was_measured() -> None:
    draft = tools.draft(declared=Capabilities(read=("*.csv",), hosts=("a.example:80",)))
    seen = Seen(read=("a.csv",), programs=None, processes=1)
    record = tools.tool(draft)
    measured = record.measured.model_copy(update={"seen": seen})
    entry = tools.published(record.model_copy(update={"measured": measured}))
    lines = {label: (can, did) for label, can, did in beside(entry)}
    assert lines["reads"] == ("*.csv", "a.csv")
    assert lines["hosts"] == ("a.example:80", "none")
    assert lines["processes"] == ("1", "1")
    assert lines["memory"] == ("512 MB", "12 MB")
    assert "writes" not in lines
    blind = {label: did for label, _, did in beside(tools.published(record))}
    assert (blind["reads"], blind["processes"]) == ("not measured", "not measured")
