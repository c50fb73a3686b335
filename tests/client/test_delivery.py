import errno
from pathlib import Path

import pytest
from tests.report.samples import DIGEST, EVIL, PNG, published, result

from toolguild.client import delivery
from toolguild.client.delivery import check_output, deliver, names_of
from toolguild.client.summary import summary
from toolguild.errors import PermanentError, UsageError
from toolguild.messages import Artifact


class Folder:
    """Artifacts that lie in a folder under their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        raise AssertionError("nothing is stored on delivery")

    async def path(self, artifact: Artifact) -> Path:
        place = self._folder / artifact.name
        if not place.exists():
            raise PermanentError(f"object {artifact.name} is not in the store")
        return place

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        raise AssertionError("delivery reads whole files")


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "out.csv").write_text("a,b\n")
    (folder / "plot.png").write_bytes(PNG)
    return Folder(folder)


async def test_files_and_reports_are_delivered_and_pictures_are_in_the_page(
    store: Folder, tmp_path: Path
) -> None:
    home = tmp_path / "home" / "deep"
    delivered = await deliver(store, result(), home, tools={DIGEST: published()})
    assert sorted(path.name for path in home.iterdir()) == [
        "out.csv",
        "plot.png",
        "report.html",
        "report.md",
    ]
    assert delivered.files[0].read_text() == "a,b\n"
    assert "data:image/png" in delivered.report.read_text()
    assert 'href="out.csv"' in delivered.report.read_text()


async def test_a_missing_file_leaves_nothing_behind(store: Folder, tmp_path: Path) -> None:
    gone = result(files=(Artifact(name="gone", sha256="aa", bytes=1),))
    with pytest.raises(PermanentError, match="gone"):
        await deliver(store, gone, tmp_path / "home", tools={})
    assert not (tmp_path / "home").exists()


async def test_a_full_disk_leaves_nothing_half_written(
    store: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(content: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(delivery, "render_html", full)
    with pytest.raises(OSError, match="No space"):
        await deliver(store, result(), tmp_path / "home", tools={})
    assert not (tmp_path / "home").exists()


async def test_earlier_files_stay_when_delivery_fails(store: Folder, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "report.md").mkdir(parents=True)
    (home / "out.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"report\.md is a folder"):
        await deliver(store, result(), home, tools={})
    assert (home / "out.csv").read_text() == "mine"
    assert sorted(path.name for path in home.iterdir()) == ["out.csv", "report.md"]


def artifacts(*names: str) -> list[Artifact]:
    return [Artifact(name=name, sha256="aa", bytes=1) for name in names]


@pytest.mark.parametrize(
    ("names", "plain"),
    [
        (("a.csv", "a.csv", "a.csv"), ("a.csv", "a-2.csv", "a-3.csv")),
        (("report.html",), ("report-2.html",)),
        (("../../etc/passwd", "..", ""), ("passwd", "..-2", "file")),
        (("C:\\x\\y.txt", "d/e.txt"), ("y.txt", "e.txt")),
    ],
)
def test_every_file_gets_a_plain_name_of_its_own(
    names: tuple[str, ...], plain: tuple[str, ...]
) -> None:
    assert names_of(artifacts(*names)) == plain


def test_a_file_cannot_be_the_output_folder(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(UsageError, match="is a file"):
        check_output(place)
    check_output(tmp_path / "new" / "deep")


def test_the_summary_has_the_promised_keys_and_sums() -> None:
    given = result()
    shape = summary(given, paths=(Path("/o/out.csv"), Path("/o/plot.png")), report=Path("/o/r"))
    assert list(shape) == [
        "task",
        "status",
        "answer",
        "files",
        "criteria",
        "tools",
        "model",
        "seconds",
        "trace_id",
        "report",
        "reason",
        "human",
        "best",
        "layers",
        "redacted",
        "sealed",
        "notes",
    ]
    assert shape["files"][0] == {
        "name": "out.csv",
        "path": "/o/out.csv",
        "bytes": 2048,
        "sha256": "cd" * 32,
    }
    assert shape["criteria"][1] == {
        "text": "it is pretty",
        "met": None,
        "evidence": "",
        "judged_by": "nobody",
    }
    assert shape["tools"]["made"] == [{"name": "count_words", "version": "1.0", "digest": DIGEST}]
    assert shape["model"] == {
        "source": "recorded",
        "calls": 3,
        "input_tokens": 10,
        "output_tokens": 5,
        "usd": 0.25,
    }
    assert (shape["report"], shape["reason"], shape["seconds"]) == ("/o/r", "", 1.25)
    assert EVIL not in str(shape)
