"""What a tunnel begins with: the TLS ClientHello, and the server that it names. Pure."""

import struct

HEAD = 5
MOST = HEAD + (1 << 14)
_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME = 22, 1, 0


class NotTls(ValueError):
    """The bytes are no beginning of TLS."""


def length(head: bytes) -> int:
    """Return how long the first record is, from its five first bytes. Raises NotTls."""
    kind, major, _, size = struct.unpack(">BBBH", head)
    if kind != _HANDSHAKE or major != 3 or not 4 <= size <= 1 << 14:
        raise NotTls("a tunnel is for TLS only")
    return HEAD + int(size)


def server_name(record: bytes) -> str | None:
    """Return the host that a whole first record names, in lower case; None when it names none.

    Raises NotTls for a record that is no ClientHello, or holds only a part of one.
    """
    try:
        return _server_name(record[HEAD:])
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NotTls("a tunnel is for TLS only") from error


def _server_name(hello: bytes) -> str | None:
    size = int.from_bytes(hello[1:4], "big")
    if hello[0] != _CLIENT_HELLO or size != len(hello) - 4:
        raise NotTls("a tunnel begins with one whole ClientHello")
    at = 4 + 2 + 32
    at += 1 + hello[at]  # session id
    at += 2 + int(struct.unpack_from(">H", hello, at)[0])  # cipher suites
    at += 1 + hello[at]  # compression
    if at == len(hello):
        return None
    end = at + 2 + int(struct.unpack_from(">H", hello, at)[0])
    at += 2
    while at + 4 <= min(end, len(hello)):
        kind, length = struct.unpack_from(">HH", hello, at)
        at += 4
        if kind == _SERVER_NAME:
            name_kind, name_length = struct.unpack_from(">BH", hello, at + 2)
            name = hello[at + 5 : at + 5 + name_length]
            if name_kind != 0 or len(name) != name_length:
                raise NotTls("a ClientHello with a server name of another kind")
            return name.decode("ascii").lower().removesuffix(".")
        at += length
    return None
