"""What is told when NATS stays away or refuses."""

import pytest
from nats.js.errors import BadRequestError, NotFoundError

from toolguild.errors import TemporaryError
from toolguild.runtime.retry import retried


async def asked(error: Exception) -> None:
    async def call() -> None:
        raise error

    await retried(call, "store object 123")


async def test_a_full_disk_is_told_with_what_to_do() -> None:
    full = BadRequestError(code=400, description="write /d/1.blk: no space left on device")
    with pytest.raises(TemporaryError, match=r"is full \(store object 123\); make room"):
        await asked(full)


async def test_another_refusal_is_told_as_it_is() -> None:
    with pytest.raises(TemporaryError, match=r"NATS: store object 123: .*nonsense"):
        await asked(BadRequestError(code=400, description="nonsense"))


async def test_an_answer_is_no_failure() -> None:
    with pytest.raises(NotFoundError):
        await asked(NotFoundError())
