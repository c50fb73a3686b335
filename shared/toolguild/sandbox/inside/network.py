"""A call's way out, made by its child before anything of the tool is there.

The child's network is empty but for one listening socket on loopback. That socket goes to the
supervisor, where the call's proxy accepts on it: nothing inside passes bytes on, listens, or can be asked
to. In the strictest mode the network is the call's own, so no other call can ever reach that door.
"""

import fcntl
import os
import socket
import struct

from . import kernel

DOOR = b"L"  # the child's first byte on its channel when it has a network; the socket comes with it
_WAITING = 16  # connections that the proxy has not accepted yet
_BUFFER = 1 << 17  # bytes that wait outside of every limit on memory
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41


def open_door(channel: int, *, own_namespace: bool) -> int:
    """Listen on loopback, hand the socket to the supervisor, and return the port. Raises OSError."""
    if own_namespace:
        kernel.unshare(kernel.NEWNET)
        loopback_up()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listener.bind(("127.0.0.1", 0))
        listener.listen(_WAITING)
        with socket.socket(fileno=os.dup(channel)) as supervisor:
            socket.send_fds(supervisor, [DOOR], [listener.fileno()])
        return int(listener.getsockname()[1])


def loopback_up() -> None:
    """Start the loopback device of a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))


def environment(port: int) -> dict[str, str]:
    """Return what tells ordinary clients where the proxy is."""
    where = f"http://127.0.0.1:{port}"
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    return dict.fromkeys(names, where)
