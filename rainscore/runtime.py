"""Services for a running job: logging, progress bars, threads and requests to stop."""

import io
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from rainscore.errors import RainscoreError, printable
from rainscore.writing import disk_is_full, explained

STOPPED = 143
"""Exit status of a job that stopped on request: the status of a process ended by SIGTERM."""

INTERRUPTED = 130
"""Exit status after Ctrl-C: the status of a process ended by SIGINT."""

PROGRESS_VARIABLE = "RAINSCORE_PROGRESS"
"""Environment variable that switches progress bars off when it is set to `off`."""


def start_logging(path: str | Path | None = None) -> logging.Logger:
    """Log to a file, and warnings to the terminal as well.

    From then on an uncaught `RainscoreError`, a full disk and an interruption are logged as one
    line, and any other exception with its traceback. SIGTERM and SIGHUP interrupt like Ctrl-C.

    Args:
        path: Log file, overwritten; None logs to the terminal only.

    Returns:
        The logger `rainscore`.

    Raises:
        CannotWrite: The log file cannot be written.
    """
    logger = logging.getLogger("rainscore")
    logger.setLevel(logging.INFO)
    logger.handlers.clear()
    terminal = logging.StreamHandler()
    terminal.setFormatter(_Printable("%(message)s"))
    terminal.setLevel(logging.WARNING)
    logger.addHandler(terminal)
    sys.excepthook = _log_exception
    raise_stop_signals()
    if path is not None:
        with explained(Path(path)):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            file = _JobLog(path, mode="w", encoding="utf-8", errors="backslashreplace")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(file)
    return logger


class _Printable(logging.Formatter):
    """Format of messages without control characters, which a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of the message."""
        return "\n".join(map(printable, super().format(record).split("\n")))


class _JobLog(logging.FileHandler):
    """Log file of a job. Where it cannot be written, the terminal says so once."""

    _failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Report the first failure on the terminal, without a traceback."""
        if not self._failed:
            self._failed = True
            print(f"{self.baseFilename}: {sys.exc_info()[1]}", file=sys.stderr)


def _log_exception(kind, error, trace) -> None:
    logger = logging.getLogger("rainscore")
    if issubclass(kind, RainscoreError):
        logger.error("error: %s", error)
    elif issubclass(kind, KeyboardInterrupt):
        logger.error("interrupted")
    elif disk_is_full(error):
        logger.error("error: the disk is full; free some space and run this again (%s)", error)
    else:
        logger.error("%s", "".join(traceback.format_exception(kind, error, trace)))


def progress_bar(
    items: Iterable | None = None, *, shown: bool = True, mininterval: float = 10.0, **options
) -> tqdm:
    """Progress bar on the terminal, or lines in the log of the job.

    The progress is logged where standard error is not a terminal, and in a job of a workflow that
    runs several jobs at a time, where bars would overwrite each other.

    Args:
        items: Iterable to iterate over, if any.
        shown: Whether the caller wants a bar.
        mininterval: Minimum time between updates of the bar and between lines of the log [s].
        options: Further options of `tqdm.tqdm`, such as `total`, `desc` and `initial`.
    """
    if os.environ.get(PROGRESS_VARIABLE) == "off" or not sys.stderr.isatty():
        options |= {"file": _LogLines(), "delay": mininterval, "ncols": 100, "leave": False}
        options["bar_format"] = "{desc}: {n_fmt}/{total_fmt} in {elapsed}, {remaining} left"
    return tqdm(items, disable=not shown, mininterval=mininterval, **options)


class _LogLines(io.StringIO):
    """Text file whose lines are messages of the logger `rainscore`."""

    def write(self, text: str) -> int:
        """Log a text, unless it is blank or moves the cursor."""
        if (line := text.strip()) and not line.startswith("\x1b"):
            logging.getLogger("rainscore").info("%s", line)
        return len(text)


class Stopped(KeyboardInterrupt):
    """A signal asked the process to stop.

    Attributes:
        status: Exit status that a shell gives to the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


def raise_stop_signals() -> None:
    """Make SIGTERM and SIGHUP (a closed terminal) raise `Stopped`, as Ctrl-C raises its exception.

    Partly written files are then deleted. A signal that is ignored, by `nohup` for example, stays
    ignored.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _raise_stopped)


def _raise_stopped(number: int, _) -> None:
    raise Stopped(number)


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Replace the default action of SIGTERM and SIGUSR1 inside the block.

    Yields:
        An event that is set when one of the signals arrives. Outside the main thread, where Python
        cannot handle signals, it is never set.
    """
    stop = threading.Event()
    in_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGTERM, signal.SIGUSR1) if in_main else ()
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def use_threads(count: int) -> None:
    """Limit the threads of dask and Numba, and of torch if it is loaded, to those of the job.

    Dask would otherwise use every processor of the machine, with more memory for each. Snakemake
    itself sets the environment variables of BLAS and OpenMP.

    Args:
        count: Number of threads; Numba gets at most the number it was started with.
    """
    import dask
    import numba

    dask.config.set(num_workers=count)
    limit = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set at import
    numba.set_num_threads(min(count, limit))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
