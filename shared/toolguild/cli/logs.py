"""Where the log lines of a command go: into a file of the guild, and on standard error for who debugs."""

import logging
import os
import sys
from logging.handlers import RotatingFileHandler

from toolguild.settings import Settings
from toolguild.telemetry.log import JsonFormatter, TextFormatter

FILE = "commands.log"
MOST = 5 * 1024 * 1024  # bytes of one file; one older file is kept


def log_to_file(settings: Settings) -> None:
    """Log to `logs/commands.log` of the data directory; with TOOLGUILD_DEBUG=1 to standard error as well.

    A directory that cannot be written is no reason to fail here: what needs it says so.
    """
    # A log that cannot be written, on a full disk for instance, must not fill the terminal instead.
    logging.raiseExceptions = bool(os.environ.get("TOOLGUILD_DEBUG"))
    root = logging.getLogger()
    root.setLevel(settings.log_level.upper())
    logging.getLogger("nats").setLevel(
        logging.CRITICAL
    )  # it logs every lost connection as an error
    handlers: list[logging.Handler] = []
    folder = settings.data_dir / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(folder / FILE, maxBytes=MOST, backupCount=1, encoding="utf-8")
    except OSError:
        handlers.append(logging.NullHandler())
    else:
        file.setFormatter(JsonFormatter())
        handlers.append(file)
    if os.environ.get("TOOLGUILD_DEBUG"):
        stream = logging.StreamHandler(sys.stderr)
        stream.setFormatter(TextFormatter())
        handlers.append(stream)
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.handlers[:] = handlers
