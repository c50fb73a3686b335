"""An archive for tests that are about something else."""

from collections.abc import Sequence

from toolguild.guild import Removed
from toolguild.messages import BuildId, TaskId


class NoArchive:
    """Fails when it is used."""

    async def remove(self, task: TaskId, builds: Sequence[BuildId]) -> Removed:
        """Fail."""
        raise AssertionError("nothing is removed here")

    async def remove_files(self, task: TaskId) -> Removed:
        """Fail."""
        raise AssertionError("nothing is removed here")

    async def size(self) -> int:
        """Fail."""
        raise AssertionError("nothing is weighed here")

    async def ended(self, limit: int) -> Sequence[TaskId]:
        """Fail."""
        raise AssertionError("nobody looks for tasks here")
