from pydantic import BaseModel, ConfigDict

from toolguild import canonical
from toolguild.canonical import Digest


class Value(BaseModel):
    """Something immutable that travels in messages and is named by the digest of its canonical JSON."""

    # A slot, since it is no part of the value: no field, not compared, not written, and not copied, so that a
    # copy with changes has a digest of its own.
    __slots__ = ("_known_digest",)

    # Built at first use: a process needs a few of all kinds, and to build all takes a seventh of its start.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @property
    def digest(self) -> Digest:
        """The SHA-256 of this value's RFC 8785 bytes, computed when it is first asked for."""
        try:
            known: Digest = object.__getattribute__(self, "_known_digest")
        except AttributeError:
            known = canonical.digest(self)
            object.__setattr__(self, "_known_digest", known)
        return known
