"""A download that is killed and started again gives the result of an uninterrupted one."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from rainscore.download.journal import Journal
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from rainscore.times import steps
from tests.archives import Earthdata
from tests.servers import Loopback

KILLS = int(os.environ.get("RAINSCORE_KILLS", "3"))
DAYS = int(os.environ.get("RAINSCORE_KILL_DAYS", "2"))
END = f"2019-06-{3 + DAYS:02d}"
SCRIPT = """
import sys
from pathlib import Path
from rainscore.config import load_config
from rainscore.download.granules import ImergRequest, fetch_month
from rainscore.download.journal import Journal
from rainscore.io import write_table
from rainscore.grids import Grid
from rainscore.runtime import start_logging
folder = Path(sys.argv[1])
start_logging(folder / "log")
cells = Grid("EPSG:4326", -0.5, 45.2, 0.1, 0.1, 12, 9)
request = ImergRequest("final", "07", "opendap", load_config()["imerg"]["addresses"], cells)
write_table(fetch_month(folder / "2019-06", "2019-06-03", sys.argv[2], request), folder / "table")
"""


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), END],
        env={**os.environ, **environment},
        cwd=CHECKOUT,
        stderr=subprocess.PIPE,
    )


def content(folder: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((folder / "2019-06").iterdir())
        if file.name != "journal.jsonl"
    }


def test_a_killed_download_gives_the_same_bytes_and_requests_no_recorded_file_again(
    tmp_path: Path,
) -> None:
    times = steps("2019-06-03", END)
    nasa = Earthdata(times, unlisted={"2019-06-03T04:00"}, gone={"2019-06-04T10:30"})
    nasa.faults = {"2019-06-03T12:00": ["503"], "2019-06-04T01:00": ["truncated"]}
    with Loopback(nasa.archives(), tmp_path) as server:
        environment = {**server.environment, **nasa.account}
        whole, killed = tmp_path / "whole", tmp_path / "killed"
        process = start(whole, environment)
        command = Path(f"/proc/{process.pid}/cmdline")
        command_line = command.read_bytes() if command.exists() else b""
        assert process.wait(timeout=170) == 0
        nasa.served.clear()
        nasa.faults = {"2019-06-03T12:00": ["503"], "2019-06-04T01:00": ["truncated"]}
        rng = random.Random(7)
        recorded: dict[str, int] = {}
        for moment in sorted(rng.sample(range(len(times)), KILLS)):
            process = start(killed, environment)
            end = time.monotonic() + 20
            while nasa.served.total() <= moment and time.monotonic() < end:
                assert process.poll() is None
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            for key, record in Journal(killed / "2019-06" / "journal.jsonl").read().items():
                if record["state"] == "present":
                    recorded.setdefault(key, nasa.served[key])
        assert start(killed, environment).wait(timeout=170) == 0
    assert content(killed) == content(whole)
    both = [read_table(folder / "table") for folder in (killed, whole)]
    assert both[0].drop(columns="fetched").equals(both[1].drop(columns="fetched"))
    assert both[0]["state"].value_counts().to_dict() == {"present": len(times) - 2, "missing": 2}
    twice = sum(count - 1 for count in nasa.served.values())
    print(f"{KILLS} kills, {len(times)} half-hours, {twice} fetched twice (in flight)")
    assert twice <= 4 * KILLS
    assert all(nasa.served[key] == count for key, count in recorded.items())
    for secret in (nasa.password, nasa.token):
        assert secret.encode() not in command_line
        assert not any(
            secret.encode() in file.read_bytes()
            for folder in (whole, killed)
            for file in folder.rglob("*")
            if file.is_file()
        )
    assert nasa.max_simultaneous <= 4
