"""What every registry promises, the one in memory and the one over JetStream."""

import pytest

from toolguild import guild
from toolguild.canonical import Digest
from toolguild.errors import Conflict, Refused, UsageError
from toolguild.registry import JetStreamRegistry, MemoryRegistry
from toolguild.testing import samples
from toolguild.tool import Published, Tool

AnyRegistry = MemoryRegistry | JetStreamRegistry
NOWHERE = Digest("0" * 64)


def test_both_are_registries_of_the_guild() -> None:
    promised: tuple[type[guild.Registry], ...] = (MemoryRegistry, JetStreamRegistry)
    for name in (
        "search",
        "fitting",
        "get",
        "find",
        "versions",
        "all",
        "runnable",
        "closure",
        "pin",
    ):
        assert all(hasattr(kind, name) for kind in promised)


async def put(registry: AnyRegistry, entry: Published) -> Tool:
    await registry.publish(entry.tool, entry.publication)
    return entry.tool


async def test_a_published_tool_is_found_by_digest_name_version_and_words(
    registry: AnyRegistry,
) -> None:
    tool = await put(registry, samples.named("sum_column"))
    by_digest = registry.get(tool.digest)
    assert by_digest is not None
    assert by_digest.tool == tool
    assert registry.find("sum_column") == by_digest
    assert registry.find("sum_column", "1.0") == by_digest
    assert registry.versions("sum_column") == [by_digest]
    assert registry.all() == [by_digest]
    assert registry.search("total of a column") == [by_digest]
    assert registry.fitting(samples.spec()) == [by_digest]


async def test_what_was_never_published_is_not_there(registry: AnyRegistry) -> None:
    assert registry.get(NOWHERE) is None
    assert registry.find("sum_column") is None
    assert registry.find("sum_column", "1.0") is None
    assert registry.versions("sum_column") == []
    assert registry.all() == []
    assert registry.search("anything") == []


async def test_publishing_again_changes_nothing(registry: AnyRegistry) -> None:
    entry = samples.named("sum_column")
    first = await registry.publish(entry.tool, entry.publication)
    again = await registry.publish(entry.tool, entry.publication)
    assert again == first
    assert registry.versions("sum_column") == [first]


async def test_publishing_a_revoked_tool_again_does_not_revive_it(registry: AnyRegistry) -> None:
    entry = samples.named("sum_column")
    await put(registry, entry)
    await registry.set_status(entry.tool.digest, "revoked", "wrong")
    assert (await registry.publish(entry.tool, entry.publication)).status == "revoked"
    assert registry.find("sum_column") is None


async def test_a_version_belongs_to_one_digest(registry: AnyRegistry) -> None:
    first = await put(registry, samples.named("sum_column"))
    other = samples.named("sum_column", description="something else")
    with pytest.raises(Conflict):
        await registry.publish(other.tool, other.publication)
    assert registry.get(other.tool.digest) is None
    assert [entry.tool for entry in registry.versions("sum_column")] == [first]


async def test_a_publication_signed_over_something_else_is_refused(registry: AnyRegistry) -> None:
    one, other = samples.named("one"), samples.named("other")
    with pytest.raises(Refused, match="not signed over its digest"):
        await registry.publish(one.tool, other.publication)
    assert registry.all() == []


async def test_a_record_too_large_for_the_bus_is_refused(registry: AnyRegistry) -> None:
    case = samples.exam().cases[0].model_copy(update={"files": {"big.txt": "x" * 1_000_000}})
    tool = samples.tool(on=samples.exam(cases=(case,)))
    entry = samples.published(tool)
    with pytest.raises(Refused, match="over the limit"):
        await registry.publish(entry.tool, entry.publication)
    assert registry.all() == []


async def test_versions_are_ordered_as_numbers(registry: AnyRegistry) -> None:
    for version in ("1.10", "2.0", "1.9"):
        await put(registry, samples.named("sum_column", version, description=version))
    assert [entry.tool.version for entry in registry.versions("sum_column")] == [
        "1.9",
        "1.10",
        "2.0",
    ]
    newest = registry.find("sum_column")
    assert newest is not None
    assert newest.tool.version == "2.0"
    assert [entry.tool.version for entry in registry.all()] == ["2.0"]


