"""What in a file does something when it is opened: made harmless in pictures and tables, told of elsewhere."""

import re

_SCRIPT = re.compile(r"<script\b", re.I)
_HANDLER = re.compile(r"<[a-z][^<>]{0,2000}?\son[a-z]{3,20}\s*=", re.I)
_CALLS = re.compile(
    r"(?:href|src|action)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text/html)", re.I
)
_HANDLERS = re.compile(r"(?<=\s)on[a-z]{3,20}\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_JS_URL = re.compile(r"((?:href|src)\s*=\s*[\"']?)\s*(?:javascript|vbscript):", re.I)
_TAG = re.compile(r"<[a-zA-Z][^<>]{0,20000}>")
_FORMULA = re.compile(
    r"\s*[=+\-@].*(?:HYPERLINK|WEBSERVICE|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|FILTERXML|DDE|RTD|CALL|EXEC|REGISTER\.ID|IMAGE"
    r"|cmd|powershell|msexcel|rundll32)\b[^\n]{0,20}[(|!]",
    re.I,
)
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\(\s*<?(https?://[^\s)>]{1,2000})>?[^)\n]{0,200}\)")
_CARRIES = re.compile(r"[?#=&]|/[^/]{40,}")


def does_something(text: str) -> bool:
    """Whether a page runs code when it is opened."""
    low = text.lower()
    if (
        "<script" not in low
        and " on" not in low
        and "script:" not in low
        and "data:text/html" not in low
    ):
        return False
    return bool(_SCRIPT.search(text) or _CALLS.search(text) or _HANDLER.search(text))


def still_picture(svg: str) -> str:
    """Return an SVG without scripts, handlers and links that run code."""
    low = svg.lower()
    parts, at = [], 0
    while (start := low.find("<script", at)) >= 0:
        end = low.find("</script>", start)
        closed = low.find("/>", start)
        if end < 0 and closed < 0:
            end = len(svg) - 9
        elif end < 0 or 0 <= closed < low.find(">", start) + 1:
            end = closed + 2 - 9
        parts.append(svg[at:start])
        at = end + 9
    svg = "".join([*parts, svg[at:]])
    return _TAG.sub(lambda tag: _JS_URL.sub(r"\1#", _HANDLERS.sub("", tag[0])), svg)


def still_cell(cell: str) -> str:
    """Return a cell of a table so that no spreadsheet fetches or starts anything because of it."""
    if cell[:1] in "=+-@\t\r" and len(cell) > 4 and _FORMULA.match(cell[:2000]):
        return "'" + cell
    return cell


def still_text(text: str) -> tuple[str, int]:
    """Return Markdown in which no picture of another host carries data in its address, and how many did."""
    count = 0

    def stilled(match: re.Match[str]) -> str:
        nonlocal count
        if (
            not _CARRIES.search(match[2].split("//", 1)[1].partition("/")[2] or "")
            and "?" not in match[2]
        ):
            return match[0]
        count += 1
        return f"{match[1]} (picture not loaded: `{match[2].replace('`', '')}`)"

    return (_PICTURE.sub(stilled, text), count) if "![" in text else (text, 0)
