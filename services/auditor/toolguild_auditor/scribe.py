"""Who writes the audit chain."""

from collections.abc import Sequence
from functools import partial

from toolguild.agent import Scribe
from toolguild.chain.checkpoint import AUDITOR, PURPOSE
from toolguild.errors import Refused
from toolguild.guild import Guild
from toolguild.tool import Signature


def scribes(guild: Guild) -> Sequence[Scribe]:
    """Return the scribe with the auditor's key; none when the operator has switched the layer off."""
    if not guild.policy.layers.audit:
        return ()

    def own(signature: Signature) -> bool:
        try:
            guild.keyring.verify(signature, purpose=PURPOSE, by=AUDITOR, over=signature.over)
        except Refused:
            return False
        return True

    sign = partial(guild.signer.sign, "checkpoint")
    return (Scribe(name="scribe", rules=guild.policy.audit, sign=sign, own=own),)
