"""Steering where nobody steers: in tests, and where models are asked outside a guild."""

from toolguild.messages import Brief
from toolguild.sandbox.interface import Reins
from toolguild.sandbox.reins import HeldReins


class Unsteered:
    """Steering where nobody steers."""

    def reins(self, key: str) -> Reins:
        """Return reins that nobody holds."""
        return HeldReins()

    def narrowed(self, brief: Brief, key: str) -> Brief:
        """Return the brief as it is."""
        return brief
