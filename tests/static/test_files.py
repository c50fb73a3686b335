"""Files and folders are reviewed as they lie there."""

import json
from pathlib import Path

import pytest
from jsonschema import validate

from toolguild.errors import UsageError
from toolguild.policy import Policy
from toolguild.static import RULES, FileReview, review_paths, sarif

POLICY = Policy.default()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "bad.mjs").write_text("eval('1')\n")
    (tmp_path / "inner" / "notes.txt").write_text("eval('1')\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("eval('1')\n")
    return tmp_path


def test_a_folder_gives_each_file_of_code_its_verdict(folder: Path) -> None:
    found = {Path(one.file).name: one.review.verdict for one in review_paths([folder], POLICY)}

    assert found == {"good.py": "allow", "bad.mjs": "block"}


def test_one_file_has_the_shape_that_the_command_prints(folder: Path) -> None:
    (one,) = review_paths([folder / "inner" / "bad.mjs"], POLICY)

    plain = json.loads(json.dumps(one.plain()))

    assert plain["verdict"] == "block"
    assert set(plain["findings"][0]) == {"rule", "line", "severity", "message", "policy"}


@pytest.mark.parametrize("data", [b"\xff\xfe\x00x", b"x = '\xe9'"])
def test_what_is_no_text_is_blocked(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "binary.py"
    path.write_bytes(data)

    (one,) = review_paths([path], POLICY)

    assert one.review.verdict == "block"
    assert one.review.findings[0].rule == "not-text"


def test_a_path_that_cannot_be_reviewed_is_an_error_of_use(folder: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        review_paths([folder / "missing.py"], POLICY)
    with pytest.raises(UsageError, match="expected one of"):
        review_paths([folder / "inner" / "notes.txt"], POLICY)
    (folder / "empty").mkdir()
    with pytest.raises(UsageError, match="no Python or JavaScript"):
        review_paths([folder / "empty"], POLICY)


def test_sarif_names_every_rule_it_uses_and_every_place(folder: Path) -> None:
    log = json.loads(json.dumps(sarif(review_paths([folder], POLICY))))

    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    (result,) = run["results"]

    assert log["version"] == "2.1.0"
    assert rules == set(RULES)
    assert result["ruleId"] in rules
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1,
        "startColumn": 1,
    }


SHAPE = {  # what SARIF 2.1.0 demands of a log such as ours
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"required": ["driver"]},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "result": {
            "required": ["message", "ruleId", "level", "locations", "properties"],
            "properties": {
                "message": {"required": ["text"], "properties": {"text": {"minLength": 1}}},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "locations": {"items": {"$ref": "#/$defs/location"}, "minItems": 1},
                "properties": {"required": ["policy"]},
            },
        },
        "location": {
            "properties": {
                "physicalLocation": {
                    "required": ["artifactLocation", "region"],
                    "properties": {
                        "artifactLocation": {
                            "properties": {"uri": {"pattern": r"^(?:file:///)?[\w./%~:-]+$"}}
                        },
                        "region": {
                            "properties": {
                                "startLine": {"type": "integer", "minimum": 1},
                                "startColumn": {"type": "integer", "minimum": 1},
                            }
                        },
                    },
                }
            }
        },
    },
}


def test_sarif_has_the_shape_of_its_standard_for_every_kind_of_file(tmp_path: Path) -> None:
    for name, data in {
        "a b%c.py": b"import os\nos.system('x')\n",
        "sp\xe4t.js": b"eval(x)\n",
        "none.py": b"",
        "no-text.py": b"\xff",
        "broken.mjs": b"(",
    }.items():
        (tmp_path / name).write_bytes(data)
    reviews = review_paths([tmp_path], POLICY)
    log = json.loads(json.dumps(sarif(reviews, "1.0")))

    validate(log, SHAPE)
    assert len(log["runs"][0]["results"]) == sum(len(one.review.findings) for one in reviews) >= 4
    relative = sarif([FileReview("in ner/bad.py", reviews[0].review)])
    validate(relative, SHAPE)
