"""The lines of an export: pages and entries as the chain has them, between a first and a last line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolguild.chain.checkpoint import Keys, complaint
from toolguild.chain.encoding import decode, encode
from toolguild.chain.entry import Item
from toolguild.chain.page import Page, item_of, page_of, raw, record_of
from toolguild.chain.walk import Walk

FORMAT = 1
Head = tuple[int, str]  # the number of a chain's last entry, and the digest of its last page


def head_of(page: Page) -> Head:
    """Return what names a chain up to a page: noted elsewhere, it shows later that nothing was cut off."""
    return page.last, page.digest


def head_text(head: Head) -> str:
    """Return a head as people pass it on: "4012:9f86d0..."."""
    return f"{head[0]}:{head[1]}"


def read_head(text: str) -> Head:
    """Return the head in a text. Raises ValueError when it is none."""
    number, _, digest = text.strip().partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        raise ValueError("it is no NUMBER:SHA-256")
    raw(digest)
    return int(number), digest


def opening(chain: str, selection: Mapping[str, str | int]) -> bytes:
    """Return the first line. `selection` says what was asked for; empty: the whole chain."""
    record = {"toolguild-audit": FORMAT, "chain": chain, "selection": dict(selection)}
    return encode(record) + b"\n"


def lines_of(page: Page, shown: Iterable[Item], *, whole: bool) -> Iterator[bytes]:
    """Yield the lines of one page. Not `whole`: of its entries only those that are shown."""
    items = list(shown)
    record: dict[str, Any] = {"header": page.header, "signature": page.signature}
    if whole or items:
        record["digests"] = list(page.digests)
    if not whole:
        record["shown"] = [one.entry["n"] for one in items]
    yield encode({"page": record}) + b"\n"
    for one in items:
        yield encode(record_of(one)) + b"\n"


def closing(head: Page | None, pages: int, entries: int) -> bytes:
    """Return the last line: how much there is, and the chain's newest checkpoint."""
    checkpoint = {"header": head.header, "signature": head.signature} if head else None
    return encode({"end": {"pages": pages, "entries": entries, "checkpoint": checkpoint}}) + b"\n"


@dataclass
class Reading:
    """Takes in the lines of an export one by one and says whether it is whole. Never raises for what they hold."""

    keys: Keys
    walk: Walk = field(init=False)
    selection: dict[str, Any] = field(default_factory=dict)
    checkpoint: Page | None = None
    _line: int = 0
    _chain: str = ""
    _ended: bool = False

    def __post_init__(self) -> None:
        self.walk = Walk(self.keys)

    @property
    def partial(self) -> bool:
        """Whether the export says of itself that it is not the whole chain."""
        return bool(self.selection)

    def line(self, data: bytes) -> Item | Page | None:
        """Take in one line, its end included. Returns the entry or page in it."""
        self._line += 1
        where = f"line {self._line}"
        if self._ended:
            self.walk.fault(where, "it stands behind the last line")
        try:
            if not data.endswith(b"\n"):
                raise ValueError("it is cut off")
            return self._record(decode(data[:-1]), where)
        except ValueError as error:
            self.walk.fault(f"{where}{self._near()}", f"it is no record: {error}")
            return None

    def end(self) -> None:
        """Say that there are no more lines."""
        self.walk.turn()
        head = self.walk.head
        if self._line == 0:
            self.walk.fault("line 1", "the file is empty")
        elif not self._ended:
            at = f"entry {head.last} (page {head.number})" if head else "line 1"
            self.walk.fault(
                "the end", f"the file ends at {at} without its last line: it was cut off"
            )

    def _near(self) -> str:
        head = self.walk.head
        return f", behind the head of page {head.number}" if head else ""

    def _record(self, record: dict[str, Any], where: str) -> Item | Page | None:
        if self._line == 1:
            self._opening(record)
            return None
        if set(record) == {"page"}:
            return self._page(record["page"])
        if set(record) == {"end"}:
            self._closing(record["end"], where)
            return None
        item = item_of(record)
        self.walk.entry(item)
        return item

    def _opening(self, record: dict[str, Any]) -> None:
        if set(record) != {"toolguild-audit", "chain", "selection"}:
            raise ValueError("an export of the audit chain begins otherwise")
        if record["toolguild-audit"] != FORMAT or isinstance(record["toolguild-audit"], bool):
            raise ValueError(f"its format is {record['toolguild-audit']!r}, not {FORMAT}")
        if not isinstance(record["selection"], dict) or not isinstance(record["chain"], str):
            raise ValueError("it does not say which chain it is of")
        self.selection, self._chain = record["selection"], record["chain"]
        self.walk.bodies = self.selection.get("bodies") != "no"

    def _page(self, record: Any) -> Page:
        if not isinstance(record, dict) or set(record) - {
            "header",
            "signature",
            "digests",
            "shown",
        }:
            raise ValueError("it has not the parts of a page")
        page = page_of(record.get("header"), record.get("signature"), record.get("digests", []))
        shown = record.get("shown")
        if shown is not None:
            if not isinstance(shown, list) or not all(type(one) is int for one in shown):
                raise ValueError("it does not say which entries follow")
            if not self.partial:
                raise ValueError("it leaves out entries, and the first line says that none are")
        if self.walk.pages == 0 and page.header["chain"] != self._chain:
            self.walk.fault(f"page {page.number}", "it is of another chain than line 1 says")
        if self.walk.pages == 0 and page.number != 1 and not self.partial:
            self.walk.fault(f"page {page.number}", "the whole chain would begin with page 1")
        self.walk.page(page, shown=shown)
        return page

    def _closing(self, end: Any, where: str) -> None:
        if not isinstance(end, dict) or set(end) != {"pages", "entries", "checkpoint"}:
            raise ValueError("it has not the parts of a last line")
        self.walk.turn()
        self._ended = True
        found, told = (self.walk.pages, self.walk.entries), (end["pages"], end["entries"])
        if found != told:
            self.walk.fault(
                where,
                f"it tells of {told[0]} pages with {told[1]} entries, and {found[0]} with {found[1]} stand here",
            )
        if end["checkpoint"] is None:
            if self.walk.pages:
                self.walk.fault(where, "it has no checkpoint")
            return
        self._checkpoint(end["checkpoint"], where)

    def _checkpoint(self, record: Any, where: str) -> None:
        if not isinstance(record, dict) or set(record) != {"header", "signature"}:
            raise ValueError("its checkpoint has not the parts of one")
        page = self.checkpoint = page_of(record["header"], record["signature"], [])
        wrong, head = complaint(page, self.keys), self.walk.head
        if wrong:
            self.walk.fault(where, f"the checkpoint of page {page.number}: {wrong}")
        elif page.header["chain"] != self._chain:
            self.walk.fault(where, "its checkpoint is of another chain")
        elif head is None or self.partial:
            return
        elif page.number > head.number:
            self.walk.fault(
                "the end",
                f"the file ends at entry {head.last} (page {head.number}), and the checkpoint of "
                f"entry {page.last} (page {page.number}) is signed: what lies between is missing",
            )
        elif page.digest != head.digest:
            self.walk.fault(
                where, f"its checkpoint is not that of page {head.number}, the last one"
            )
