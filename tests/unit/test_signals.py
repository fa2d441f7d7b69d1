"""Signals and closed pipes: one line, the documented exit status, and nothing half written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
SCORING = """
import signal, sys, time
from pathlib import Path
import numpy as np, xarray as xr
from rainscore.cli import main, score
from rainscore.io import write_netcdf
signal.signal(signal.SIGINT, signal.default_int_handler)
def run(request, **_):
    rain = xr.Dataset({"rain": (("time", "y", "x"), np.ones((48, 60, 60)))})
    for number in range(100_000):
        write_netcdf(rain, request.out / f"{number}.nc")
        print(number, flush=True)
score.run = run
sys.exit(main(["score", "granule.HDF5", "--out", sys.argv[1]]))
"""
INTERRUPTED_WRITES = """
import random, signal, sys, time
from pathlib import Path
import numpy as np, xarray as xr
from rainscore.io import write_netcdf
from rainscore.runtime import Stopped, raise_stop_signals
raise_stop_signals()
rain = xr.Dataset({"rain": (("time", "y", "x"), np.random.default_rng(0).random((100, 20, 20)))})
path, stopped, rng = Path(sys.argv[1]), 0, random.Random(0)
# As if SIGTERM arrived after the time of the alarm.
signal.signal(signal.SIGALRM, lambda _, frame: signal.getsignal(signal.SIGTERM)(15, frame))
duration = 1
for number in range(5):
    start = time.perf_counter()
    write_netcdf(rain, path)
    duration = min(duration, time.perf_counter() - start)
while stopped < 30:
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.05, 1) * duration)
        write_netcdf(rain, path)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Stopped:
        stopped += 1
print(stopped, [file.name for file in path.parent.iterdir()])
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_during_scoring_is_one_line_and_leaves_complete_files(
    number: int, status: int, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCORING, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert errors == "rainscore: interrupted; the files that are written are complete\n"
    assert {file.suffix for file in tmp_path.iterdir()} == {".nc"}


def test_a_closed_pipe_ends_the_scoring_without_a_message(tmp_path: Path) -> None:
    command = f'{sys.executable} -c "$CODE" {tmp_path} | head -2; exit ${{PIPESTATUS[0]}}'
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=ENVIRONMENT | {"CODE": SCORING}
    )
    assert (result.returncode, result.stdout, result.stderr) == (141, "0\n1\n", "")
    assert {file.suffix for file in tmp_path.iterdir()} == {".nc"}


def test_an_interruption_at_any_moment_of_a_write_does_not_crash_hdf5(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WRITES, str(tmp_path / "rain.nc")],
        capture_output=True, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    stopped, _, left = result.stdout.strip().partition(" ")
    assert int(stopped) == 30
    assert left in ("['rain.nc']", "[]")
