"""What leaves a whole guild: values, texts, files and pictures, and who may see what was taken out."""

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import output_script as script
import pytest
from hall import Hall, open_hall

from toolguild.client import log
from toolguild.client.reveal import reveal
from toolguild.errors import Refused, UsageError
from toolguild.identity import KeyDirectory
from toolguild.messages import Result, TaskId, events
from toolguild.policy import Policy, parse_policy
from toolguild.replay.replay import replay
from toolguild.runtime.services import installed, load_service
from toolguild.sealing import SealKeys

MAIL = "omar.haddad@post.example"
NOTES = f"Call Omar Haddad on +44 20 7946 0958 or write to {MAIL} today.\n"
PAGE = (
    "Your PayPal account has been suspended. Verify your account within 24 hours.\n"
    '<form action="https://paypal-login.example/verify"><input type="password" name="p"></form>\n'
)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path / "data", model="scripted:output_script:answer") as hall:
        SealKeys(hall.settings.keys).prepare("ana")
        yield hall


def png(author: str) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", b"Author\0" + author.encode())
        + chunk(b"IDAT", zlib.compress(b"\0\x7f"))
        + chunk(b"IEND", b"")
    )


async def _run(hall: Hall, goal: str, folder: Path, **texts: bytes | str) -> Result:
    places = []
    for name, content in texts.items():
        place = folder / name.replace("_", ".")
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        places.append(place)
    result, _ = await hall.run(goal, *places, user="ana")
    return result


async def _reveal(hall: Hall, task: str, by: str, policy: Policy | None = None) -> object:
    return await reveal(
        hall.bus,
        hall.artifacts,
        hall.settings,
        policy or hall.policy,
        task,
        by=by,
        reason="he asked for a call",
    )


async def test_personal_data_in_a_text_does_not_leave_and_opens_for_the_right_person_only(
    hall: Hall, tmp_path: Path
) -> None:
    shown = await _run(hall, script.SHOW, tmp_path, notes_txt=NOTES)

    assert shown.status == "succeeded", shown.reason
    assert shown.answer == "Call [person 1] on [phone 1] or write to [email 1] today.\n"
    assert shown.steps[0].value == shown.answer
    assert set(shown.redacted) == {"email", "person", "phone"}
    assert shown.layers == Policy.default().layers.on
    assert MAIL not in shown.model_dump_json()

    opened = await reveal(
        hall.bus,
        hall.artifacts,
        hall.settings,
        hall.policy,
        shown.task,
        by="ana",
        reason="he asked for a call",
    )
    assert opened.answer == NOTES
    assert {one["value"] for one in opened.taken} >= {MAIL, "Omar Haddad", "+44 20 7946 0958"}
    entry = await log.newest(hall.bus, f"toolguild.fact.revealed.{shown.task}")
    assert entry is not None
    noted = await log.envelope(hall.bus, entry)
    assert noted is not None
    assert isinstance(noted.body, events.Revealed)
    assert (noted.body.by, noted.body.reason) == ("ana", "he asked for a call")
    signature = noted.body.signature
    assert signature is not None
    keys = KeyDirectory(hall.settings.keys)
    keys.verify(signature, purpose="revelation", by="person:ana", over=noted.body.signed)

    with pytest.raises(Refused, match="not sealed to ben; those who can open it: ana"):
        await _reveal(hall, shown.task, "ben")
    nobody = parse_policy("version: 1\noutput: {revealers: [eva]}\n", "policy.yaml")
    with pytest.raises(Refused, match=r"policy: output.revealers: eva"):
        await _reveal(hall, shown.task, "ana", nobody)
    again = await log.newest(hall.bus, f"toolguild.fact.revealed.{shown.task}")
    assert again is not None
    assert again.sequence == entry.sequence  # whoever is refused reveals nothing

    asked = await _run(hall, script.EXTRACT, tmp_path, notes_txt=NOTES)
    assert asked.answer == f"Call [person 1] on [phone 1] or write to {MAIL} today.\n"
    assert "stayed in the result, because the goal asks for it: 3 email" in asked.events


async def test_files_and_pictures_leave_without_what_must_not(hall: Hall, tmp_path: Path) -> None:
    table = f"name,mail,spent\nOmar Haddad,{MAIL},3\n"
    result = await _run(hall, script.FILES, tmp_path, people_csv=table, plot_png=png("Omar Haddad"))

    assert result.status == "succeeded", result.reason
    contents = {f.name: (await hall.artifacts.path(f)).read_bytes() for f in result.files}
    assert contents["people.csv"] == b"name,mail,spent\n[person 1],[email 1],3\n"
    assert b"Omar" not in contents["plot.png"]
    assert b"IDAT" + zlib.compress(b"\0\x7f") in contents["plot.png"]
    assert "metadata taken out of plot.png" in result.events
    services = [load_service(name) for name in installed()]
    again = await replay(
        hall.bus, services, hall.settings, hall.policy, TaskId(result.task), run=False
    )
    # Two builds of one tool overlap: which one hears of the other before it is judged is a matter of time.
    assert [one for one in again.differences if not one.what.startswith("judge-test")] == []
    assert result.redacted == {"email": 1, "metadata": 1, "person": 1}
    assert result.answer == len(table)
    assert result.files[1].media_type == "image/png"


async def test_a_harmful_result_is_held_back_and_a_wrong_number_is_noted(
    hall: Hall, tmp_path: Path
) -> None:
    page = await _run(hall, script.PAGE, tmp_path, page_txt=PAGE)

    assert (page.status, page.answer) == ("refused", None)
    assert "lures passwords" in page.reason
    assert "PayPal" not in page.model_dump_json()
    assert (await _answer(hall, page)) == PAGE

    odd = await _run(
        hall,
        script.DESCRIBE,
        tmp_path,
        sales_json='{"north": 120, "south": 230}',
        notes_txt="The north sold 120, the south 230, and both together 4812 units.\n",
    )
    assert odd.status == "succeeded", odd.reason
    told = [line for line in odd.events if line.startswith("does not agree")]
    assert len(told) == 1
    assert "4812" in told[0]
    assert "230" not in told[0]
    with pytest.raises(UsageError, match="nothing was taken out"):
        await _reveal(hall, odd.task, "ana")


async def _answer(hall: Hall, result: Result) -> object:
    opened = await reveal(
        hall.bus, hall.artifacts, hall.settings, hall.policy, result.task, by="ana", reason="check"
    )
    assert opened.withheld
    return opened.answer
