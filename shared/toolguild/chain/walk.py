"""Walking along a chain, page by page and entry by entry: is it whole, and if not, where and what is wrong."""

from dataclasses import dataclass, field

from toolguild.chain.checkpoint import Keys, complaint, signs
from toolguild.chain.encoding import digest
from toolguild.chain.entry import Item, body_of
from toolguild.chain.fault import Fault, Gap, many, span
from toolguild.chain.page import NOTHING, Page, raw, root
from toolguild.chain.seal import forged
from toolguild.chain.sequences import Sequences, gaps

LISTED = 1000  # faults that are told; of more there is only the number


@dataclass
class _Open:
    """The page that came last: where its entries belong."""

    page: Page
    number: int
    first: int
    due: list[int]  # entries that still have to come
    passed: list[int]  # entries behind which others stand already
    good: bool

    @property
    def last(self) -> int:
        return self.first + len(self.page.digests) - 1


@dataclass
class Walk:
    """What is known after some pages and entries, taken in the order in which they stand.

    `bodies`: whether a body has to be there where its entry says that it is kept.
    """

    keys: Keys
    bodies: bool = True
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults beyond those that are listed
    gaps: list[Gap] = field(default_factory=list)
    pages: int = 0
    entries: int = 0  # that were there and are what their page says
    left_out: int = 0
    chain: str = ""
    first_page: int = 0
    head: Page | None = None  # the newest page that carries the auditor's signature
    _open: _Open | None = None
    _expected: int = 0  # number of the next page
    _signed: dict[int, str] = field(default_factory=dict)  # digests of pages, as they were signed
    _ends: dict[int, int] = field(default_factory=dict)  # the last entry of each page
    _doubtful: set[int] = field(default_factory=set)  # numbers of pages without a good signature
    _sequences: Sequences = field(default_factory=Sequences)
    _unbroken: bool = True  # every entry so far was there: sequences can be held to each other

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def fault(self, where: str, what: str) -> None:
        """Note what is wrong."""
        if len(self.faults) < LISTED:
            self.faults.append(Fault(where, what))
        else:
            self.more += 1

    def page(self, page: Page, *, shown: list[int] | None = None) -> None:
        """Take in the next page. `shown`: the entries of it that have to come; None: all."""
        self.turn()
        self.pages += 1
        wrong = complaint(page, self.keys)
        number = page.number if not wrong else self._expected or page.number
        where = f"page {number}"
        if wrong:
            called = f" (it calls itself page {page.number})" if page.number != number else ""
            self.fault(where, wrong + called)
            first = self._ends.get(number - 1, page.header["first"] - 1) + 1
            self._doubtful.add(number)
            self._unbroken = False
        else:
            first = page.header["first"]
            self._place(page, where)
            self._link(page, where)
            if self.head is None or number > self.head.number:
                self.head = page
        listed = self._digests(page, where, needed=shown is None or bool(shown))
        numbers = range(first, first + len(page.digests))
        wanted = set(numbers) if shown is None else set(shown)
        if wanted - set(numbers):
            self.fault(where, "it announces entries that it does not hold")
        due = [n for n in numbers if n in wanted]
        self.left_out += page.last + 1 - page.header["first"] - len(due) if not wrong else 0
        self._unbroken = self._unbroken and listed and len(due) == len(numbers)
        self._signed[number] = page.signature["over"] if signs(page.signature) else page.digest
        self._ends[number] = first + len(page.digests) - 1 if wrong else page.last
        self._expected = number + 1
        self._open = _Open(page, number, first, due, [], not wrong)

    def entry(self, item: Item) -> bool:
        """Take in the next entry, of the page that came last. Returns whether the auditor has signed it."""
        number, open_ = int(item.entry["n"]), self._open
        where = f"entry {number}"
        if open_ is None:
            self.fault(where, "it stands before the first page")
            return False
        if not self._in_turn(number, open_, where):
            return False
        sound = self._sound(item, open_, where)
        self._unbroken = self._unbroken and sound
        return sound and open_.good

    def turn(self) -> None:
        """Say which entries of the page that came last are missing. The last call of a walk."""
        open_ = self._open
        if open_ is None:
            return
        absent = sorted((*open_.passed, *open_.due))
        if absent:
            self._unbroken = False
            self.fault(many("entry", absent), f"missing from page {open_.number}")
        elif self._unbroken and open_.good and self.first_page == 1:
            claim = self._sequences.unaccounted(open_.page)
            if claim:
                self.fault(f"page {open_.number}", claim)
        self._open = None

    def lacks(self, head: tuple[int, str]) -> str:
        """Return why a head that was noted before does not stand in this chain, or "" if it does."""
        entry, digest_ = head
        end = self.head.last if self.head else 0
        if entry > end:
            return f"it was noted at entry {entry}, and the chain ends at {end}: it was cut off"
        number = next((page for page, last in self._ends.items() if last == entry), None)
        if number is None:
            return f"it was noted at entry {entry}, where no page of this chain ends"
        if self._signed[number] != digest_:
            return f"page {number} is another one than was noted then: the chain was rewritten"
        return ""

    # Pages

    def _place(self, page: Page, where: str) -> None:
        number = page.number
        if not self.chain:
            self.chain, self.first_page = str(page.header["chain"]), number
        elif page.header["chain"] != self.chain:
            self.fault(where, f"it is of another chain, {page.header['chain']!r:.80}")
        if not self._expected or number == self._expected:
            return
        self._unbroken = False
        if number in self._doubtful:
            self._doubtful.discard(number)  # the one before it was put in
        elif number in self._signed:
            self.fault(where, "it stands here a second time")
        elif number > self._expected:
            self.fault(span("page", self._expected, number - 1), f"missing before page {number}")
        else:
            self.fault(where, f"it stands after page {self._expected - 1}, out of order")

    def _link(self, page: Page, where: str) -> None:
        number, header = page.number, page.header
        before = NOTHING if number == 1 else self._signed.get(number - 1)
        if before is not None and header["previous"] != before:
            follows = f"page {number - 1} as it is here" if number > 1 else "nothing"
            self.fault(where, f"it does not follow {follows}")
        end = 0 if number == 1 else self._ends.get(number - 1)
        if end is not None and header["first"] != end + 1:
            self.fault(where, f"its first entry is {header['first']}, not {end + 1}")

    def _digests(self, page: Page, where: str, *, needed: bool) -> bool:
        """Whether the list of digests is there and the one that the header names."""
        if not page.digests:
            if needed:
                self.fault(where, "its list of digests is missing")
            return False
        many_ = page.header["last"] - page.header["first"] + 1
        if len(page.digests) != many_:
            self.fault(where, f"it lists {len(page.digests)} digests, its header {many_} entries")
            return False
        try:
            if root(page.digests) == page.header["entries"]:
                return True
        except ValueError:
            odd = [page.header["first"] + n for n, one in enumerate(page.digests) if not _is(one)]
            self.fault(where, f"its list holds no digest for {many('entry', odd)}")
            return False
        self.fault(where, "its list of digests is not the one that was signed")
        return False

    # Entries

    def _in_turn(self, number: int, open_: _Open, where: str) -> bool:
        due, called = open_.due, f"page {open_.number}"
        if due and number == due[0]:
            due.pop(0)
            return True
        if number in due:
            place = due.index(number)
            open_.passed += due[:place]
            del due[: place + 1]
            self._unbroken = False
            return True
        if number in open_.passed:
            open_.passed.remove(number)
            self.fault(where, "it stands behind a later one, out of order")
            return True
        if open_.first <= number <= open_.last:
            self.fault(where, f"it stands in {called} a second time, or where it was left out")
        else:
            self.fault(where, f"it does not belong to {called}")
        return False

    def _sound(self, item: Item, open_: _Open, where: str) -> bool:
        if digest(item.entry) != open_.page.digests[int(item.entry["n"]) - open_.first]:
            self.fault(where, f"it was changed: it is not the entry that page {open_.number} signs")
            return False
        try:
            body = body_of(item)
        except ValueError as error:
            self.fault(where, str(error))
            return False
        if body is None and self.bodies and item.entry.get("body", "no") != "no":
            self.fault(where, "its body is missing")
            return False
        if not open_.good:
            return True
        self.entries += 1
        try:
            self.gaps += gaps(item.entry)
            wrong = forged(item.entry, body, self.keys) if body is not None else ""
            if wrong:
                self.gaps.append(Gap(int(item.entry["n"]), "forged", wrong))
            passed_over = self._sequences.complaint(item.entry)
        except (KeyError, TypeError, AttributeError):
            self.fault(
                where, f"it has not the fields of an entry of kind {item.entry['kind']!r:.80}"
            )
            return False
        if passed_over and self._unbroken and self.first_page == 1:
            self.fault(where, passed_over)
        return True


def _is(text: str) -> bool:
    try:
        raw(text)
    except ValueError:
        return False
    return True
