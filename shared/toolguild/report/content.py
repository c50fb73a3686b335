"""What a report is made of, before it is laid out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolguild.canonical import Digest
from toolguild.messages import Result
from toolguild.tool import Published

MAX_IMAGE_BYTES = 4 * 1024 * 1024  # a larger picture stays a file beside the report
EMBEDDED = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


@dataclass(frozen=True)
class Image:
    """A picture that the task made, to be shown inside the page."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `at` is ISO 8601, UTC."""

    at: str
    text: str


@dataclass(frozen=True)
class ReportContent:
    """All that a report shows.

    `tools` holds the registry's entries of the tools that the task used, as far as they are known;
    `paths` says where each of the result's files lies relative to the report, in their order.
    """

    result: Result
    paths: tuple[str, ...] = ()
    tools: Mapping[Digest, Published] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    timeline: tuple[Moment, ...] = ()
