"""Logs: every script writes to its own file and, briefly, to the terminal."""

import logging
import sys
import traceback
from pathlib import Path

from rainscore.errors import RainscoreError


def start_logging(path: str | Path | None = None) -> logging.Logger:
    """Log to `path` and to the terminal; errors of ours end in one line, others in a traceback."""
    logger = logging.getLogger("rainscore")
    logger.setLevel(logging.INFO)
    logger.handlers.clear()
    terminal = logging.StreamHandler()
    terminal.setFormatter(logging.Formatter("%(message)s"))
    terminal.setLevel(logging.WARNING)
    logger.addHandler(terminal)
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = logging.FileHandler(path, mode="w")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(file)
    sys.excepthook = _report
    return logger


def _report(kind, error, trace) -> None:
    logger = logging.getLogger("rainscore")
    if issubclass(kind, RainscoreError):
        logger.error("error: %s", error)
    else:
        logger.error("%s", "".join(traceback.format_exception(kind, error, trace)))
