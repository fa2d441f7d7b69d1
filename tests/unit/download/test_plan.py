"""Estimates of downloads from the loopback server, without downloading."""

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import numpy as np
import pandas as pd
import pytest
import s3fs

from rainscore.download.amounts import size_text
from rainscore.download.granulefetcher import ImergRequest
from rainscore.download.granules import fetch_month
from rainscore.download.hub import REPOSITORY
from rainscore.download.journal import Journal
from rainscore.download.plan import plan_hub, plan_imerg, plan_store
from rainscore.download.zarrstore import STORE, fetch_frames
from rainscore.grids import Grid
from rainscore.times import steps
from tests.archives import ADDRESSES, CELLS, Earthdata
from tests.buckets import Bucket, Hub, write_store
from tests.servers import Loopback

REQUEST = ImergRequest("final", "07", "opendap", ADDRESSES, CELLS)
SPANS = {"2019-06": ["2019-06-03", "2019-06-04"], "2019-07": ["2019-07-01", "2019-07-02"]}


@pytest.fixture
def earthdata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Earthdata]:
    days = [steps(first, last) for first, last in SPANS.values()]
    nasa = Earthdata(np.concatenate(days), unlisted={"2019-06-03T04:00", "2019-07-01T00:00"})
    with Loopback(nasa.archives(), tmp_path) as server:
        for name, value in {**server.environment, **nasa.account}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)
        yield nasa


def test_the_plan_has_number_size_and_duration_before_anything_is_downloaded(
    earthdata: Earthdata, tmp_path: Path
) -> None:
    lines = plan_imerg(tmp_path, SPANS, REQUEST)
    assert lines[0].endswith(
        "96 half-hours, 94 in the catalogue (2 missing at source), 0 on disk, 94 to download"
    )
    # 108 cells of five fields of 4 bytes and four of 2, and 10 kB around them.
    assert "(13 kB each; whole granules would be 733 MB)" in lines[1]
    assert "4 connections (4 s each, assumed)" in lines[2]
    assert not earthdata.served


def test_files_on_disk_are_subtracted_and_give_the_mean_size_and_duration(
    earthdata: Earthdata, tmp_path: Path
) -> None:
    table = fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-03T06:00", REQUEST)
    lines = plan_imerg(tmp_path, SPANS, REQUEST)
    assert "11 on disk, 83 to download" in lines[0]
    mean = table.loc[table["state"] == "present", "size"].mean()
    assert f"({size_text(mean)} each;" in lines[1]
    assert "measured on 11 requests)" in lines[2]
    # Files of another box and deleted files are downloaded again.
    wider = ImergRequest(
        "final", "07", "opendap", ADDRESSES, Grid("EPSG:4326", -0.6, 45.2, 0.1, 0.1, 13, 9)
    )
    assert "0 on disk, 94 to download" in plan_imerg(tmp_path, SPANS, wider)[0]
    (tmp_path / table["file"][0]).unlink()
    assert "10 on disk, 84 to download" in plan_imerg(tmp_path, SPANS, REQUEST)[0]


def test_the_plan_of_the_store_has_the_number_and_size_of_the_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = pd.date_range("2020-01-01", "2020-01-03", freq="5min", inclusive="left").delete([5])
    rates = np.random.default_rng(1).gamma(0.4, 2.0, (times.size, 48, 48))
    bucket = Bucket(tmp_path / "s3")
    store = bucket.folder / STORE.removeprefix("s3://")
    write_store(store, times.to_numpy(), rates, np.array([], "datetime64[ns]"))
    spans = {"2020-01": ["2020-01-01", "2020-01-02"]}
    with Loopback(bucket.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        line = plan_store(tmp_path / "radar", spans)[0]
        sent = bucket.sent
        fetch_frames(tmp_path / "radar/2020-01", "2020-01-01", "2020-01-01T01:00")
        again = plan_store(tmp_path / "radar", spans)[0]
    s3fs.S3FileSystem.clear_instance_cache()
    shard = (store / "prate/c/0/0/0").stat().st_size
    assert line.startswith("radar: 288 frames, 287 in the store, 0 on disk, 287 to download,")
    assert size_text(287 / 288 * shard) in line
    assert "assumed: nothing is on disk yet" in line
    assert sent < shard / 5
    assert "11 on disk, 276 to download" in again


def test_the_plan_of_the_hub_has_the_archives_and_the_size_that_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(REPOSITORY, {"2020.tar": bytes(120_000_000)})
    with Loopback(hub.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        huggingface_hub.utils.close_session()
        whole = plan_hub(tmp_path / "radar", ["2020-01", "2020-02", "2020-03"])
        (tmp_path / "radar").mkdir()
        journal = Journal(tmp_path / "radar/hub-2020.jsonl")
        journal.add({"key": "2020.tar", "end": 60_000_000, "asked": "2020-01", "file": ""})
        # A frame of 50 kB each second is kept: a twelfth of what is streamed.
        for second in range(10):
            journal.add({"key": f"20200101000{second}", "file": "2020-01/x.npz", "size": 50_000,
                         "fetched": f"2024-01-01T00:00:0{second}"})  # fmt: skip
        rest = plan_hub(tmp_path / "radar", ["2020-01"])
        more = plan_hub(tmp_path / "radar", ["2020-01", "2020-02"])
    huggingface_hub.utils.close_session()
    assert whole == [
        "radar 2020: 2020.tar, 120 MB to stream, about 30 MB to keep (3 of 12 months), "
        "less than a minute at 10 MB/s (assumed: nothing is on disk yet)"
    ]
    assert hub.sent == 0
    # 60 MB of which 5 MB are kept, at 500 kB in 9 s: 90 s.
    assert rest[0].endswith("2 min at 0.667 MB/s (measured on 10 frames)")
    assert "120 MB to stream" in more[0]
