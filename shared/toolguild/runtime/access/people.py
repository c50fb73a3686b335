"""What the command line of people orders, writes and reads: signed and checked as services do it."""

from dataclasses import replace

from toolguild.identity import KeyDirectory
from toolguild.runtime.access.recorded import RecordSeals
from toolguild.runtime.access.roster import OPERATOR
from toolguild.runtime.access.seal import Seals, signed_since
from toolguild.runtime.bus import Bus
from toolguild.runtime.services import known_services
from toolguild.settings import Settings


def as_operator(bus: Bus, settings: Settings) -> Bus:
    """Return a bus on which the operator orders and writes records, with a key that is made on first use.

    Where no public key of a service is known, as on a machine that only has credentials for NATS, what is read is
    taken as it is: nobody acts on it there. Reads a file.
    """
    keys = settings.keys
    # Not noted by us: services of the version before may still be at work.
    since = signed_since(keys, "records", noted=False)
    directory, own = KeyDirectory(keys), (OPERATOR,)
    bus = replace(bus, seals=Seals(directory, own, (), since))
    # Most commands read no record, and to import the services takes longer than they do.
    return bus.sealed(RecordSeals(directory, own, lambda: known_services(()), since, trusting=True))
