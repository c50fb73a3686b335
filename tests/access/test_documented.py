"""The document says who may do what as the code has it."""

import os
import re
from pathlib import Path

from toolguild.runtime.access.table import table
from toolguild.runtime.services import load_service

from .conftest import OURS

PAGE = Path(__file__).parents[2] / "docs/safety/identity.md"


def test_the_table_of_rights_is_the_one_that_the_server_gets() -> None:
    """Written anew with TOOLGUILD_WRITE_DOCS=1."""
    text = PAGE.read_text()
    found = re.search(r"<!-- rights -->\n(.*?)<!-- /rights -->", text, re.S)
    assert found is not None
    now = table([load_service(name) for name in OURS])
    if os.environ.get("TOOLGUILD_WRITE_DOCS"):
        PAGE.write_text(text[: found.start(1)] + now + "\n" + text[found.end(1) :])
    else:
        assert found[1].strip() == now
