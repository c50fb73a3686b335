"""The command line: `toolguild`. Nothing heavy is imported before a command needs it."""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Errors become messages; see `boundary`."""
    from toolguild.cli.boundary import run

    return run(argv)
