"""E-mail addresses, IP addresses and MAC addresses."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text

_LOCAL = re.compile(r"(?:[\w.+%'-]{1,64}|\"[^\"\s@][^\"\n@]{0,62}\")\Z")
_DOMAIN = re.compile(r"@(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
# A look behind stands after the first letter: an expression that begins with one is tried at every place.
_V4 = re.compile(r"\d(?<![\w.-]\d)\d{0,2}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_V6_ANCHOR = re.compile(r"::|:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
_V6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC_ANCHOR = re.compile(r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]")
_MAC = re.compile(
    r"(?<![\w:-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])"
)
_NUMBERING = ("version", "v", "release", "section", "chapter", "clause", "rule", "firmware")
_SPEAKS_OF_IP = (
    "ip",
    "ips",
    "ipv4",
    "host",
    "hosts",
    "client",
    "from",
    "address",
    "server",
    "addr",
)


def emails(text: Text) -> Iterator[Span]:
    """Yield e-mail addresses, but not `git@host:path`."""
    plain, at = text.plain, text.plain.find("@")
    while at >= 0:
        domain = _DOMAIN.match(plain, at)
        local = _LOCAL.search(plain[max(0, at - 65) : at]) if domain is not None else None
        if domain is not None and local is not None:
            name = local[0].lstrip("'.-")
            remote = name == "git" and plain[domain.end() : domain.end() + 1] == ":"
            if name and not remote:
                yield Span("email", at - len(name), domain.end(), 0.99)
        at = plain.find("@", domain.end() if domain is not None else at + 1)


def addresses(text: Text) -> Iterator[Span]:
    """Yield IP addresses that may lead to somebody: no loopback, private or version-like ones."""
    if text.plain.count(".") > 2:
        yield from _version_4(text)
    if _V6_ANCHOR.search(text.plain) is not None:
        yield from _version_6(text)


def macs(text: Text) -> Iterator[Span]:
    """Yield hardware addresses."""
    if _MAC_ANCHOR.search(text.plain) is None:
        return
    for match in _MAC.finditer(text.plain):
        if match[0].strip("0:-"):
            yield Span("mac", *match.span(), 0.95)


def _version_4(text: Text) -> Iterator[Span]:
    for match in _V4.finditer(text.plain):
        try:
            address = IPv4Address(match[0])
        except AddressValueError:
            continue
        if _leads_nowhere(address) or text.near(match.start(), _NUMBERING, 12):
            continue
        small = all(len(part) == 1 for part in match[0].split("."))
        if not small or text.near(match.start(), _SPEAKS_OF_IP, 20):
            yield Span("ip", *match.span(), 0.95)


def _version_6(text: Text) -> Iterator[Span]:
    for match in _V6.finditer(text.plain):
        groups = [group for group in match[0].split(":") if group]
        if len(groups) < 3 or not any(c.isdigit() for c in match[0]):
            continue
        try:
            address = IPv6Address(match[0])
        except AddressValueError:
            continue
        if not _leads_nowhere(address):
            yield Span("ip", *match.span(), 0.95)


def _leads_nowhere(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        first, second = address.packed[:2]
        if first in (0, 10, 127) or (first, second) in ((192, 168), (169, 254)):
            return True
        return (first == 172 and 16 <= second < 32) or first >= 224
    return address.is_loopback or address.is_link_local or address.is_unspecified
