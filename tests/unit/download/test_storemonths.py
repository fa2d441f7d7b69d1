"""Months of IMERG and of hourly radar from local Icechunk stores."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import icechunk
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

from rainscore.download import storeblocks
from rainscore.download.amounts import files_size, size_text
from rainscore.download.openstore import OpenStore
from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storegranules import fetch_granules, granule_request
from rainscore.download.storeplan import plan_maps
from rainscore.download.storeradar import fetch_hours, radar_request
from rainscore.download.transfer import ArchiveBusy
from rainscore.errors import RainscoreError
from rainscore.grids import Grid, window_grid
from rainscore.imerg.manifests import read_manifest, write_manifest
from rainscore.imerg.reader import check_granule, read_granule
from rainscore.radar.netcdf import CfRadar
from tests.compliance import cf_errors
from tests.stores import write_imerg, write_mrms

TIMES = pd.date_range("2021-05-31", "2021-06-04", freq="30min", inclusive="left")
CHUNKS = (100, 10, 10)  # two rows of chunks in the period, as a month has
RAIN = np.round(np.random.default_rng(1).gamma(0.3, 2.0, (len(TIMES), 25, 30)), 2)
CELLS = Grid("EPSG:4326", -99.5, 30.3, 0.1, 0.1, 20, 15)
PERIOD = ("2021-06-01", "2021-06-03")
SHORT = ("2021-06-02", "2021-06-02T08:00")  # also in two rows of chunks

ENDS = pd.date_range("2021-05-31 01:00", "2021-06-04", freq="1h")
HOURS = np.round(np.random.default_rng(2).gamma(0.3, 2.0, (len(ENDS), 150, 160)), 2)
TARGET = window_grid(centre=(-99.2, 30.8), size_km=(60, 60), step_km=2)


def imerg(path: Path, **changes: Any) -> StoreSettings:
    found = StoreSettings(
        str(path), "https://catalogue.invalid/catalog.json", "nasa-imerg-analysis-{run}", "0.1.0",
        "precipitation_surface", "precipitation_quality_index_surface",
    )  # fmt: skip
    return replace(found, **changes)


def mrms(path: Path, **changes: Any) -> StoreSettings:
    found = StoreSettings(
        str(path), "https://catalogue.invalid/catalog.json", "noaa-mrms-conus-analysis-hourly",
        "0.3.0", "precipitation_surface",
    )  # fmt: skip
    return replace(found, **changes)


def place(times: pd.DatetimeIndex, time: str) -> int:
    """Position of a time."""
    return int(np.flatnonzero(times == pd.Timestamp(time))[0])


def file_of(folder: Path, table: pd.DataFrame, time: str) -> Path:
    """File of a time in a manifest."""
    return folder / str(table.loc[table["time"] == pd.Timestamp(time), "file"].iloc[0])


def granules(folder: Path, store: StoreSettings, period: Sequence[str] = PERIOD) -> pd.DataFrame:
    start, end = period
    return fetch_granules(folder / "2021-06", start, end, settings=store, run="late", cells=CELLS)


def hours(folder: Path, store: StoreSettings, convention: str = "format") -> pd.DataFrame:
    return fetch_hours(
        folder / "2021-06", *PERIOD, settings=store, target=TARGET,
        timestamp_convention=convention,
    )  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """IMERG of four days, of which a half-hour, and a time, are missing."""
    path = tmp_path_factory.mktemp("store") / "late.icechunk"
    rain = RAIN.copy()
    rain[place(TIMES, "2021-06-01T05:00")] = np.nan
    rain[place(TIMES, "2021-06-01T06:00"), :12] = np.nan
    gap = place(TIMES, "2021-06-02T07:30")
    write_imerg(
        path, TIMES.delete(gap), np.delete(rain, gap, axis=0), south=30, west=-100, chunks=CHUNKS
    )
    return path


@pytest.fixture(scope="module")
def radar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MRMS of four days, of which an hour is missing."""
    path = tmp_path_factory.mktemp("store") / "mrms.icechunk"
    rain = HOURS.copy()
    rain[place(ENDS, "2021-06-01T05:00")] = np.nan
    write_mrms(path, ENDS, rain, south=30, west=-100, chunks=(40, 50, 50))
    return path


