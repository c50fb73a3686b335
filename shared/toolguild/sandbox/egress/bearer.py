"""A credential as the proxy carries it: for one host, in one header, never shown. Pure."""

from dataclasses import dataclass, field

from toolguild.host import Host


@dataclass(frozen=True)
class Bearer:
    """What is added to requests for exactly this host and port. Its value is in no text made of it."""

    name: str  # by which policies, manifests and records call it
    host: Host
    header: str
    prefix: str = field(repr=False)
    value: str = field(repr=False)
    tls: bool = True  # the proxy speaks TLS to the host, whatever the tool speaks to the proxy

    def replaces(self, header: str) -> bool:
        """Whether a header that the tool sends is this one: some servers read `_` as `-`."""
        return header.lower().replace("_", "-") == self.header.lower().replace("_", "-")
