"""`toolguild demo` with a scripted model in place of the recording; all else as it ships."""

import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

from toolguild.cli import demo


def sums(file: Path, group: str, value: str) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream):
            totals[row[group]] += float(row[value])
    return totals


def test_the_second_person_reuses_the_first_ones_tool(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "recorded", lambda: None)
    ended = shell.run("demo", "--output", "out", "--json")
    assert ended.code == 0, ended.err
    assert "RECORDED" in ended.err
    ana, ben = ended.json["tasks"]
    files = demo.shipped()
    assert ana["answer"] == sums(files / "expenses.csv", "category", "amount")
    assert ben["answer"] == sums(files / "orders.csv", "region", "quantity")
    assert ben["tools"] == {"made": [], "reused": ana["tools"]["made"]}
    assert len(ana["tools"]["made"]) == 1
    assert ana["report"] == str(shell.folder / "out" / "expenses" / "report.html")
    assert [one["met"] for one in ana["criteria"]] == [True, True]
    assert Path(ended.json["data_dir"], "nats").is_dir()
    assert not Path(os.environ["TOOLGUILD_DATA_DIR"], "nats").exists()
