"""Hosts by name or address with a port, in one spelling, and which addresses are public. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address

ANY = "*"
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([^\s:/@\[\]?#]{1,253}))(?::(\d{1,5}))?")
_UNICAST = ipaddress.ip_network("2000::/3")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")  # carries an IPv4 address, of any kind


@dataclass(frozen=True)
class Host:
    """A host by name or address, in one spelling, and a port."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"

    @property
    def address(self) -> Address | None:
        """The address, when it is no name."""
        try:
            return ipaddress.ip_address(self.name)
        except ValueError:
            return None

    @property
    def is_loopback_name(self) -> bool:
        """Whether it is a name that means this machine everywhere (RFC 6761)."""
        return self.name == "localhost" or self.name.endswith(".localhost")

    @property
    def may_be_public(self) -> bool:
        """Whether it is a public address, or a name that may lead to one."""
        address = self.address
        return not self.is_loopback_name if address is None else is_public(address)


def parse(authority: str, default_port: int | None = None) -> Host:
    """Parse "name", "name:port", "10.0.0.1:80" or "[::1]:80". Raises ValueError.

    Addresses in other notations (0x7f.1, 2130706433, 127.1) are no hosts: resolvers disagree about them.
    """
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise ValueError(f"{authority[:80]!r} is no host with a port")
    inner, plain, digits = found.groups()
    port = int(digits) if digits else default_port
    if port is None or not 0 < port < 65536:
        raise ValueError(f"{authority[:80]!r} has no port between 1 and 65535")
    if inner is not None:
        return Host(str(ipaddress.IPv6Address(inner)), port)
    return Host(_name(plain), port)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the open Internet: no private, local, shared or reserved one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _UNICAST or address in _SIX_TO_FOUR:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _name(text: str) -> str:
    try:
        name = text.encode("idna").decode("ascii").lower() if not text.isascii() else text.lower()
    except UnicodeError as error:
        raise ValueError(f"{text[:80]!r} is no host name") from error
    name = name.removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(IPv4Address(name))  # ends in a number: an address or nothing
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text[:80]!r} is no host name")
    return name
