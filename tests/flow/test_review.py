"""A reviewer model that finds everything fine, in a real guild: it clears nothing that the rules stop."""

from collections.abc import Sequence
from pathlib import Path

import lying_script
from hall import open_hall

from toolguild.client.task import Noted
from toolguild.messages import events

MODEL = "scripted:lying_script:answer"


async def test_what_the_rules_block_never_runs_whatever_the_model_says_of_it(
    tmp_path: Path,
) -> None:
    assert "getattr(os, name)" in lying_script.CODE

    async with open_hall(tmp_path, model=MODEL) as hall:
        result, seen = await hall.run("Slug of the title")

    reviews = [one for one in _bodies(seen) if isinstance(one, events.DraftReviewed)]
    assert reviews
    assert {one.verdict for one in reviews} == {"block"}
    assert all(one.clearance is None for one in reviews)
    (found, *_) = [one for one in reviews[0].findings if one.severity in ("high", "critical")]
    assert (found.rule, found.line, found.policy) == (
        "call-denied",
        5,
        "calls.python.deny: os.system",
    )
    assert not any(isinstance(one, events.DraftTested) for one in _bodies(seen))
    assert result.status != "succeeded"


async def test_with_the_layer_of_review_off_the_task_goes_on_and_every_record_says_so(
    tmp_path: Path,
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("layers: { review: false }\n")

    async with open_hall(tmp_path, model=MODEL, policy=policy) as hall:
        result, seen = await hall.run("Slug of the title")

    (review,) = [one for one in _bodies(seen) if isinstance(one, events.DraftReviewed)]
    assert [one.rule for one in review.findings] == ["not-reviewed"]
    assert review.clearance is not None
    assert "review" not in result.layers
    (tested, *_) = [one for one in _bodies(seen) if isinstance(one, events.DraftTested)]
    assert tested.report.results


def _bodies(seen: Sequence[Noted]) -> list[object]:
    return [one.envelope.body for one in seen]
