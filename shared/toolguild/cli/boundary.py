"""The one place where errors become messages and exit codes."""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from toolguild.cli import exits
from toolguild.errors import ToolguildError

DEBUG = "TOOLGUILD_DEBUG"


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. With TOOLGUILD_DEBUG=1 tracebacks are shown."""
    from toolguild.cli.app import app

    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(
        lambda: app(args=arguments, prog_name="toolguild", standalone_mode=False),
        as_json="--json" in arguments,
    )


def guarded(work: Callable[[], object], *, as_json: bool = False) -> int:
    """Do the work of a command and return its exit code: what it returns, or what its error stands for."""
    if not os.environ.get(DEBUG):
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it logs what is told here anyway
    try:
        ended = work()
    except (Exception, KeyboardInterrupt) as error:
        return _told(_cause(error), as_json=as_json)
    return ended if isinstance(ended, int) else exits.SUCCEEDED


def _cause(error: BaseException) -> BaseException:
    """Look into groups for the error that says most: ours first."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [_cause(inner) for inner in error.exceptions]
    return next((one for one in causes if isinstance(one, ToolguildError)), causes[0])


def _told(error: BaseException, *, as_json: bool) -> int:
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    if isinstance(error, ToolguildError):
        return _said(exits.of_error(error), error.code, str(error), as_json=as_json)
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return _said(exits.CANCELLED, "cancelled", "cancelled", as_json=as_json)
    if hasattr(error, "format_message"):  # of the parser of the command line
        return _said(exits.USAGE, "usage", _parsing(error), as_json=as_json)
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return exits.PROBLEM
    if isinstance(error, OSError):
        return _said(exits.FAILED, "system", _system(error), as_json=as_json)
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    text = f"this is a fault of Toolguild, not yours: {what}. {DEBUG}=1 shows where it happened"
    return _said(exits.FAILED, "bug", text, as_json=as_json)


def _said(exit_code: int, code: str, text: str, *, as_json: bool) -> int:
    from toolguild.cli.output import note, say_json

    if as_json:
        say_json({"error": {"code": code, "message": text}})
    note(f"toolguild: {text}")
    return exit_code


def _parsing(error: BaseException) -> str:
    text = str(error.format_message())  # type: ignore[attr-defined]  # seen by the caller
    context = getattr(error, "ctx", None)
    if context is None:
        return text
    return f"{text}\n{context.get_usage()}\n`{context.command_path} --help` says more."


def _system(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk is full{where}; make room, or choose another --output or TOOLGUILD_DATA_DIR"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission{where}: {error.strerror}"
    return f"{error.strerror or error}{where}"


def _silence_stdout() -> None:
    """Keep the interpreter from complaining about the closed pipe when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