def test_half_hours_of_a_store_become_granules_in_mm_per_hour(store: Path, tmp_path: Path) -> None:
    table = granules(tmp_path, imerg(store))
    file = file_of(tmp_path, table, "2021-06-01T03:30")
    granule = read_granule(file)
    expected = RAIN[place(TIMES, "2021-06-01T03:30"), 3:18, 5:25]
    np.testing.assert_allclose(granule["precipitation"], expected, rtol=2**-8)
    quality = np.broadcast_to(0.5 + 0.01 * np.arange(5, 25), (15, 20))
    np.testing.assert_allclose(granule["quality_index"], quality, rtol=2**-8)
    assert granule["lat"].to_numpy()[[0, -1]] == pytest.approx([30.35, 31.75])
    assert granule["lon"].to_numpy()[[0, -1]] == pytest.approx([-99.45, -97.55])
    assert (granule.attrs["run"], granule.attrs["world"]) == ("late", "real")
    assert {"mw_source", "ir_influence", "random_error"} <= set(granule.attrs["absent"].split())
    with h5py.File(file) as content:  # without our reader
        assert sorted(content["Grid"]) == [
            "lat", "lat_bnds", "latv", "lon", "lon_bnds", "lonv", "nv", "precipitation",
            "precipitationQualityIndex", "time", "time_bnds",
        ]  # fmt: skip
        stored = content["Grid/precipitation"][0].T
        np.testing.assert_allclose(stored, expected, rtol=2**-8)


def test_the_manifest_has_every_half_hour_with_snapshot_and_state(
    store: Path, tmp_path: Path
) -> None:
    table = granules(tmp_path, imerg(store))
    write_manifest(table, tmp_path / "2021-06.parquet", run="late")
    table = read_manifest(tmp_path / "2021-06.parquet")
    assert len(table) == 96
    missing = table[table["state"] == "missing"]
    assert list(missing["time"].dt.strftime("%d %H:%M")) == ["01 05:00", "02 07:30"]
    assert set(missing["detail"]) == {"the store has no value in the domain"}
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(store)))
    newest = repository.lookup_branch("main")
    assert set(table["source"]) == {f"{store}@{newest}"}
    assert not (tmp_path / "2021-06" / "blocks").exists()


def test_cells_without_a_value_stay_missing(store: Path, tmp_path: Path) -> None:
    table = granules(tmp_path, imerg(store))
    rain = read_granule(file_of(tmp_path, table, "2021-06-01T06:00"))["precipitation"]
    assert np.isnan(rain[:9]).all() and np.isfinite(rain[9:]).all()


@pytest.mark.parametrize("north_first", [True, False])
def test_the_order_of_the_rows_in_the_store_does_not_matter(
    tmp_path: Path, north_first: bool
) -> None:
    write_imerg(
        tmp_path / "store", TIMES, RAIN, south=30, west=-100, chunks=CHUNKS,
        north_first=north_first,
    )  # fmt: skip
    table = granules(tmp_path, imerg(tmp_path / "store"), ("2021-06-01", "2021-06-02"))
    rain = read_granule(tmp_path / table["file"][0])["precipitation"]
    np.testing.assert_allclose(rain, RAIN[48, 3:18, 5:25], rtol=2**-8)


def test_the_version_of_a_granule_has_the_letter_of_its_time(tmp_path: Path) -> None:
    times = pd.date_range("2026-03-03 13:00", periods=4, freq="30min")
    write_imerg(tmp_path / "store", times, RAIN[:4], south=30, west=-100, chunks=CHUNKS)
    table = fetch_granules(
        tmp_path / "2026-03", "2026-03-03T13:00", "2026-03-03T15:00",
        settings=imerg(tmp_path / "store"), run="late", cells=CELLS,
    )  # fmt: skip
    assert list(table["version"]) == ["V07B", "V07B", "V07C", "V07C"]
    assert check_granule(tmp_path / table["file"][2])[0].version == "V07C"


def test_a_store_without_quality_index_gives_granules_with_rain_only(tmp_path: Path) -> None:
    write_imerg(tmp_path / "store", TIMES, RAIN, south=30, west=-100, chunks=CHUNKS, quality=False)
    table = granules(
        tmp_path, imerg(tmp_path / "store", quality=""), ("2021-06-01", "2021-06-01T02:00")
    )
    granule = read_granule(tmp_path / table["file"][0])
    assert "quality_index" in granule.attrs["absent"].split()
    assert np.isfinite(granule["precipitation"]).all()


