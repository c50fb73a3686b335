"""From content to page. The template escapes everything that it is given."""

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

from toolguild.report.block import block
from toolguild.report.content import Image, ReportContent
from toolguild.report.graph import HEIGHT, WIDTH, draw
from toolguild.report.labels import (
    STATUSES,
    bytes_text,
    label_of,
    layers_text,
    redacted_text,
    seconds_text,
    source_of,
)
from toolguild.report.markdown import render_markdown
from toolguild.report.tooling import cards

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_html", "render_markdown"]


def render_html(content: ReportContent) -> str:
    """Return the whole page: no scripts, nothing fetched, pictures inside, readable on a phone."""
    result = content.result
    steps = {step.step: step for step in result.steps}
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            status=STATUSES[result.status],
            answer=block(result.answer),
            images=[(image.name, data_uri(image)) for image in content.images],
            files=tuple(zip(result.files, content.paths, strict=True)),
            plan=result.plan.steps if result.plan else (),
            steps=steps,
            drawing=draw(result.plan, steps) if result.plan else None,
            box=(WIDTH, HEIGHT),
            cards=cards(result, content.tools),
            timeline=content.timeline,
            layers=layers_text(result),
            redacted=redacted_text(result),
            source=source_of(result.usage),
            source_label=label_of(source_of(result.usage)),
        )
    )


def data_uri(image: Image) -> str:
    """Return the picture as a data: URI."""
    return f"data:{image.media_type};base64,{b64encode(image.content).decode()}"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("toolguild.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["size"] = bytes_text
    environment.filters["duration"] = seconds_text
    environment.filters["block"] = block
    return environment
