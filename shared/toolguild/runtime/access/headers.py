"""Headers of a message as the server reads them: what is not plain there may mean two things to two readers."""

import re

from nats.aio.client import Client

from toolguild.runtime.access.seal import SIGNATURE

AMBIGUOUS = "toolguild-ambiguous"  # the header that a message with such headers gets here
_SIGNED = SIGNATURE.encode()
_FIRST = b"NATS/1.0\r\n"
_LINE = re.compile(rb"([A-Za-z0-9-]+): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|)\Z")


def plain(raw: bytes) -> dict[str, str] | None:
    """Return headers from their bytes, or None if a name comes twice or a line has another form than ours.

    The server takes the first of two headers of a name and nats-py the last one. Whoever sends both shows each
    what it wants to see.
    """
    if not raw:
        return {}
    if not raw.startswith(_FIRST) or not raw.endswith(b"\r\n\r\n"):
        return None
    found: dict[str, str] = {}
    names: set[bytes] = set()
    for line in raw[len(_FIRST) : -2].split(b"\r\n")[:-1]:
        match = _LINE.match(line)
        if match is None or match[1].lower() in names:
            return None
        names.add(match[1].lower())
        found[match[1].decode()] = match[2].decode()
    return found


class PlainClient(Client):
    """A connection that marks what is signed and whose headers are not plain: nats-py keeps no bytes of them."""

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        found: dict[str, str] | None = await super()._process_headers(headers)
        if headers and _SIGNED in headers and plain(headers) is None:
            return (found or {}) | {AMBIGUOUS: "yes"}
        return found
