"""Run benchmarks, each in a process of its own, one after another.

    python -m bench [NAME...] [--json] [--data DIR]

Without names: all of them. `--data` is the folder of code sets that `review` measures; without it, `review` is
left out. Exit 1 when one of them failed or missed a bar.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Bench(NamedTuple):
    """What one benchmark measures, and whether it prints JSON only."""

    measures: str
    json_only: bool = False


BENCHES = {
    "hop": Bench("one agent, from a delivery to its acknowledgement"),
    "sandbox": Bench("a call in the sandbox, beside its alternatives"),
    "start": Bench("from `toolguild up` to ready: time, CPU time, memory of idle processes"),
    "flow": Bench("a task from the goal to the result; start and memory of a guild"),
    "scale": Bench("tasks a second with 1 to 16 executors and tools that wait"),
    "takeover": Bench("from the kill of an executor to another one's hands"),
    "kill": Bench("from a cancellation to the last process of the task gone"),
    "halt": Bench("from an order to halt to the last process gone, for each scope"),
    "monitoring": Bench("false alerts of tools that are well, and how soon bad ones are noticed"),
    "admission": Bench("a flood of goals by one user, and what another one notices of it"),
    "audit": Bench("the audit chain: entries a second, growth, lag, share of CPU"),
    "search": Bench("registry search among 100,000 tools", json_only=True),
    "registry": Bench("published to usable, revoked to refused, on every reader", json_only=True),
    "safety": Bench("every layer of safety on labelled sets and by real attacks"),
    "review": Bench("static review of code sets, beside naive rules"),
}
NEEDS_DATA = "review"
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run what is asked for, print one table (or one JSON object) for each."""
    options = _options()
    names = options.names or list(BENCHES)
    failed: list[str] = []
    found: dict[str, Any] = {}
    for name in names:
        if name == NEEDS_DATA and options.data is None:
            sys.stderr.write(f"{name} is left out: it needs --data DIR\n")
            failed += [name] if options.names else []
            continue
        code, said = _run(name, options.data, as_json=options.json)
        failed += [name] if code else []
        if options.json:
            found[name] = json.loads(said) if said.strip() else None
        else:
            print(f"## {name}: {BENCHES[name].measures}\n\n{_shown(name, said)}\n", flush=True)
    if options.json:
        print(json.dumps(found))
    elif failed:
        print(f"failed, or missed a bar: {', '.join(failed)}")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="run benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--data", type=Path, help="folder of the code sets for `review`")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return options


def _run(name: str, data: Path | None, *, as_json: bool) -> tuple[int, str]:
    """Run one benchmark and return its exit code and what it printed."""
    arguments: Sequence[str] = ["--json"] if as_json and not BENCHES[name].json_only else []
    if name == NEEDS_DATA and data is not None:
        arguments = [*arguments, "--data", str(data.absolute())]
    ended = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def _shown(name: str, said: str) -> str:
    """Return what a benchmark printed as a table, where it printed JSON."""
    if not BENCHES[name].json_only or not said.strip():
        return said.rstrip()
    return "\n".join(f"{key:<20} {value:>10}" for key, value in json.loads(said).items())


if __name__ == "__main__":
    raise SystemExit(main())
