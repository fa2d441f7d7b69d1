"""Download of the French mosaic from the hub and the Zarr store, on the loopback server."""

import errno
import io
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import s3fs

from rainscore.download.hub import REPOSITORY, extract_frames, fetch_year, month_manifest
from rainscore.download.transfer import ArchiveBusy, RetryPolicy
from rainscore.download.zarrstore import fetch_frames
from rainscore.errors import RainscoreError
from rainscore.grids import RADAR_CORNER
from rainscore.imerg.manifests import read_manifest, write_manifest
from rainscore.radar.fr_radar import FrRadarRainfall, mosaic_grid
from rainscore.times import steps
from tests.buckets import Bucket, Hub, frame_bytes, tar_bytes, write_store
from tests.servers import Loopback

RNG = np.random.default_rng(3)
QUICK = RetryPolicy(attempts=3, first_pause=0.01, max_pause=0.02)


def year(n: int = 6) -> dict[str, bytes]:
    """Frames of the first minutes of three months."""
    return {
        f"2020/{month}/{stamp:%Y%m%d%H%M}.npz": frame_bytes(
            RNG.integers(-1, 900, (96, 96)).astype(np.int16)
        )
        for month in ("01", "02", "03")
        for stamp in pd.date_range(f"2020-{month}-01", periods=n, freq="5min")
    }


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub(REPOSITORY, {"2020.tar": tar_bytes(year()), "2021.tar": tar_bytes({})})
    with Loopback(hub.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        reset_client()
        yield hub
    reset_client()


def reset_client() -> None:
    """Reset the client of the hub, which keeps its listings between calls."""
    import huggingface_hub

    huggingface_hub.utils.close_session()
    huggingface_hub.HfFileSystem.clear_instance_cache()


def test_the_frames_of_the_months_arrive_and_the_archive_is_not_stored(
    hub: Hub, tmp_path: Path
) -> None:
    table = fetch_year(tmp_path / "radar", "2020", ["2020-02"])
    assert list(table["time"]) == list(pd.date_range("2020-02-01", periods=6, freq="5min"))
    assert set(table["state"]) == {"present"}
    files = sorted(f.name for f in (tmp_path / "radar").rglob("*") if f.is_file())
    assert files == sorted([*(Path(f).name for f in table["file"]), "hub-2020.jsonl"])
    FrRadarRainfall().read(tmp_path / "radar" / table["file"][0])


def test_a_second_call_downloads_nothing_and_another_month_reads_the_archive_again(
    hub: Hub, tmp_path: Path
) -> None:
    first = fetch_year(tmp_path, "2020", ["2020-02"])
    sent = hub.sent
    assert fetch_year(tmp_path, "2020", ["2020-02"]).equals(first)
    assert hub.sent == sent
    both = fetch_year(tmp_path, "2020", ["2020-01", "2020-02"])
    assert len(both) == 12


def test_an_interrupted_stream_resumes_where_it_stopped(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rainscore.download.hub.BLOCK", 20_000)
    whole = len(hub.files["2020.tar"])
    whole_year = fetch_year(tmp_path / "whole_year", "2020", ["2020-01", "2020-02"])
    assert hub.sent <= 1.5 * whole
    hub.sent = 0
    hub.faults = ["", "", "", "", "403"]
    with pytest.raises(ArchiveBusy, match=r"transfer of 2020\.tar was interrupted"):
        fetch_year(tmp_path / "again", "2020", ["2020-01", "2020-02"])
    kept = len(list((tmp_path / "again").rglob("*.npz")))
    assert 0 < kept < 12
    again = fetch_year(tmp_path / "again", "2020", ["2020-01", "2020-02"])
    assert again.drop(columns="fetched").equals(whole_year.drop(columns="fetched"))
    assert hub.sent <= 1.5 * whole + 40_000


def test_a_full_disk_is_an_error_of_its_own(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Path.write_bytes, []

    def fills_up(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", fills_up)
        with pytest.raises(RainscoreError, match=r"the disk is full.*free some space") as raised:
            fetch_year(tmp_path, "2020", ["2020-02"])
    assert not isinstance(raised.value, ArchiveBusy)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    assert set(fetch_year(tmp_path, "2020", ["2020-02"])["state"]) == {"present"}


@pytest.mark.parametrize("fault", ["503", "429", "cut"])
def test_a_busy_hub_and_a_cut_transfer_are_retried(fault: str, hub: Hub, tmp_path: Path) -> None:
    hub.faults = [fault]
    assert len(fetch_year(tmp_path, "2020", ["2020-03"])) == 6


def test_the_frames_of_the_months_must_fit_on_the_disk(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = len(hub.files["2020.tar"]) // 12
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=month + 10))
    with pytest.raises(RainscoreError, match="free some space, or choose fewer months"):
        fetch_year(tmp_path / "two", "2020", ["2020-01", "2020-02"])
    assert hub.sent == 0
    assert len(fetch_year(tmp_path / "one", "2020", ["2020-02"])) == 6


def test_a_frame_that_cannot_be_read_is_damaged(hub: Hub, tmp_path: Path) -> None:
    frames = year()
    frames["2020/02/202002010005.npz"] = frames["2020/02/202002010005.npz"][:500]
    hub.files["2020.tar"] = tar_bytes(frames)
    table = fetch_year(tmp_path, "2020", ["2020-02"])
    assert list(table["state"]) == ["present", "damaged"] + ["present"] * 4
    assert not (tmp_path / "2020-02/202002010005.npz").exists()


def test_the_manifest_of_a_month_has_present_and_missing_frames(hub: Hub, tmp_path: Path) -> None:
    frames = fetch_year(tmp_path, "2020", ["2020-02"])
    times = steps("2020-02-01", "2020-02-01T01:00", 5)
    write_manifest(month_manifest(frames, times), tmp_path / "2020-02.parquet")
    table = read_manifest(tmp_path / "2020-02.parquet")
    assert list(table["state"]) == ["present"] * 6 + ["missing"] * 6
    ends = month_manifest(frames, times, shift_minutes=5)
    assert list(ends["file"][:5]) == list(table["file"][1:6])


def test_a_year_without_archive_is_an_error_that_lists_the_archives(
    hub: Hub, tmp_path: Path
) -> None:
    with pytest.raises(RainscoreError, match=r"has 2020\.tar, 2021\.tar, and none of 2019"):
        fetch_year(tmp_path, "2019", ["2019-01"])


def test_no_member_of_an_archive_is_written_outside_the_folder_of_its_month() -> None:
    content = frame_bytes(np.zeros((96, 96), np.int16))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("../../202002010000.npz", "/etc/202002010005.npz", "a/..%2f.npz",
                     "..\\202002010010.npz", "x\0y/202002010015.npz"):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("202002010020.npz")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    out.seek(0)
    stamps = [stamp for stamp, data, _ in extract_frames(out, ["2020-02"]) if data is not None]
    # A frame is written under its time stamp; the path in the archive is ignored.
    assert stamps == ["202002010000", "202002010005"]


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    root = tmp_path / "s3"
    times = pd.date_range("2020-01-01", "2020-01-03", freq="5min", inclusive="left")
    times = times.delete([100])
    rates = RNG.integers(0, 500, (times.size, 48, 48)) * 0.12
    rates[7] = np.nan
    store = root / "mlcast-source-datasets/FR-MF-prate/v0.1.0/fr-mf-prate-5min.zarr"
    missing = np.array(["2020-01-01T08:20"], dtype="datetime64[ns]")
    write_store(store, times.to_numpy(), rates, missing)
    bucket = Bucket(root)
    # Kept with the bucket for the tests to compare with.
    bucket.rates = rates  # type: ignore[attr-defined]  # of the tests alone
    with Loopback(bucket.archives(), tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        yield bucket
    s3fs.S3FileSystem.clear_instance_cache()


def test_only_the_frames_of_the_period_are_transferred_and_they_equal_those_of_the_store(
    bucket: Bucket, tmp_path: Path
) -> None:
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T01:00")
    assert list(table["state"]) == ["present"] * 7 + ["missing"] + ["present"] * 4
    reader = FrRadarRainfall()
    rate = reader.read(tmp_path / table["file"][3])
    np.testing.assert_allclose(rate, bucket.rates[3], rtol=1e-6)  # type: ignore[attr-defined]  # as above
    stored = sum(f.stat().st_size for f in bucket.folder.rglob("*") if f.is_file())
    assert bucket.sent < stored / 5
    sent = bucket.sent
    assert fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T01:00").equals(table)
    assert bucket.sent == sent


def test_the_half_pixel_offset_of_the_store_is_corrected(bucket: Bucket, tmp_path: Path) -> None:
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T00:05")
    grid = FrRadarRainfall().grid(tmp_path / table["file"][0])
    assert grid == mosaic_grid(48)
    assert grid.x[0] == RADAR_CORNER[0] + grid.dx / 2


def test_frames_that_the_store_lacks_are_missing(bucket: Bucket, tmp_path: Path) -> None:
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01T08:00", "2020-01-01T08:40")
    assert list(table.loc[table["state"] == "missing", "time"].dt.minute) == [20]
    after = fetch_frames(tmp_path / "2020-02", "2020-02-01", "2020-02-01T00:10")
    assert set(after["state"]) == {"missing"}


def test_time_stamps_at_the_end_are_shifted_to_the_start(bucket: Bucket, tmp_path: Path) -> None:
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T00:10", shift_minutes=5)
    rate = FrRadarRainfall().read(tmp_path / table["file"][0])
    np.testing.assert_allclose(rate, bucket.rates[1], rtol=1e-6)  # type: ignore[attr-defined]  # as above


def test_a_busy_store_is_retried_and_then_an_error(bucket: Bucket, tmp_path: Path) -> None:
    bucket.faults = [503]
    start = ("2020-01-01", "2020-01-01T00:05")
    table = fetch_frames(tmp_path / "2020-01", *start, retry=QUICK)
    assert list(table["state"]) == ["present"]
    bucket.faults = [403] * 50
    with pytest.raises(ArchiveBusy, match="cannot be read"):
        fetch_frames(tmp_path / "2020-02", *start, retry=QUICK)


def test_a_chunk_that_does_not_decode_damages_its_frame_alone(
    bucket: Bucket, tmp_path: Path
) -> None:
    shard = next(bucket.folder.rglob("prate/c/0/0/0"))
    content = bytearray(shard.read_bytes())
    index = np.frombuffer(bytes(content[-4 - 288 * 16 : -4]), np.uint64).reshape(-1, 2)
    begin = int(index[4, 0])
    content[begin : begin + 40] = bytes(40)
    shard.write_bytes(content)
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T00:30", retry=QUICK)
    assert list(table["state"]) == ["present"] * 4 + ["damaged", "present"]
