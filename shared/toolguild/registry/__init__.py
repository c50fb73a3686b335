"""The guild's shared tools: published, found by words or by shape, run by digest, revoked everywhere."""

from toolguild.registry.bucket import BUCKET
from toolguild.registry.entry import NameEntry
from toolguild.registry.fit import Fit, fit
from toolguild.registry.jetstream import JetStreamRegistry, open_registry
from toolguild.registry.memory import MemoryRegistry
from toolguild.registry.verify import verify_all, verify_chain
from toolguild.registry.version import next_version, parse_version

__all__ = [
    "BUCKET",
    "Fit",
    "JetStreamRegistry",
    "MemoryRegistry",
    "NameEntry",
    "fit",
    "next_version",
    "open_registry",
    "parse_version",
    "verify_all",
    "verify_chain",
]
