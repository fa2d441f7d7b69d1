"""A download from a store that is killed and restarted gives the result of an uninterrupted one."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.download.storecatalogue import IMERG
from rainscore.download.storegranules import fetch_granules
from rainscore.grids import Grid
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from tests.stores import write_imerg

KILLS = int(os.environ.get("RAINSCORE_KILLS", "2"))
TIMES = pd.date_range("2021-06-01", "2021-06-03", freq="30min", inclusive="left")
CELLS = Grid("EPSG:4326", -99.5, 30.3, 0.1, 0.1, 20, 15)
PERIOD = ("2021-06-01", "2021-06-03")
SCRIPT = """
import sys, time
from pathlib import Path
from rainscore.download import openstore
from rainscore.download.storecatalogue import IMERG
from rainscore.download.storegranules import fetch_granules
from rainscore.grids import Grid
from rainscore.io import write_table
store, folder = Path(sys.argv[1]), Path(sys.argv[2])
read = openstore.OpenStore.read
def slow(self, role, selection):
    time.sleep(0.05)
    with (folder / "read").open("a") as log:
        print(role, selection, file=log)
    return read(self, role, selection)
openstore.OpenStore.read = slow
table = fetch_granules(
    folder / "2021-06", "2021-06-01", "2021-06-03", settings=IMERG.at(str(store)), run="late",
    cells=Grid("EPSG:4326", -99.5, 30.3, 0.1, 0.1, 20, 15),
)
write_table(table, folder / "table")
"""


def progress(folder: Path) -> int:
    """Number of chunks that were read, and of granules that are recorded."""
    files = [folder / "read", folder / "2021-06" / "journal.jsonl"]
    return sum(file.read_text().count("\n") for file in files if file.exists())


def test_a_month_that_is_killed_again_and_again_is_the_same_in_the_end(tmp_path: Path) -> None:
    rain = np.round(np.random.default_rng(1).gamma(0.3, 2.0, (len(TIMES), 25, 30)), 2)
    rain[[7, 60]] = np.nan
    write_imerg(tmp_path / "store", TIMES, rain, south=30, west=-100, chunks=(40, 10, 10))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    table = fetch_granules(
        whole / "2021-06", *PERIOD, settings=IMERG.at(str(tmp_path / "store")), run="late",
        cells=CELLS,
    )  # fmt: skip
    killed.mkdir()
    rng = random.Random(5)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "store"), str(killed)]
    for moment in sorted(rng.sample(range(5, 140), KILLS)):
        process = subprocess.Popen(command, cwd=CHECKOUT)
        end = time.monotonic() + 120
        while progress(killed) < moment and time.monotonic() < end and process.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, cwd=CHECKOUT, check=True, timeout=300)
    chunks = (killed / "read").read_text().splitlines()
    twice = len(chunks) - len(set(chunks))
    print(f"{KILLS} kills, {len(set(chunks))} chunks, {twice} read twice (in flight)")
    assert len(set(chunks)) == 54  # 3 rows in time, 3 × 3 in space, two variables
    assert twice <= 4 * KILLS
    digests = [
        {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in f.glob("2021-06/3B*")}
        for f in (whole, killed)
    ]
    assert digests[0] == digests[1] and len(digests[0]) == 94
    assert not list(killed.rglob(".*.part")) and not (killed / "2021-06" / "blocks").exists()
    pd.testing.assert_frame_equal(
        read_table(killed / "table").drop(columns="fetched"), table.drop(columns="fetched"),
        check_dtype=False,
    )  # fmt: skip
