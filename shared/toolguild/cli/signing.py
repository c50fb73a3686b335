"""Who signs what a person says on the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolguild.identity import Ed25519Signer
    from toolguild.settings import Settings


def person(settings: "Settings", name: str) -> "Ed25519Signer":
    """Return the signer of --user, making the key on first use.

    Raises UsageError for a name that cannot be a person's, Misconfigured when the key cannot be read or made.
    """
    from toolguild.identity import KeyDirectory

    return KeyDirectory(settings.keys).person(name)
