"""What the calls of one warm sandbox are seen to do, put together from those who look."""

import contextlib
from collections.abc import Sequence

from toolguild.sandbox.interface import MOST_NAMES, Call, Names, Request, Seen
from toolguild.sandbox.opened import Opened
from toolguild.sandbox.outer import Outer
from toolguild.sandbox.server import Child

_NOTHING = Seen()


class Sight:
    """Looks at one call after another, from outside the code that runs."""

    def __init__(self, outer: Outer) -> None:
        self._outer = outer
        self._opened: Opened | None = None  # of the calls' inputs, once there are some

    def begin(self) -> None:
        """Look at the inputs that were put in place: from here on what is opened is the call's doing."""
        if self._opened is None and self._outer.sighted:
            with contextlib.suppress(OSError):  # then nobody can say what this call reads
                self._opened = Opened(self._outer.data)
        if self._opened is not None:
            self._opened.names()  # of the copying

    def seen(self, call: Call, child: Child, requests: Sequence[Request]) -> Seen:
        """Return what the call did. It ended or answered, and was not cleared away yet."""
        read: Names = ()
        if call.inputs:
            read = self._opened.names() if self._opened is not None else None
        exchange = child.exchange
        left = exchange.written if self._outer.sighted else None
        written = left.names() if left is not None else None
        if child.order.processes == 1 and not requests and read == () and written == ():
            return _NOTHING
        programs: Names = ()  # where its filter refuses programs and processes
        processes: int | None = 1
        if child.order.processes > 1:
            exchange.look()
            programs = exchange.starts.names() if exchange.starts is not None else None
            processes = exchange.most_processes if self._outer.root_pid is not None else None
        return Seen(read, written, programs, _hosts(requests), processes)

    def close(self) -> None:
        """Look no more. Idempotent."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _hosts(requests: Sequence[Request]) -> tuple[str, ...]:
    """Name what was asked for; a request that was no readable one names nothing."""
    found = {f"{one.host}:{one.port}" for one in requests if one.host}
    return tuple(sorted(found))[:MOST_NAMES]
