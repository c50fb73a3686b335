"""What a tool does beyond its manifest is found from outside, in its exam and in use."""

from pathlib import Path

import pytest
from hall import open_hall

from toolguild.client.trust import incidents
from toolguild.messages import events


def blind(folder: Path, *, layer: bool = True) -> Path:
    """A policy whose review lets everything pass: the sandbox alone is left to see it."""
    path = folder / "policy.yaml"
    path.write_text(
        "review: { static: false, semantic: false }\nexam: { mutation_score: 0 }\n"
        f"layers: {{ capabilities: {str(layer).lower()} }}\n"
    )
    return path


async def test_a_draft_that_did_more_than_it_declares_goes_back_and_is_published_without_it(
    tmp_path: Path,
) -> None:
    async with open_hall(
        tmp_path / "guild", model="scripted:beyond_script:answer", policy=blind(tmp_path)
    ) as hall:
        result, seen = await hall.run("Slug of the title")
    bodies = [one.envelope.body for one in seen]
    told = [text for body in bodies if isinstance(body, events.ToolReady) for text in [body.title]]
    assert (result.status, result.answer) == ("succeeded", "hello-big-world"), result.reason
    assert told
    refused = [body for body in bodies if isinstance(body, events.DraftRefused)]
    assert any("it wrote notes.txt, and it declares none" in one.failures[0] for one in refused)
    assert result.files == ()


async def test_a_tool_that_shows_it_only_in_use_ends_as_an_incident_and_loses_its_trust(
    tmp_path: Path,
) -> None:
    async with open_hall(
        tmp_path / "guild", model="scripted:beyond_script:sly", policy=blind(tmp_path)
    ) as hall:
        result, seen = await hall.run("Slug of the title")
        bodies = [one.envelope.body for one in seen]
        (first,) = [body for body in bodies if isinstance(body, events.ToolRan)][:1]
        recorded = await incidents(hall.bus, first.tool)
    ran = [body for body in bodies if isinstance(body, events.ToolRan)]
    assert result.status != "succeeded"
    assert [one.what.split(":")[0] for one in recorded] == ["beyond"]
    assert ran[0].outcome == "beyond"
    assert ran[0].seen is not None
    assert ran[0].seen.written == ("notes.txt",)
    assert (ran[0].value, ran[0].files) == (None, ())
    assert ran[0].fault is not None
    assert "it wrote notes.txt, and it declares none" in ran[0].fault.message


@pytest.mark.parametrize("script", ["answer", "sly"])
async def test_with_the_layer_off_nobody_objects(script: str, tmp_path: Path) -> None:
    async with open_hall(
        tmp_path / "guild",
        model=f"scripted:beyond_script:{script}",
        policy=blind(tmp_path, layer=False),
    ) as hall:
        result, _ = await hall.run("Slug of the title")
    assert (result.status, result.answer) == ("succeeded", "hello-big-world"), result.reason
    assert [file.name for file in result.files] == ["notes.txt"]
    assert "capabilities" not in result.layers
