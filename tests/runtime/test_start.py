"""What a process imports until it is ready: time of every start, and memory for as long as it runs."""

import json
import subprocess
import sys
from functools import cache

import pytest

from toolguild.policy.document import parse_document
from toolguild.policy.load import default_policy, default_text, parse_policy
from toolguild.policy.usage_file import default_usage, parse_usage, usage_text

# Libraries that are large and only needed by some work; each is imported when that comes.
HEAVY = {
    "IPython",
    "aiohttp",
    "cryptography.x509",
    "docker",
    "fsspec",
    "grpc",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "litellm",
    "matplotlib",
    "numpy",
    "openai",
    "opentelemetry.exporter",
    "pandas",
    "presidio_analyzer",
    "pytest",
    "referencing",
    "requests",
    "rich",
    "typer",
    "urllib3",
}
PARSERS = {"tree_sitter"}
MOST_MODULES = 780  # of any service; it was 811 before its agents were even there
WITHOUT_MODELS = ("auditor", "executor")

_OPENED = """
import contextlib, importlib, json, sys
from toolguild.runtime.main import main
from toolguild.runtime.services import known_services
found = {one.name: one for one in known_services()}
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
# What a service imports when it opens its agents, beside what every process has.
AGENTS = {
    "auditor": (
        "release",
        "inbox",
        "ledger",
        "notify",
        "pruning",
        "retention",
        "scribe",
        "trust",
        "watch",
    ),
    "executor": ("workers",),
    "planner": ("task", "workers"),
    "reviewer": ("workers",),
    "synthesizer": ("build", "workers"),
}


@cache
def imported(program: str, *arguments: str) -> set[str]:
    """Return the modules that a fresh process has after a program."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(ended.stdout))


def heavy(modules: set[str], among: set[str] = HEAVY) -> set[str]:
    return modules & among


@pytest.mark.parametrize("service", AGENTS)
def test_a_service_that_is_ready_has_imported_nothing_heavy(service: str) -> None:
    modules = imported(_OPENED, service, *(f"toolguild_{service}.{one}" for one in AGENTS[service]))
    allowed = set() if service in WITHOUT_MODELS else {"jinja2"}  # prompts are read at the start
    assert heavy(modules) <= allowed, sorted(heavy(modules))
    assert len(modules) < MOST_MODULES, len(modules)


def test_services_without_models_have_no_parser_of_javascript_either() -> None:
    for service in WITHOUT_MODELS:
        modules = imported(
            _OPENED, service, *(f"toolguild_{service}.{one}" for one in AGENTS[service])
        )
        assert not heavy(modules, PARSERS)


@pytest.mark.parametrize("command", ["--help", "up --help", "tools list --help"])
def test_the_help_of_a_command_imports_neither_the_messages_nor_the_client(command: str) -> None:
    program = (
        "import json, sys, contextlib, io\n"
        "from toolguild.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(sys.argv[1:])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    modules = imported(program, *command.split())
    assert not modules & {
        "nats",
        "opentelemetry",
        "toolguild.messages",
        "toolguild.runtime",
    }


def test_up_has_started_its_guild_before_it_imports_how_to_talk_to_one() -> None:
    program = (
        "import json, sys\n"
        "from toolguild.cli import operate, chosen, state, seat\n"
        "state.read_state(chosen.settings_of())\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert not imported(program) & {"nats", "toolguild.messages", "toolguild.policy"}


def test_what_is_shipped_is_read_by_the_faster_parser_as_by_the_careful_one() -> None:
    assert default_policy() == parse_policy(default_text())
    assert default_usage() == parse_usage(usage_text())
    assert parse_document(default_text(), "default.yaml").lines[("version",)] >= 1
