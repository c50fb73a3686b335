"""The policies of the document are policies, and say what the document says of them."""

import re
from pathlib import Path

import yaml

from toolguild.globs import common
from toolguild.policy import Policy
from toolguild.policy.load import parse_policy

DOCUMENT = (Path(__file__).parents[2] / "docs" / "safety" / "capabilities.md").read_text()


def test_every_policy_of_the_document_is_one() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    read = [parse_policy(block) for block in blocks]
    assert len(read) == 3
    assert read[0].egress.model_dump() == Policy.default().egress.model_dump()
    assert read[1].credentials["weather"].prefix == "Bearer "
    whole = read[2]
    assert yaml.safe_load(blocks[2])["capabilities"]["read"] == list(whole.capabilities.read)
    assert whole.credentials["wiki"].serves(["anything"])
    assert not whole.credentials["weather"].serves(["forecast", "other"])
    assert "beyond" in whole.autonomy.trust.incidents


def test_the_examples_of_meets_are_right() -> None:
    assert common(["report*.csv"], ["*.csv"]) == ("report*.csv",)
    assert common(["report*"], ["*.csv"]) == ("report*.csv",)
    assert common(["*.csv"], ["*.json"]) == ()