async def test_search_gives_one_version_of_a_name(registry: AnyRegistry) -> None:
    for version in ("1.0", "1.1"):
        await put(registry, samples.named("sum_column", version, description=f"adds, {version}"))
    assert [entry.tool.version for entry in registry.search("sum column")] == ["1.1"]


async def test_search_goes_by_the_text_of_the_version_that_it_gives(registry: AnyRegistry) -> None:
    await put(registry, samples.named("tool_a", "1.0", description="apples"))
    await put(registry, samples.named("tool_a", "2.0", description="pears"))
    assert [entry.tool.version for entry in registry.search("pears")] == ["2.0"]
    assert registry.search("apples") == []
    await registry.pin("tool_a", "1.0")
    assert [entry.tool.version for entry in registry.search("apples")] == ["1.0"]


async def test_a_revoked_version_gives_way_to_an_older_one(registry: AnyRegistry) -> None:
    await put(registry, samples.named("sum_column", "1.0"))
    newer = await put(registry, samples.named("sum_column", "1.1", description="worse"))
    await registry.set_status(newer.digest, "revoked", "gives wrong sums")
    found = registry.find("sum_column")
    assert found is not None
    assert found.tool.version == "1.0"
    assert [entry.tool.version for entry in registry.search("sum")] == ["1.0"]
    revoked = registry.get(newer.digest)
    assert revoked is not None
    assert (revoked.status, revoked.reason) == ("revoked", "gives wrong sums")
    assert not registry.runnable(newer.digest)


@pytest.mark.parametrize("status", ["quarantined", "revoked"])
async def test_stopped_tools_are_not_found_and_do_not_run(
    registry: AnyRegistry, status: str
) -> None:
    tool = await put(registry, samples.named("sum_column"))
    await registry.set_status(tool.digest, status, "harm")  # type: ignore[arg-type]  # from a list
    assert registry.search("sum") == []
    assert registry.fitting(samples.spec()) == []
    assert registry.find("sum_column") is None
    with pytest.raises(Refused, match=f"sum_column@1.0 is {status} \\(harm\\)"):
        registry.closure(tool.digest)


async def test_a_deprecated_tool_runs_but_is_not_searched(registry: AnyRegistry) -> None:
    tool = await put(registry, samples.named("sum_column"))
    await registry.set_status(tool.digest, "deprecated", "use sum_columns")
    assert registry.search("sum") == []
    assert registry.runnable(tool.digest)
    assert registry.find("sum_column") == registry.get(tool.digest)


async def test_a_published_version_goes_before_a_newer_deprecated_one(
    registry: AnyRegistry,
) -> None:
    older = await put(registry, samples.named("sum_column", "1.0"))
    newer = await put(registry, samples.named("sum_column", "1.1", description="other"))
    await registry.set_status(newer.digest, "deprecated", "slow")
    found = registry.find("sum_column")
    assert found is not None
    assert found.tool == older


async def test_quarantine_can_end_and_revocation_cannot(registry: AnyRegistry) -> None:
    tool = await put(registry, samples.named("sum_column"))
    await registry.set_status(tool.digest, "quarantined", "suspicious")
    assert (
        await registry.set_status(tool.digest, "published", "looked at it")
    ).status == "published"
    assert registry.runnable(tool.digest)
    await registry.set_status(tool.digest, "revoked", "malicious")
    assert (await registry.set_status(tool.digest, "revoked", "again")).reason == "malicious"
    for status in ("published", "deprecated", "quarantined"):
        with pytest.raises(Refused, match="is revoked and stays so"):
            await registry.set_status(tool.digest, status, "please")
    assert not registry.runnable(tool.digest)


async def test_a_status_needs_a_reason_and_a_tool(registry: AnyRegistry) -> None:
    tool = await put(registry, samples.named("sum_column"))
    with pytest.raises(UsageError, match="say why"):
        await registry.set_status(tool.digest, "revoked", " ")
    with pytest.raises(UsageError, match="there is no tool"):
        await registry.set_status(NOWHERE, "revoked", "why")
    with pytest.raises(UsageError, match="there is no tool"):
        await registry.set_status(Digest("not a digest"), "revoked", "why")


