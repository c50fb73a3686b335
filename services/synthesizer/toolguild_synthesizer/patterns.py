"""Known ways to do common things: which of the tested snippets an author gets to see. Pure."""

import re

from toolguild.tool import ToolSpec
from toolguild_synthesizer.signature import words_of

MOST = 2  # snippets in a prompt; more distract a small model
_WORDS = (  # the most telling first
    ("plot", r"\b(plot|chart|graph|histogram|diagram|heatmap)s?\b"),
    ("sql", r"\b(sql|sqlite|database|query|queries)\b"),
    ("large", r"line by line|streams?\b|streaming|\bhuge\b|\blarge files?\b"),
    ("csv", r"\bcsv\b|\btsv\b|separated"),
    ("xml", r"\bxml\b|\brss\b|\bsvg\b"),
    ("json", r"\bjson\b"),
    ("files", r"\btext files?\b|\blines?\b|\blog\b|\bwrite\b"),
)


def patterns_for(spec: ToolSpec) -> list[str]:
    """Name the snippets that fit a request, the most telling first, at most two.

    Hosts and programs that were asked for come first: without a pattern nobody gets them right.
    """
    if spec.language == "javascript":
        return ["javascript"]
    words = words_of(spec)
    chosen = ["http"] if spec.capabilities.hosts else []
    chosen += ["subprocess"] if spec.capabilities.programs else []
    chosen += [name for name, pattern in _WORDS if re.search(pattern, words)]
    return chosen[:MOST]
