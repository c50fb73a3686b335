"""Whether model servers of one's own listen is asked before a task waits for them."""

import socket

import pytest

from toolguild.errors import Misconfigured
from toolguild.model.reach import address, check_reach
from toolguild.model.settings import ModelSettings, Target

NOBODY = "http://127.0.0.1:1/v1"


async def test_an_address_where_nobody_listens_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"127\.0\.0\.1:1/v1 \(Connection refused\): start it"):
        await check_reach(ModelSettings(model="openai/m", api_base=NOBODY))


async def test_a_server_that_listens_is_enough_even_if_a_fallback_of_it_is_away() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        here = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        await check_reach(ModelSettings(model=f"openai/m@{NOBODY}, openai/m@{here}"))


async def test_a_model_elsewhere_may_stand_in_for_one_that_is_away() -> None:
    await check_reach(ModelSettings(model=f"openai/m@{NOBODY}, anthropic/claude-sonnet-4"))


async def test_the_model_that_a_task_chooses_is_the_one_that_counts() -> None:
    settings = ModelSettings(model="openai/m", api_base=NOBODY)
    await check_reach(settings, "recorded:answers.jsonl")
    with pytest.raises(Misconfigured, match="no model server answers"):
        await check_reach(ModelSettings(model="anthropic/claude-sonnet-4"), f"openai/m@{NOBODY}")


@pytest.mark.parametrize("base", ["http://127.0.0.1:many/v1", "ftp://127.0.0.1/v1"])
async def test_an_address_that_is_none_is_told(base: str) -> None:
    with pytest.raises(Misconfigured, match="no address of the shape http://HOST:PORT/v1"):
        await check_reach(ModelSettings(model="openai/m", api_base=base))


@pytest.mark.parametrize(
    ("target", "where"),
    [
        (Target("openai/m", "http://localhost:8080/v1"), "http://localhost:8080/v1"),
        (Target("ollama_chat/m"), "http://localhost:11434"),
        (Target("openai/gpt-4o"), None),
        (Target("openai/m", "https://models.example.org/v1"), None),
        (Target("scripted:a:b"), None),
    ],
)
def test_only_servers_of_ones_own_have_an_address_to_try(target: Target, where: str | None) -> None:
    assert address(target, {}) == where


def test_ollama_may_be_elsewhere() -> None:
    there = {"OLLAMA_API_BASE": "http://127.0.0.1:7/"}
    assert address(Target("ollama/m"), there) == "http://127.0.0.1:7/"
