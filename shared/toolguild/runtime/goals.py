"""Where goals wait until they are let in: a queue for each user, all of them in one stream."""

import re
from datetime import datetime, timedelta

from nats.js.errors import NotFoundError

from toolguild.canonical import digest_of_bytes
from toolguild.messages import Envelope, events
from toolguild.messages.commands import AdmitGoal
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import GOALS, goal_subject, queue_name

# In lower case only: the server keeps a queue in a folder of that name, and some disks know no other.
_PLAIN = re.compile(r"[a-z0-9_-]{1,48}")
HASHED = "h-"  # what the token of any other name starts with


def token(user: str) -> str:
    """Return what stands for a user in subjects: the name itself where it is plain, else a digest of it."""
    if _PLAIN.fullmatch(user) and not user.startswith(HASHED):
        return user
    return HASHED + digest_of_bytes(user.encode())[:32]


class QueuedGoal(Envelope):
    """The envelope of a goal that waits: its subject names the user whose queue it is in."""

    @property
    def subject(self) -> str:
        """As `topology.goal_subject` has it."""
        assert isinstance(self.body, AdmitGoal)
        return goal_subject(token(self.body.brief.user), self.key)


def allowed(order: AdmitGoal, queued_at: str) -> timedelta | None:
    """Return how long the task may take once it has started; None: no limit. Pure."""
    if order.brief.deadline is None:
        return None
    return datetime.fromisoformat(order.brief.deadline) - datetime.fromisoformat(queued_at)


def let_in(order: AdmitGoal, queued_at: str, now: str) -> events.GoalGiven:
    """Return what starts the task: its time counts from now on, not from when it began to wait. Pure."""
    brief, limit = order.brief, allowed(order, queued_at)
    if limit is not None:
        deadline = (datetime.fromisoformat(now) + limit).isoformat(timespec="milliseconds")
        brief = brief.model_copy(update={"deadline": deadline, "started": now})
    return events.GoalGiven(task=order.task, brief=brief, goal=order.goal, files=order.files)


async def is_queued(bus: Bus, task: str) -> bool:
    """Whether a goal waits or is under way. Raises Unavailable when NATS stays away."""
    where = goal_subject("*", task)
    info = await retried(
        lambda: bus.js.stream_info(GOALS, subjects_filter=where), f"look for goal {task}"
    )
    return bool(info.state.subjects)


async def waiting(bus: Bus, user: str) -> int:
    """Return how many goals of a user have not been let in yet. Raises Unavailable when NATS stays away."""
    mine = token(user)

    async def count() -> int:
        try:
            return (await bus.js.consumer_info(GOALS, queue_name(mine))).num_pending or 0
        except NotFoundError:  # nobody has looked at this queue for long
            info = await bus.js.stream_info(GOALS, subjects_filter=goal_subject(mine))
            return len(info.state.subjects or {})

    return await retried(count, f"count the goals of {user}")
