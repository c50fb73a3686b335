"""Ports for servers that have to be told one before they start."""

import os
import socket
from itertools import count

# Below what the kernel hands out for port 0, and for each process of the suite ports of its own: nobody takes one
# between the moment when it is chosen and the moment when it is used.
FIRST, EACH, LAST = 20_000, 1_000, 32_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_turn = count()


def free_port() -> int:
    """Return a port of this machine that nobody uses, and that was not returned before for a long while."""
    mine = FIRST + _worker * EACH % (LAST - FIRST)
    for _ in range(EACH):
        port = mine + next(_turn) % EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port of this process of the suite is taken")
