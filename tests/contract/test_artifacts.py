"""What the store of files must do, over a real object store."""

import hashlib
import os
import stat
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from nats.js import JetStreamContext
from nats.js.api import PubAck

from toolguild.errors import PermanentError, UsageError
from toolguild.messages import Artifact
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus
from toolguild.runtime.objects import CHUNK, Objects

MB = 1024 * 1024


@pytest.fixture
async def artifacts(bus: Bus, tmp_path: Path) -> StoredArtifacts:
    return StoredArtifacts(bus.objects, tmp_path / "cache")


def content_of(size: int) -> bytes:
    return os.urandom(64) * (size // 64) + b"." * (size % 64)


def write(place: Path, content: bytes) -> Path:
    place.write_bytes(content)
    return place


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * MB + 7])
async def test_a_file_comes_back_as_it_was(
    artifacts: StoredArtifacts, tmp_path: Path, size: int
) -> None:
    content = content_of(size)
    artifact = await artifacts.put("data.csv", write(tmp_path / "data.csv", content))
    assert artifact == Artifact(
        name="data.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=size,
        media_type="text/csv",
    )
    assert (await artifacts.path(artifact)).read_bytes() == content
    assert await artifacts.head(artifact) == content[:65536]


async def test_bytes_and_a_path_of_the_same_content_are_one_artifact(
    artifacts: StoredArtifacts, bus: Bus, tmp_path: Path
) -> None:
    first = await artifacts.put("x", b"same")
    before = (await bus.js.stream_info("OBJ_artifacts")).state.messages
    second = await artifacts.put("x", write(tmp_path / "f", b"same"))
    assert first == second
    assert (await bus.js.stream_info("OBJ_artifacts")).state.messages == before


async def test_a_local_copy_cannot_be_written_and_is_fetched_once(
    artifacts: StoredArtifacts, bus: Bus
) -> None:
    artifact = await artifacts.put("x", b"content")
    place = await artifacts.path(artifact)
    assert stat.S_IMODE(place.stat().st_mode) == 0o444
    await bus.js.purge_stream("OBJ_artifacts")
    assert (await artifacts.path(artifact)).read_bytes() == b"content"


async def test_a_cut_off_local_copy_is_fetched_again(artifacts: StoredArtifacts) -> None:
    artifact = await artifacts.put("x", b"content")
    place = await artifacts.path(artifact)
    place.chmod(0o644)
    place.write_bytes(b"cont")
    assert (await artifacts.path(artifact)).read_bytes() == b"content"


async def test_a_file_that_is_gone_is_a_permanent_error(artifacts: StoredArtifacts) -> None:
    with pytest.raises(PermanentError, match="is not in the store"):
        await artifacts.path(Artifact(name="x", sha256="0" * 64, bytes=3))


async def test_damage_in_the_store_is_noticed_and_leaves_nothing_behind(
    artifacts: StoredArtifacts, bus: Bus, tmp_path: Path
) -> None:
    artifact = await artifacts.put("x", content_of(3 * CHUNK))
    await bus.js.delete_msg("OBJ_artifacts", 2)
    with pytest.raises(PermanentError, match=r"damaged|lost a chunk"):
        await artifacts.path(artifact)
    assert [place for place in (tmp_path / "cache").rglob("*") if place.is_file()] == []


async def test_bytes_that_were_swapped_in_the_store_are_noticed(
    artifacts: StoredArtifacts, bus: Bus
) -> None:
    artifact = await artifacts.put("x", content_of(2 * CHUNK))
    chunk = await bus.js.get_msg("OBJ_artifacts", seq=2)
    await bus.js.delete_msg("OBJ_artifacts", 2)
    await bus.js.publish(chunk.subject or "", b"." * CHUNK)
    with pytest.raises(PermanentError, match="is damaged"):
        await artifacts.path(artifact)


async def test_the_head_of_a_large_file_reads_one_chunk(
    artifacts: StoredArtifacts, bus: Bus
) -> None:
    content = content_of(4 * CHUNK)
    artifact = await artifacts.put("x", content)
    await bus.js.delete_msg("OBJ_artifacts", 2)  # the second chunk: it is not needed
    assert await artifacts.head(artifact, 100) == content[:100]


async def test_a_missing_file_is_named(artifacts: StoredArtifacts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.csv: cannot be read: No such file"):
        await artifacts.put("x", tmp_path / "nothing.csv")


async def test_a_file_that_changes_on_the_way_is_refused(bus: Bus, tmp_path: Path) -> None:
    objects = Objects(bus.js)
    with pytest.raises(PermanentError, match="changed while it was being stored"):
        await objects.put("0" * 64, write(tmp_path / "f", b"other"))
    with pytest.raises(PermanentError, match="is not in the store"):
        await objects.get("0" * 64)


class LateAnswers:
    """JetStream as it is while the server restarts: the first message of each kind arrives, its answer not."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._late = {"C", "M"}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._js, name)

    async def publish(self, subject: str, *arguments: Any, **options: Any) -> PubAck:
        answer = await self._js.publish(subject, *arguments, **options)
        kind = subject.split(".")[2]
        if kind in self._late:
            self._late.remove(kind)
            raise TimeoutError
        return answer


async def test_a_file_is_whole_though_the_answers_to_its_messages_came_too_late(bus: Bus) -> None:
    content = content_of(2 * CHUNK)
    name = hashlib.sha256(content).hexdigest()
    late = Objects(LateAnswers(bus.js))  # type: ignore[arg-type]  # all of it that is used here
    await late.put(name, content)
    assert await bus.objects.get(name) == content
    assert (await bus.js.stream_info("OBJ_artifacts")).state.messages == 3


async def test_a_large_file_is_never_held_in_memory(
    artifacts: StoredArtifacts, tmp_path: Path
) -> None:
    size = 96 * MB
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        artifact = await artifacts.put("large", tmp_path / "large")
        place = await artifacts.path(artifact)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert place.stat().st_size == size
    assert peak < 16 * MB
