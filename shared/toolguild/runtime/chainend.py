"""Where the audit chain ends in its stream."""

from collections.abc import Callable
from dataclasses import dataclass

from toolguild.chain.page import Page, parsed
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.stream import message_at
from toolguild.runtime.topology import AUDIT
from toolguild.tool import Signature

Own = Callable[[Signature], bool]


@dataclass(frozen=True)
class ChainEnd:
    """The newest page, how far the stream goes, and what stands there behind that page and is none."""

    page: Page | None
    sequence: int
    foreign: tuple[tuple[int, bytes, str], ...] = ()  # sequence, content, what is wrong with it


async def chain_end(bus: Bus, own: Own) -> ChainEnd:
    """Find the newest page that carries a signature of the guild's own. Raises TemporaryError."""
    info = await retried(lambda: bus.js.stream_info(AUDIT), "look at the audit chain")
    last, foreign = int(info.state.last_seq), []
    for sequence in range(last, max(int(info.state.first_seq), 1) - 1, -1):
        found = await message_at(bus, AUDIT, sequence)
        if found is None:
            foreign.append((sequence, b"", "the store cannot give it back"))
            continue
        page, why = page_at(found.data, sequence, own)
        if page is not None:
            return ChainEnd(page, last, tuple(reversed(foreign)))
        foreign.append((sequence, found.data, why))
    return ChainEnd(None, last, tuple(reversed(foreign)))


def page_at(data: bytes, sequence: int, own: Own) -> tuple[Page | None, str]:
    """Return the page in a message of the audit stream, or None and why it is none that was written there."""
    try:
        page = parsed(data)
        signature = Signature.model_validate(page.signature)
    except ValueError as error:
        return None, f"it is no page: {str(error).splitlines()[0]}"
    if signature.over != page.digest or not own(signature):
        return None, "it is not signed by the auditor"
    if page.header["seq"] != sequence:
        return None, f"it is a copy of the page at {page.header['seq']}"
    return page, ""
