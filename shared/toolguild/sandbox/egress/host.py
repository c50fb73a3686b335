"""Which hosts a call may reach: entries of a grant, and the names and addresses that they cover. Pure."""

from collections.abc import Iterable

from toolguild.errors import UsageError
from toolguild.host import ANY as ANY
from toolguild.host import Address as Address
from toolguild.host import Host as Host
from toolguild.host import is_public as is_public
from toolguild.host import parse as parse


class Grant:
    """The hosts that one call may reach."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Take entries as a policy or a manifest writes them. Raises UsageError for one that is none."""
        self._everything = False
        self._hosts: set[Host] = set()
        for entry in entries:
            if entry == ANY:
                self._everything = True
                continue
            try:
                self._hosts.add(parse(entry))
            except ValueError as error:
                raise UsageError(
                    f"hosts: {error}; write it as name:port, api.example.com:443"
                ) from error

    def covers(self, host: Host) -> bool:
        """Say whether a call may ask for this host. What its name resolves to is judged by `admits`."""
        if host in self._hosts:
            return True
        return self._everything and host.may_be_public

    def admits(self, host: Host, address: Address) -> bool:
        """Say whether a covered host may be reached at this address.

        An address that is not public must be listed itself, whatever name resolves to it: a name is in
        somebody else's hands.
        """
        if is_public(address) or Host(str(address), host.port) in self._hosts:
            return True
        return host.is_loopback_name and address.is_loopback and host in self._hosts
