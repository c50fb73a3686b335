"""How fast one user gives goals. Pure: moments come in as they were written down."""

from collections import deque
from datetime import datetime

from toolguild.screen.flag import Flag

MINUTE = 60.0  # seconds
USERS = 10_000  # that are remembered; of more, those are forgotten who were silent longest


class Pace:
    """Counts the goals of each user within the last minute. What one process lets in, it sees."""

    def __init__(self) -> None:
        self._given: dict[str, deque[float]] = {}
        self._told: dict[str, float] = {}

    def given(self, user: str, at: str, limit: int) -> Flag | None:
        """Take in a goal given at `at` (ISO 8601); return a flag when it is over the limit, once a minute."""
        try:
            now = datetime.fromisoformat(at).timestamp()
        except ValueError:
            return None
        moments = self._given.pop(user, deque())
        self._given[user] = moments
        moments.append(now)
        while moments and moments[0] <= now - MINUTE:
            moments.popleft()
        while len(moments) > limit + 1:
            moments.popleft()
        while len(self._given) > USERS:
            self._given.pop(next(iter(self._given)))
        if len(moments) <= limit or now - self._told.get(user, float("-inf")) < MINUTE:
            return None
        self._told = {one: when for one, when in self._told.items() if now - when < MINUTE}
        self._told[user] = now
        return Flag(
            rule="anomaly.rate",
            message=f"{user} gave more than {limit} goals within a minute",
            policy="users.default.alert_per_minute",
        )
