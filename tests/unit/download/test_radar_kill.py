"""A radar download that is killed and restarted gives the result of an uninterrupted one."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import huggingface_hub
import numpy as np
import pandas as pd
import pytest
import s3fs

from rainscore.download import hub as hub_module
from rainscore.download.hub import REPOSITORY, fetch_year
from rainscore.download.journal import Journal
from rainscore.download.zarrstore import STORE, fetch_frames
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from tests.buckets import Bucket, Hub, frame_bytes, tar_bytes, write_store
from tests.servers import Loopback

KILLS = int(os.environ.get("RAINSCORE_KILLS", "2"))
END = "2020-01-01T08:00"
STAMPS = pd.date_range("2020-01-01", END, freq="5min", inclusive="left")
RNG = np.random.default_rng(11)
TOKEN = "hf_t0kenOfAda"
BLOCK = 20_000
START = """
import sys
from pathlib import Path
from rainscore.download import hub, zarrstore
from rainscore.io import write_table
from rainscore.runtime import start_logging
folder = Path(sys.argv[1])
start_logging(folder / "log")
"""
ZARR = (
    START
    + f"""
frames = zarrstore.fetch_frames(folder / "2020-01", "2020-01-01", "{END}")
write_table(frames, folder / "table")
"""
)
HUB = (
    START
    + f"""
hub.BLOCK = {BLOCK}
write_table(hub.fetch_year(folder, "2020", ["2020-01"]), folder / "table")
"""
)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a token of the hub in the environment and reset the clients."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    huggingface_hub.utils.close_session()
    huggingface_hub.HfFileSystem.clear_instance_cache()
    s3fs.S3FileSystem.clear_instance_cache()


def run_with_kills(
    script: str, folder: Path, moments: Sequence[float], transferred: Callable[[], float],
    killed: Callable[[], None],
) -> None:  # fmt: skip
    """Start a download, kill it at each of some amounts of transfer, and complete it."""
    rng = random.Random(3)
    for moment in moments:
        process = start(script, folder)
        end = time.monotonic() + 60
        while transferred() < moment and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        killed()
    process = start(script, folder)
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert process.wait(timeout=120) == 0
    assert TOKEN.encode() not in command_line


def start(script: str, folder: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], cwd=CHECKOUT)


def assert_equal_results(killed: Path, whole_run: Path, table: pd.DataFrame) -> None:
    """Check that bytes and manifest are equal, and that no file holds a secret."""
    frames = [
        {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.glob("2020-01/*.npz")}
        for folder in (killed, whole_run)
    ]
    assert frames[0] == frames[1]
    assert not list(killed.rglob(".*.part"))
    manifest = read_table(killed / "table")
    pd.testing.assert_frame_equal(
        manifest.drop(columns="fetched"), table.drop(columns="fetched"), check_dtype=False
    )
    files = [f for folder in (killed, whole_run) for f in folder.rglob("*") if f.is_file()]
    assert not any(TOKEN.encode() in file.read_bytes() for file in files)


def test_a_killed_download_from_the_store_requests_only_frames_in_flight_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: None
) -> None:
    rates = RNG.integers(0, 500, (STAMPS.size - 1, 48, 48)) * 0.12
    rates[7] = np.nan
    path = STORE.removeprefix("s3://")
    times = STAMPS.delete([50]).to_numpy()
    write_store(tmp_path / "s3" / path, times, rates, np.array([], "datetime64[ns]"))
    bucket = Bucket(tmp_path / "s3")
    whole_run, killed = tmp_path / "whole_run", tmp_path / "killed"
    shard = (tmp_path / "s3" / path / "prate/c/0/0/0").read_bytes()
    offsets = np.frombuffer(shard[-4 - 288 * 16 : -4], np.uint64).reshape(-1, 2)[:, 0].tolist()

    with Loopback(bucket.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)

        def requests() -> dict[str, int]:
            """Number of requests for the chunk of each frame."""
            counts = dict.fromkeys(np.datetime_as_string(times, unit="m"), 0)
            for request, _ in list(server.log):
                first = request.headers.get("range", "").removeprefix("bytes=").partition("-")[0]
                if request.path.endswith("prate/c/0/0/0") and first and int(first) in offsets:
                    counts[str(times[offsets.index(int(first))].astype("datetime64[m]"))] += 1
            return counts

        table = fetch_frames(whole_run / "2020-01", "2020-01-01", END)
        # A frame without any value has no chunk.
        assert [key for key, n in requests().items() if n != 1] == ["2020-01-01T00:35"]
        server.log.clear()
        kept: dict[str, int] = {}

        def note() -> None:
            now = requests()
            for key in Journal(killed / "2020-01" / "journal.jsonl").read():
                kept.setdefault(key, now.get(key, 0))

        moments = sorted(random.Random(5).sample(range(1, 90), KILLS))
        run_with_kills(ZARR, killed, moments, lambda: sum(requests().values()), note)
        counts = requests()
    assert 0 < len(kept) < 96
    assert all(counts.get(key, 0) == count for key, count in kept.items())
    twice = sum(max(count - 1, 0) for count in counts.values())
    print(f"{KILLS} kills, {len(times)} frames, {twice} requested twice (in flight)")
    assert min(count for key, count in counts.items() if key != "2020-01-01T00:35") == 1
    assert twice <= 12 * KILLS
    assert table["state"].value_counts().to_dict() == {"present": 94, "missing": 2}
    assert_equal_results(killed, whole_run, table)


def test_a_killed_stream_of_the_hub_resumes_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: None
) -> None:
    members = {
        f"2020/{stamp:%Y%m%d%H%M}.npz": frame_bytes(RNG.integers(-1, 900, (96, 96), np.int16))
        for stamp in STAMPS
    }
    hub = Hub(REPOSITORY, {"2020.tar": tar_bytes(members)})
    whole = len(hub.files["2020.tar"])
    whole_run, killed = tmp_path / "whole_run", tmp_path / "killed"
    monkeypatch.setattr(hub_module, "BLOCK", BLOCK)
    with Loopback(hub.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        table = fetch_year(whole_run, "2020", ["2020-01"])
        hub.sent = 0
        kept: list[int] = []
        moments = [whole * share for share in sorted(random.Random(5).sample(range(5, 95), KILLS))]
        run_with_kills(
            HUB, killed, [moment / 100 for moment in moments], lambda: hub.sent,
            lambda: kept.append(len(list(killed.glob("2020-01/*.npz")))),
        )  # fmt: skip
    assert kept == sorted(kept) and 0 < kept[-1] < 96
    assert set(table["state"]) == {"present"} and len(table) == 96
    print(f"{KILLS} kills, {hub.sent / whole:.3f} times the archive transferred")
    # In flight at a kill: the block that was read, and the one that was requested.
    assert hub.sent <= whole + (KILLS + 1) * 2 * BLOCK
    assert_equal_results(killed, whole_run, table)
