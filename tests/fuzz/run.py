"""Fuzz with atheris, target after target: `python -m tests.fuzz.run --seconds 60 [target ...]`.

It needs atheris, which `make fuzz` installs. Each target runs in a process of its own, on one core; what
breaks one is written to `build/fuzz/<target>/crash-*`. As a test it belongs into tests/fuzz/test_findings.py.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS

_TIMEOUT = 20  # seconds for one input, instrumented


def main() -> int:
    """Run every target for its share of the time; return 1 when one found something."""
    parser = argparse.ArgumentParser(description="fuzz the decoders and the reviewer")
    parser.add_argument("target", nargs="*", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    targets = options.target or list(TARGETS)
    if unknown := set(targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    failed = [
        name for name in targets if _run(name, options.folder, options.seconds // len(targets))
    ]
    told = f"something was found in {', '.join(failed)}" if failed else "nothing was found"
    sys.stdout.write(f"fuzzing: {told}; inputs are in {options.folder}\n")
    return 1 if failed else 0


def _run(name: str, folder: Path, seconds: int) -> int:
    kept = folder / name / "corpus"
    kept.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus.of(name)):
        (kept / f"seed-{number}").write_bytes(data)
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.one",
        name,
        str(kept),
        f"-max_total_time={max(1, seconds)}",
        f"-timeout={_TIMEOUT}",
        f"-artifact_prefix={folder / name}/",
        "-rss_limit_mb=2048",
        "-max_len=20000",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
