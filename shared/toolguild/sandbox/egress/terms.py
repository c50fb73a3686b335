"""On which terms one call may use its way out: how much, and with which credentials. Pure."""

from dataclasses import dataclass

from toolguild.host import Host
from toolguild.sandbox.egress.bearer import Bearer


@dataclass(frozen=True)
class EgressLimits:
    """The most that one call may do outside. What is over is refused, and the call goes on."""

    requests: int = 1000
    at_once: int = 16  # further connections wait
    sent_mb: int = 64  # by the tool, in all
    received_mb: int = 256
    head_kb: int = 64
    connect_seconds: float = 10.0
    request_seconds: float = 120.0  # one request with its answer, or one tunnel


@dataclass(frozen=True)
class Terms:
    """The terms of one call."""

    limits: EgressLimits = EgressLimits()
    bearers: tuple[Bearer, ...] = ()  # none in an exam
    tls_hosts: frozenset[Host] = frozenset()  # to which the proxy speaks TLS, in an exam for show

    def bearer(self, host: Host) -> Bearer | None:
        """Return the credential for exactly this host and port."""
        return next((one for one in self.bearers if one.host == host), None)
