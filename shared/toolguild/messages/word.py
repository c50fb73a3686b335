"""What a person says, signed with that person's key."""

from toolguild.canonical import Digest
from toolguild.messages.base import Event
from toolguild.tool import Signature


class Word(Event):
    """An event that only a person causes. Whoever follows it verifies the signature first."""

    signature: Signature | None = None  # over the digest of all but itself

    @property
    def signed(self) -> Digest:
        """The digest that the person's signature is over."""
        return self.model_copy(update={"signature": None}).digest
