"""Half-hour means of radar frames: grids that change, lengths, and files that are lost."""

from pathlib import Path

import h5py
import numpy as np
import pyproj
import pytest

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.manifests import write_manifest
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.regridding.radarreader import RadarReader, open_radar
from rainscore.times import steps
from tests.world import radar_settings

CRS = "+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84"
TARGET = Grid(CRS, -40e3, 40e3, 10e3, -10e3, 8, 8)
START = np.datetime64("2024-07-01T12:00", "ns")
END = np.datetime64("2024-07-01T14:00", "ns")


def write_cf(path: Path, times: np.ndarray, grid: Grid, rate: np.ndarray, minutes: int) -> None:
    """Write frames as NetCDF with HDF5 alone: rates (t, y, x) [mm/h] with their time bounds."""
    seconds = times.astype("datetime64[s]").astype(int).astype(float)
    with h5py.File(path, "w") as file:
        for name, values, attrs in (
            ("time", seconds, {"units": "seconds since 1970-01-01", "bounds": "time_bnds"}),
            ("y", grid.y, {"units": "m", "standard_name": "projection_y_coordinate"}),
            ("x", grid.x, {"units": "m", "standard_name": "projection_x_coordinate"}),
        ):
            file[name] = values
            file[name].make_scale(name)
            file[name].attrs.update(attrs)
        file["nv"] = np.arange(2.0)
        file["nv"].make_scale("nv")
        file["time_bnds"] = np.stack([seconds, seconds + 60 * minutes], axis=1)
        file["rate"] = rate.astype(np.float32)
        file["rate"].attrs.update(units="mm h-1", grid_mapping="crs")
        file["crs"] = 0
        file["crs"].attrs.update(pyproj.CRS(grid.crs).to_cf())
        for name, dims in (("rate", ("time", "y", "x")), ("time_bnds", ("time", "nv"))):
            for axis, dim in enumerate(dims):
                file[name].dims[axis].attach_scale(file[dim])


def open_folder(folder: Path, step: int) -> RadarReader:
    """Reader of the frames of a folder, indexed at a step, on `TARGET`."""
    reader = get_format("netcdf", step_minutes=step)
    manifest = index_frames(folder, reader, steps(START, END, step))
    write_manifest(manifest, folder / "manifest.parquet", format="netcdf")
    section = {**radar_settings().__dict__, "format": "netcdf", "step_minutes": step}
    return open_radar(folder / "manifest.parquet", radar_settings(section), TARGET)


def half_plane(grid: Grid) -> np.ndarray:
    """Rain of 6 mm/h west of x = 0, and none east of it, one frame."""
    return np.where(grid.x < 0, 6.0, 0.0) * np.ones((1, grid.ny, 1))


@pytest.mark.parametrize(
    "other",
    [
        Grid(CRS, -60e3, 40e3, 10e3, -10e3, 10, 8),  # 20 km to the west
        Grid(CRS, -60e3, 60e3, 1e3, -1e3, 120, 120),
    ],
)
def test_each_frame_is_placed_by_its_own_grid(tmp_path: Path, other: Grid) -> None:
    for i, grid in enumerate((TARGET, other, other, TARGET)):
        time = START + np.timedelta64(15 * i, "m")
        write_cf(tmp_path / f"{i}.nc", np.array([time]), grid, half_plane(grid), 15)
    radar = open_folder(tmp_path, 15)
    expected = half_plane(TARGET)[0]
    for start in (START, START + np.timedelta64(30, "m")):
        mean = radar.period_mean(start)
        assert mean is not None
        np.testing.assert_allclose(mean[0], expected, rtol=1e-5)
        np.testing.assert_allclose(mean[1], 1, rtol=1e-5)
    assert len(radar._weights) == 2


@pytest.mark.parametrize("minutes", [2, 6, 30])
def test_means_of_any_step_are_those_of_the_frames(tmp_path: Path, minutes: int) -> None:
    times = steps(START, END, minutes)
    rates = np.arange(times.size, dtype=float)[:, None, None] * np.ones((1, *TARGET.shape))
    write_cf(tmp_path / "all.nc", times, TARGET, rates, minutes)
    mean = open_folder(tmp_path, minutes).period_mean(START + np.timedelta64(30, "m"))
    number = 30 // minutes
    assert mean is not None
    np.testing.assert_allclose(mean[0], np.arange(number, 2 * number).mean(), rtol=1e-6)


def test_frames_weigh_by_their_length_where_the_step_changes(tmp_path: Path) -> None:
    ones = np.ones((1, *TARGET.shape))
    for minute, length, rate in ((0, 10, 1.0), (10, 10, 1.0), (20, 5, 4.0), (25, 5, 10.0)):
        time = START + np.timedelta64(minute, "m")
        write_cf(tmp_path / f"{minute}.nc", np.array([time]), TARGET, rate * ones, length)
    radar = open_folder(tmp_path, 5)
    radar.manifest["minutes"] = [10.0, np.nan, 10.0, np.nan, 5.0, np.nan] + [np.nan] * 18
    mean = radar.period_mean(START)
    assert mean is not None
    # (20 × 1 + 5 × 4 + 5 × 10) / 30
    np.testing.assert_allclose(mean[0], 3.0, rtol=1e-6)
    np.testing.assert_allclose(mean[1], 1.0, rtol=1e-6)


def test_one_truncated_file_of_four_does_not_stop_the_scan(tmp_path: Path) -> None:
    ones = np.ones((1, *TARGET.shape))
    for i in range(4):
        time = START + np.timedelta64(30 * i, "m")
        write_cf(tmp_path / f"{i}.nc", np.array([time]), TARGET, ones, 30)
    whole = (tmp_path / "1.nc").read_bytes()
    (tmp_path / "1.nc").write_bytes(whole[: len(whole) // 2])
    radar = open_folder(tmp_path, 30)
    assert list(radar.manifest["state"]).count("present") == 3
    (tmp_path / "cut").mkdir()
    for i in range(4):
        (tmp_path / f"cut/{i}.nc").write_bytes(whole[:500])
    with pytest.raises(RainscoreError, match=r"none of its 4 frames can be used; .*0\.nc: "):
        open_folder(tmp_path / "cut", 30)


@pytest.mark.parametrize("loss", ["gone", "cut", "changed", "folder"])
def test_a_frame_lost_after_indexing_is_missing_with_its_reason(
    tmp_path: Path, loss: str, caplog: pytest.LogCaptureFixture
) -> None:
    ones = np.ones((1, *TARGET.shape))
    for i in range(4):
        time = START + np.timedelta64(15 * i, "m")
        write_cf(tmp_path / f"{i}.nc", np.array([time]), TARGET, ones, 15)
    radar = open_folder(tmp_path, 15)
    lost = tmp_path / "0.nc"
    content = lost.read_bytes()
    lost.unlink()
    if loss == "cut":
        lost.write_bytes(content[:-1])
    if loss == "changed":
        lost.write_bytes((tmp_path / "1.nc").read_bytes())
    if loss == "folder":
        lost.mkdir()
    with caplog.at_level("WARNING"):
        mean = radar.period_mean(START)
    assert mean is not None and np.isnan(mean[0]).all()  # one of two frames is too few
    reason = "cannot be read" if loss == "gone" else "changed after it was indexed"
    assert "0.nc" in caplog.text and reason in caplog.text
    later = radar.period_mean(START + np.timedelta64(30, "m"))
    assert later is not None
    np.testing.assert_allclose(later[0], 1.0)
