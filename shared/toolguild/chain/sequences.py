"""Whether a chain accounts for every message of the streams that the auditor reads whole."""

from collections.abc import Iterator
from typing import Any

from toolguild.chain.fault import Gap
from toolguild.chain.page import Page

FOLLOWED = ("TOOLGUILD_LOG", "TOOLGUILD_DEAD")  # of the others the auditor sees copies


class Sequences:
    """The last sequence of each stream that some entry tells of. Follows a chain from its first page on."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def complaint(self, entry: dict[str, Any]) -> str:
        """Take in an entry; return what is wrong: messages that are passed over without a word, or ""."""
        match entry["kind"]:
            case "message":
                return self._at(entry["stream"], entry["seq"], entry["seq"])
            case "gap":
                return self._at(entry["stream"], entry["first"], entry["last"])
            case "reset":
                self._told[entry["stream"]] = entry["now"]
        return ""

    def unaccounted(self, page: Page) -> str:
        """Return what a page claims to have read though no entry tells of it, or ""."""
        for stream in FOLLOWED:
            claimed, told = page.read.get(stream, 0), self._told.get(stream, 0)
            if claimed != told:
                return f"it accounts for {stream} up to {claimed}, its entries up to {told}"
        return ""

    def _at(self, stream: str, first: int, last: int) -> str:
        known = self._told.get(stream, 0)
        self._told[stream] = max(known, last)
        if stream in FOLLOWED and first != known + 1:
            return f"{stream} goes on at {first} after {known}, and no entry says why"
        return ""


def gaps(entry: dict[str, Any]) -> Iterator[Gap]:
    """Yield what an entry says that was not seen as it should be."""
    number, kind = int(entry["n"]), str(entry["kind"])
    match kind:
        case "gap":
            first, last = entry["first"], entry["last"]
            which = str(first) if first == last else f"{first} to {last}"
            yield Gap(number, kind, f"{entry['stream']} {which}: {entry['why']}")
        case "derived":
            where = f"{entry['stream']} {entry['seq']} {entry['subject']}"
            yield Gap(number, kind, f"{where}: {entry['why']}")
        case "reset":
            what = f"{entry['stream']} ends at {entry['ends']}, recorded was up to {entry['was']}"
            yield Gap(number, kind, what)
        case "foreign":
            yield Gap(number, kind, f"message {entry['seq']} of the audit stream: {entry['why']}")
