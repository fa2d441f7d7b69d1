"""What a running job needs: logging, threads and requests to stop."""

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numba

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


STOPPED = 143
"""Exit status after a request to stop: that of a process ended by SIGTERM."""


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Event that SIGTERM and SIGUSR1 set, instead of ending the process, inside the block."""
    stop = threading.Event()
    # Python lets only the main thread handle signals.
    in_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGTERM, signal.SIGUSR1) if in_main else ()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def use_threads(count: int) -> None:
    """Let Numba, and torch where it is loaded, use `count` threads, or all there are if fewer."""
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]  # set at import
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
