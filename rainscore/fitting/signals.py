"""Requests to stop, as schedulers send them before the time limit."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
