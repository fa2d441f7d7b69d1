import errno
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from rainscore.errors import RainscoreError
from rainscore.paths import CHECKOUT
from rainscore.runtime import PROGRESS_VARIABLE, progress_bar, start_logging, stop_requests


@pytest.fixture
def restored():
    """Restore the logging and the exception hook of the process after a test."""
    hook, logger = sys.excepthook, logging.getLogger("rainscore")
    handlers, level = list(logger.handlers), logger.level
    yield
    sys.excepthook = hook
    logger.handlers, logger.level = handlers, level


def test_an_error_of_rainscore_is_logged_as_one_line(tmp_path, restored) -> None:
    start_logging(tmp_path / "logs/job.log")
    try:
        raise RainscoreError("radar.frame_folder: empty")
    except RainscoreError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert (
        (tmp_path / "logs/job.log").read_text().endswith("ERROR error: radar.frame_folder: empty\n")
    )


def test_an_unexpected_error_is_logged_with_its_traceback(tmp_path, restored) -> None:
    start_logging(tmp_path / "job.log")
    try:
        raise KeyError("gauges")
    except KeyError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "Traceback" in (tmp_path / "job.log").read_text()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "ERROR error: the disk is full"),
        (KeyboardInterrupt(), "ERROR interrupted"),
    ],
)
def test_a_full_disk_and_an_interruption_are_logged_as_one_line(
    error: BaseException, line: str, tmp_path, restored
) -> None:
    start_logging(tmp_path / "job.log")
    sys.excepthook(type(error), error, None)
    logged = (tmp_path / "job.log").read_text()
    assert line in logged
    assert logged.count("\n") == 1


def test_a_log_that_cannot_be_written_is_reported_once(tmp_path) -> None:
    code = (
        "import resource, sys; from rainscore.runtime import start_logging\n"
        "log = start_logging(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "for number in range(20): log.info('line %d → é', number)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "job.log")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert run.returncode == 0
    assert run.stderr == f"{tmp_path / 'job.log'}: [Errno 27] File too large\n"


def test_a_signal_to_stop_sets_the_event_and_keeps_the_process() -> None:
    with stop_requests() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.wait(5)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_progress_of_a_job_is_logged_in_steps(
    terminal: bool, tmp_path, restored, monkeypatch, capfd
) -> None:
    """At 100 steps per second and a step of 0.2 s, 0.6 s give two or three lines."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    if terminal:  # in a job that runs at the same time as others
        monkeypatch.setenv(PROGRESS_VARIABLE, "off")
    else:
        monkeypatch.delenv(PROGRESS_VARIABLE, raising=False)
    start_logging(tmp_path / "job.log")
    for _ in progress_bar(range(60), desc="radar 2019-01", mininterval=0.2):
        time.sleep(0.01)
    lines = (tmp_path / "job.log").read_text().splitlines()
    assert 1 <= len(lines) <= 4
    assert all("INFO radar 2019-01:" in line and "/60" in line for line in lines)
    assert capfd.readouterr().err == ""


def test_progress_that_nobody_wants_is_not_logged(tmp_path, restored) -> None:
    start_logging(tmp_path / "job.log")
    assert list(progress_bar([1, 2], shown=False, mininterval=0)) == [1, 2]
    assert (tmp_path / "job.log").read_text() == ""


def test_the_root_modules_load_without_the_large_libraries() -> None:
    code = (
        "import sys, rainscore.cli, rainscore.runtime; "
        "print(sorted({'numba', 'torch', 'xarray', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("count", [1, 2])
def test_dask_numba_torch_and_blas_use_the_threads_of_the_job(count: int) -> None:
    code = (
        "import sys, threading, time, dask, numba, torch\n"
        "from threadpoolctl import threadpool_info\n"
        "from rainscore.runtime import use_threads\n"
        f"use_threads({count})\n"
        "def thread(_): time.sleep(0.05); return threading.get_ident()\n"
        "names = dask.compute(*[dask.delayed(thread)(i) for i in range(8)])\n"
        "blas = {pool['num_threads'] for pool in threadpool_info()}\n"
        "print(len(set(names)), numba.get_num_threads(), torch.get_num_threads(), blas)"
    )
    # Snakemake sets the two variables to the threads of the rule.
    threads = {"OMP_NUM_THREADS": str(count), "OPENBLAS_NUM_THREADS": str(count)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "NUMBA_NUM_THREADS": "2", **threads},
    )
    assert run.stdout == f"{count} {count} {count} {{{count}}}\n"