def test_a_second_download_reads_nothing(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = granules(tmp_path, imerg(store), SHORT)
    monkeypatch.setattr(OpenStore, "read", lambda *_: pytest.fail("a chunk was read"))
    again = granules(tmp_path, imerg(store), SHORT)
    pd.testing.assert_frame_equal(whole, again)


def test_chunks_left_by_a_kill_after_the_last_record_are_deleted(
    store: Path, tmp_path: Path
) -> None:
    granules(tmp_path, imerg(store), SHORT)
    (tmp_path / "2021-06/blocks").mkdir()
    (tmp_path / "2021-06/blocks/rain-0-0-0.h5").touch()
    granules(tmp_path, imerg(store), SHORT)
    assert not (tmp_path / "2021-06/blocks").exists()


def test_a_deleted_granule_is_written_again(store: Path, tmp_path: Path) -> None:
    whole = granules(tmp_path, imerg(store), SHORT)
    (tmp_path / whole["file"][0]).unlink()
    again = granules(tmp_path, imerg(store), SHORT)
    assert list(again["sha256"]) == list(whole["sha256"])
    assert (tmp_path / whole["file"][0]).exists()


def test_chunks_that_have_arrived_are_not_read_twice(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = OpenStore.read
    count: list[object] = []

    def failing(self: OpenStore, role: str, selection: tuple[slice, slice, slice]) -> np.ndarray:
        if len(count) == 7:
            raise ArchiveBusy("the store cannot be read")
        count.append((role, selection))
        return read(self, role, selection)

    monkeypatch.setattr(storeblocks, "CONNECTIONS", 1)
    monkeypatch.setattr(OpenStore, "read", failing)
    with pytest.raises(ArchiveBusy):
        granules(tmp_path, imerg(store), SHORT)
    first = list(count)
    count[:] = [None] * 100
    granules(tmp_path, imerg(store), SHORT)
    assert len(first) == 7 and not set(map(str, first)) & set(map(str, count))
    monkeypatch.undo()
    whole = granules(tmp_path / "whole", imerg(store), SHORT)
    assert list(whole["sha256"]) == list(granules(tmp_path, imerg(store), SHORT)["sha256"])


def append(path: Path, rain: np.ndarray, time: str) -> None:
    """Replace the map of a time in a store, in a new snapshot."""
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(path)))
    session = repository.writable_session("main")
    group = zarr.open_group(session.store, mode="a")
    index = place(TIMES.delete(place(TIMES, "2021-06-02T07:30")), time)
    array = group["precipitation_surface"]
    assert isinstance(array, zarr.Array)
    array[index] = rain / 3600
    session.commit("a map")


