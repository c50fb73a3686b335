"""A task's result as a page to read: self-contained HTML and its Markdown twin. Pure."""

from toolguild.report.content import Image, Moment, ReportContent
from toolguild.report.render import render_html, render_markdown

__all__ = ["Image", "Moment", "ReportContent", "render_html", "render_markdown"]