async def test_a_pin_rolls_back_and_is_taken_off(registry: AnyRegistry) -> None:
    await put(registry, samples.named("sum_column", "1.0"))
    await put(registry, samples.named("sum_column", "2.0", description="new"))
    await registry.pin("sum_column", "1.0")
    found = registry.find("sum_column")
    assert found is not None
    assert found.tool.version == "1.0"
    assert [entry.tool.version for entry in registry.search("sum")] == ["1.0"]
    assert registry.name_entry("sum_column").pin == "1.0"
    await put(registry, samples.named("sum_column", "2.1", description="newer"))
    assert registry.name_entry("sum_column").pin == "1.0"
    await registry.pin("sum_column", None)
    found = registry.find("sum_column")
    assert found is not None
    assert found.tool.version == "2.1"


async def test_a_pin_is_never_passed_over(registry: AnyRegistry) -> None:
    old = await put(registry, samples.named("sum_column", "1.0"))
    await put(registry, samples.named("sum_column", "1.1", description="new"))
    await registry.pin("sum_column", "1.0")
    await registry.set_status(old.digest, "revoked", "wrong")
    assert registry.find("sum_column") is None
    assert registry.search("sum") == []


async def test_what_may_not_run_cannot_be_pinned(registry: AnyRegistry) -> None:
    old = await put(registry, samples.named("sum_column", "1.0"))
    await put(registry, samples.named("sum_column", "1.1", description="new"))
    await registry.set_status(old.digest, "revoked", "wrong")
    with pytest.raises(Refused, match=r"sum_column@1\.0 is revoked"):
        await registry.pin("sum_column", "1.0")
    found = registry.find("sum_column")
    assert found is not None
    assert found.tool.version == "1.1"


async def test_only_what_exists_can_be_pinned(registry: AnyRegistry) -> None:
    await put(registry, samples.named("sum_column"))
    with pytest.raises(UsageError, match=r"has no version 3\.0; it has: 1\.0"):
        await registry.pin("sum_column", "3.0")
    for name in ("nothing", "no name!", ""):
        with pytest.raises(UsageError, match="no tool named"):
            await registry.pin(name, None)


async def test_a_tool_comes_with_all_that_it_uses_used_ones_first(registry: AnyRegistry) -> None:
    base = await put(registry, samples.named("base"))
    left = await put(registry, samples.named("left", uses={"base": base.digest}))
    right = await put(registry, samples.named("right", uses={"base": base.digest}))
    top = await put(registry, samples.named("top", uses={"l": left.digest, "r": right.digest}))
    closure = registry.closure(top.digest)
    assert [entry.tool.name for entry in closure] == ["base", "left", "right", "top"]


async def test_revoking_a_tool_stops_every_tool_that_uses_it(registry: AnyRegistry) -> None:
    base = await put(registry, samples.named("base"))
    middle = await put(registry, samples.named("middle", uses={"base": base.digest}))
    top = await put(registry, samples.named("top", uses={"middle": middle.digest}))
    assert registry.runnable(top.digest)
    await registry.set_status(base.digest, "revoked", "leaks")
    assert not registry.runnable(top.digest)
    assert registry.find("top") is None
    assert registry.search("top") == []
    with pytest.raises(
        Refused, match=r"base@1\.0 is revoked \(leaks\), used by middle@1\.0, used by top@1\.0"
    ):
        registry.closure(top.digest)


async def test_a_tool_whose_used_tool_is_missing_does_not_run(registry: AnyRegistry) -> None:
    top = await put(registry, samples.named("top", uses={"gone": NOWHERE}))
    assert not registry.runnable(top.digest)
    assert registry.find("top") is None
    with pytest.raises(Refused, match=r"no tool 0+ in the registry, used by top@1\.0"):
        registry.closure(top.digest)


async def test_fitting_tools_have_the_asked_shape(registry: AnyRegistry) -> None:
    await put(registry, samples.named("sum_column"))
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    await put(registry, samples.named("sum_text", input_schema=text))
    assert [entry.tool.name for entry in registry.fitting(samples.spec())] == ["sum_column"]
    assert registry.fitting(samples.spec(), limit=0) == []


async def test_search_stops_at_the_limit(registry: AnyRegistry) -> None:
    for n in range(7):
        await put(registry, samples.named(f"sum_{n}"))
    assert len(registry.search("sum", limit=3)) == 3
    assert len(registry.search("sum")) == 5
