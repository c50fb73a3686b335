"""A person's word is signed, stored, and answered; what it is about is read from the log."""

from pathlib import Path
from uuid import uuid4

import pytest
from tests.client import messages as m

from toolguild.capability import Limits
from toolguild.client.intervene import intervene, intervention
from toolguild.client.picture import Picture, fold, picture
from toolguild.errors import UsageError
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, Message, TaskId, events
from toolguild.messages.override import Bounds, OverrideStep
from toolguild.runtime.bus import Bus


async def publish(bus: Bus, *bodies: Message) -> None:
    for body in bodies:
        await bus.publish(Envelope(id=uuid4(), body=body, source="test", at="2026-01-01T00:00:00Z"))


def word(keys: KeyDirectory, action: str = "guide") -> events.Intervened:
    signer = keys.person("ana")
    return intervention(m.TASK, action, by="ana", signer=signer, hint="skip it")  # type: ignore[arg-type]  # a literal above


def test_a_word_is_signed_with_the_persons_key_and_has_an_id_of_its_own(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    one, other = word(keys), word(keys)
    assert one.signature is not None
    keys.verify(one.signature, purpose="intervention", by="person:ana", over=one.signed)
    assert one.id != other.id
    changed = one.model_copy(update={"hint": "delete it"})
    assert changed.signed != one.signature.over


async def test_the_answer_is_the_one_to_this_word(bus: Bus, tmp_path: Path) -> None:
    said = word(KeyDirectory(tmp_path))
    base = {"task": m.TASK, "action": "guide", "agent": "planner", "outcome": "applied"}
    await publish(bus, m.given())
    await publish(bus, events.InterventionTaken.model_validate(base | {"id": "another"}))
    assert await intervene(bus, said, within=0.5) is None
    await publish(bus, events.InterventionTaken.model_validate(base | {"id": said.id}))
    taken = await intervene(bus, said, within=60)
    assert taken is not None
    assert taken.id == said.id


async def test_the_picture_of_a_task_is_read_from_its_log(bus: Bus) -> None:
    bounds = Bounds(limits=Limits(memory_mb=64), usd=0.1)
    steered = events.Steered(about_key=m.TASK, order=1, state="going", bounds=bounds)
    await publish(bus, m.given(), m.planned(), m.wanted(), m.drafted(), steered)
    seen = await picture(bus, m.TASK)
    assert seen.step("add").id == "add"
    assert seen.draft(m.DRAFT.digest[:8].upper()) == (m.BUILD, m.DRAFT.digest)
    assert seen.limits(Limits(memory_mb=512, wall_seconds=9)).memory_mb == 64
    assert seen.limits(Limits(memory_mb=512, wall_seconds=9)).wall_seconds == 9
    with pytest.raises(UsageError, match="no such step; it has add, show"):
        seen.step("other")
    with pytest.raises(UsageError, match="no draft starts so"):
        seen.draft("0000")
    with pytest.raises(UsageError, match="there is no task t-9"):
        await picture(bus, "t-9")


def test_a_replaced_step_is_the_one_that_counts() -> None:
    seen = fold(Picture(task=TaskId(m.TASK), brief=m.BRIEF), m.planned())
    new = m.PLAN.steps[0].model_copy(update={"purpose": "Add them better"})
    said = events.Intervened(
        task=m.TASK, action="override", by="ana", override=OverrideStep(step=new)
    )
    assert fold(seen, said).step("add").purpose == "Add them better"
