"""Many decisions in one sitting: which of them have to be looked at one by one. Pure."""

import math
from collections.abc import Sequence

from toolguild.canonical import digest_of_bytes
from toolguild.client.inbox import Question
from toolguild.policy import Checkpoints


def sample(of: Sequence[Question], rules: Checkpoints, seed: str) -> list[Question]:
    """Return those that have to be looked at: the policy's share, at least so many, drawn by the seed.

    The same items and seed give the same sample; one more item changes it by one at most.
    """
    count = min(len(of), max(rules.batch_least, math.ceil(rules.batch_share * len(of))))
    drawn = sorted(of, key=lambda one: digest_of_bytes(f"{seed}:{one.item}".encode()))[:count]
    return [one for one in of if one in drawn]


def note_of(of: Sequence[Question], looked_at: Sequence[Question], seed: str) -> str:
    """Return what the log keeps of the sitting beside each decision."""
    ids = ", ".join(one.item for one in looked_at)
    return f"one of {len(of)} in one sitting, looked at one by one: {ids or 'none'} (seed {seed})"
