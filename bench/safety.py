"""The safety report: every layer on labelled sets and by real attacks, beside substring rules and bandit.

    python -m bench.safety [--json]

The same as `toolguild safety report --check`.
"""

import subprocess
import sys


def main() -> int:
    """Print the report; exit 1 when a bar is missed."""
    command = [sys.executable, "-m", "toolguild.cli", "safety", "report", "--check", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
