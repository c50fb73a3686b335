"""What is told when NATS stays away or refuses."""

import pytest
from nats.js.errors import BadRequestError, NoStreamResponseError, NotFoundError

from toolguild.errors import TemporaryError, Unavailable
from toolguild.runtime import retry
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


async def test_a_lost_answer_is_asked_for_again() -> None:
    asked = 0

    async def call() -> int:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise NoStreamResponseError
        return asked

    assert await retried(call, "publish") == 3


async def test_no_answer_at_all_is_told_as_nats_being_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PATIENCE", 0.2)

    async def call() -> None:
        raise NoStreamResponseError

    with pytest.raises(Unavailable, match=r"gave no answer in 0\.2 s \(publish"):
        await retried(call, "publish")
