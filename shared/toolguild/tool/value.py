from pydantic import BaseModel, ConfigDict

from toolguild import canonical
from toolguild.canonical import Digest


class Value(BaseModel):
    """Something immutable that travels in messages and is named by the digest of its canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def digest(self) -> Digest:
        """The SHA-256 of this value's RFC 8785 bytes."""
        return canonical.digest(self)
