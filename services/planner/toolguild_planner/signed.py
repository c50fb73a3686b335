"""Whether an intervention is really the person's who it says."""

from datetime import UTC, datetime, timedelta

from toolguild.errors import Refused
from toolguild.guild import Keyring
from toolguild.messages import events
from toolguild.messages.narrow import moment

SKEW = timedelta(minutes=1)  # by which the clocks of two machines may differ


def verify(keyring: Keyring, event: events.Intervened) -> str:
    """Return why an intervention does not count, or "": the person has signed exactly this, and not for later.

    What is from the future could make a pause seem longer than it was, and so move the deadline too far.
    """
    if event.signature is None:
        return "it is not signed; `toolguild` signs with the key of --user"
    try:
        by = f"person:{event.by}"
        keyring.verify(event.signature, purpose="intervention", by=by, over=event.signed)
        said = moment(event.at) if event.at else None
    except (Refused, ValueError) as error:
        return str(error)
    if said is not None and said > datetime.now(UTC) + SKEW:
        return f"it is from the future: {event.at}"
    return ""