def test_an_interrupted_month_is_completed_from_its_own_snapshot(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "copy"))
    monkeypatch.setattr("rainscore.download.storegranules.write_granule", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        granules(tmp_path, imerg(copy), SHORT)
    monkeypatch.undo()
    append(copy, np.full((25, 30), 9.0), "2021-06-02T03:00")
    table = granules(tmp_path, imerg(copy), SHORT)
    assert len(set(table["source"])) == 1
    rain = read_granule(tmp_path / table["file"][6])["precipitation"]
    np.testing.assert_allclose(rain, RAIN[102, 3:18, 5:25], rtol=2**-8)


def test_missing_half_hours_are_read_from_a_newer_snapshot(store: Path, tmp_path: Path) -> None:
    period = ("2021-06-01T04:00", "2021-06-01T06:00")
    copy = Path(shutil.copytree(store, tmp_path / "copy"))
    assert (granules(tmp_path, imerg(copy), period)["state"] == "missing").sum() == 1
    append(copy, np.full((25, 30), 2.0), "2021-06-01T05:00")
    table = granules(tmp_path, imerg(copy), period)
    assert (table["state"] == "missing").sum() == 0
    rain = read_granule(tmp_path / table["file"][2])["precipitation"]
    np.testing.assert_allclose(rain, 2.0, rtol=2**-8)


def test_another_domain_is_downloaded_again(store: Path, tmp_path: Path) -> None:
    granules(tmp_path, imerg(store), SHORT)
    cells = replace(CELLS, nx=10)
    table = fetch_granules(
        tmp_path / "2021-06", *SHORT, settings=imerg(store), run="late", cells=cells
    )
    assert read_granule(tmp_path / table["file"][0])["lon"].size == 10


def test_a_store_of_other_pixels_is_not_taken_as_imerg(radar: Path, tmp_path: Path) -> None:
    with pytest.raises(RainscoreError, match="min apart or irregular, not 30 min"):
        granules(tmp_path, mrms(radar))


def test_hours_of_a_store_become_frames_that_start_an_hour_before_their_stamp(
    radar: Path, tmp_path: Path
) -> None:
    table = hours(tmp_path, mrms(radar))
    file = file_of(tmp_path, table, "2021-06-02T06:00")
    reader = CfRadar(step_minutes=60)
    grid = reader.grid(file)
    west, north = round((grid.x0 + 100) * 100), round((31.5 - grid.y0) * 100)
    expected = HOURS[place(ENDS, "2021-06-02T07:00"), ::-1]
    expected = expected[north : north + grid.ny, west : west + grid.nx]
    rate = reader.read(file, 6)
    np.testing.assert_allclose(rate, expected, rtol=2**-8)
    lon, lat = TARGET.lonlat
    assert grid.x0 < lon.min() - 0.04 and grid.y0 > lat.max() + 0.04
    missing = table[table["state"] == "missing"]
    assert list(missing["time"].dt.strftime("%d %H:%M")) == ["01 04:00"]
    assert len(table) == 48


def test_the_logged_size_is_that_of_the_files(
    radar: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "rainscore"):
        table = hours(tmp_path, mrms(radar))
    size = sum(file.stat().st_size for file in (tmp_path / "2021-06").glob("*.nc"))
    assert files_size(table) == size
    assert f"2021-06: 47 present, 1 missing, {size_text(size)}" in caplog.text


def test_the_files_of_the_hours_follow_the_conventions(radar: Path, tmp_path: Path) -> None:
    table = hours(tmp_path, mrms(radar))
    assert sorted(set(table["file"]) - {""}) == [
        "2021-06/radar-2021-06-01.nc", "2021-06/radar-2021-06-02.nc"
    ]  # fmt: skip
    file = tmp_path / table["file"][0]
    assert cf_errors(file) == []
    with xr.open_dataset(file, engine="h5netcdf") as day:
        assert day["rain"].dims == ("time", "lat", "lon") and day["rain"].attrs["units"] == "mm h-1"
        assert day["time"].to_numpy()[4] == np.datetime64("2021-06-01T05:00")
        length = (day["time_bounds"][:, 1] - day["time_bounds"][:, 0]).to_numpy()
        assert (length == np.timedelta64(1, "h")).all()
    frames = CfRadar().scan(tmp_path / "2021-06")
    present = table[table["state"] == "present"]
    assert list(frames["time"]) == list(present["time"])
    assert list(frames["index"]) == list(present["index"])


def test_the_convention_of_the_configuration_moves_the_hours(radar: Path, tmp_path: Path) -> None:
    ends, starts = hours(tmp_path / "a", mrms(radar)), hours(tmp_path / "b", mrms(radar), "start")
    assert ends["time"][ends["state"] == "missing"].iloc[0].hour == 4
    assert starts["time"][starts["state"] == "missing"].iloc[0].hour == 5


def test_radar_only_is_another_variable_of_the_same_store(radar: Path, tmp_path: Path) -> None:
    table = hours(tmp_path / "a", mrms(radar))
    only = hours(tmp_path / "b", mrms(radar, rain="precipitation_radar_only_surface"))
    reader = CfRadar(step_minutes=60)
    rates = [reader.read(folder / t["file"][0]) for folder, t in
             ((tmp_path / "a", table), (tmp_path / "b", only))]  # fmt: skip
    np.testing.assert_allclose(rates[1], 2 * rates[0], rtol=2**-7)


def test_a_day_that_was_cut_off_is_written_as_a_whole(radar: Path, tmp_path: Path) -> None:
    whole = hours(tmp_path, mrms(radar))
    journal = tmp_path / "2021-06" / "journal.jsonl"
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join(lines[:30]))  # killed after the second file, before its records
    again = hours(tmp_path, mrms(radar))
    columns = ["time", "state", "file", "index", "sha256"]
    pd.testing.assert_frame_equal(whole[columns], again[columns])


def test_the_plan_has_chunks_and_bytes_and_reads_no_map(
    store: Path, radar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenStore, "read", lambda *_: pytest.fail("a chunk was read"))
    spans = {"2021-06": list(PERIOD)}
    lines = plan_maps("IMERG", tmp_path, spans, granule_request(imerg(store), "late", CELLS))
    # Two rows of chunks in time, 3 × 3 in space, two variables.
    assert lines[0].startswith("IMERG from nasa-imerg-analysis-late 0.1.0, snapshot ")
    assert lines[0].endswith(": 96 maps, 95 in the store, 0 on disk")
    assert lines[1].startswith("  36 chunks to read, about ")
    assert " kB, less than a minute (assumed: " in lines[1]
    wanted = radar_request(mrms(radar), TARGET, timestamp_convention="format")
    lines = plan_maps("radar", tmp_path, spans, wanted)
    assert lines[0].endswith(": 48 maps, 48 in the store, 0 on disk")


def test_the_plan_of_a_complete_month_has_nothing_to_read(store: Path, tmp_path: Path) -> None:
    settings = imerg(store)
    granules(tmp_path, settings, ("2021-06-03", "2021-06-03T12:00"))
    spans = {"2021-06": ["2021-06-03", "2021-06-03T12:00"]}
    lines = plan_maps("IMERG", tmp_path, spans, granule_request(settings, "late", CELLS))
    assert lines[0].endswith(": 24 maps, 24 in the store, 24 on disk")
    assert lines[1].startswith("  0 chunks to read, about 0 kB, less than a minute")
