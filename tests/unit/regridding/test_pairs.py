"""Pairs from files on disk; missing and damaged files become missing values."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.grids import imerg_cells, study_grid
from rainscore.imerg.manifests import index_granules, read_manifest, write_manifest
from rainscore.imerg.names import granule_name
from rainscore.imerg.reader import FIELDS
from rainscore.imerg.writer import write_granule
from rainscore.io import write_netcdf
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name, write_frame
from rainscore.radar.frames import index_frames
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.pairs import month_pair
from rainscore.regridding.radarreader import open_radar, radar_truth
from rainscore.times import steps
from tests.data import shared
from tests.world import radar_settings

GRID = study_grid(centre=(2.5, 46.6), size_km=64, step_km=8)
CELLS = imerg_cells(GRID)
START, END = "2019-05-01T00:00", "2019-05-01T03:00"
RADAR = radar_settings()


def granule(time: np.datetime64, rain: float) -> xr.Dataset:
    fields = {name: (("lat", "lon"), np.full(CELLS.shape, rain, np.float32)) for name in FIELDS}
    fields["precipitation_uncal"] = fields["precipitation"]
    return xr.Dataset(fields, {"lat": CELLS.y, "lon": CELLS.x, "time": time})


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> xr.Dataset:
    """Six half-hours: good, truncated, a web page, absent, good, good; radar absent in the last.

    The radar rains 1.2 mm/h; the fifth half-hour lacks two frames of six, the second one frame, and
    one pixel of the first holds clutter.
    """
    folder = tmp_path_factory.mktemp("month")
    for i, time in enumerate(steps(START, END)):
        path = folder / "imerg" / granule_name("final", time, "V07B")
        path.parent.mkdir(exist_ok=True)
        if i != 3:
            write_granule(path, granule(time, 1.0), run="final")
        if i == 1:
            path.write_bytes(path.read_bytes()[:2000])
        if i == 2:
            path.write_text("<html>Sign in</html>")
    frames = steps(START, END, 5)
    for i, time in enumerate(frames):
        rate = np.full(GRID.shape, 1.2)
        if i < 6:
            rate[0, 0] = 8646
        if i not in (7, 25, 26) and i < 30:
            (folder / "radar").mkdir(exist_ok=True)
            write_frame(folder / "radar" / frame_name(time), rate, GRID)
    reader = get_format("fr-radar-rainfall")
    radar = index_frames(folder / "radar", reader, frames)
    write_manifest(radar, folder / "radar.parquet", format=reader.name)
    granules = index_granules(folder / "imerg", steps(START, END), run="final")
    write_manifest(granules, folder / "imerg.parquet")
    pair = month_pair(
        steps(START, END),
        read_manifest(folder / "imerg.parquet", absolute=True),
        open_radar(folder / "radar.parquet", RADAR, GRID),
        overlap_weights(CELLS, GRID),
    )
    write_netcdf(pair, folder / "pair.nc")
    opened = xr.open_dataset(folder / "pair.nc", engine="h5netcdf").load()
    return opened.assign_attrs(opened.attrs, folder=str(folder))


def test_the_states_of_the_files_are_stored(month: xr.Dataset) -> None:
    np.testing.assert_array_equal(month["imerg_state"], [0, 2, 2, 1, 0, 0])
    np.testing.assert_array_equal(month["radar_state"], [0, 0, 0, 0, 0, 1])


def test_a_damaged_or_absent_granule_is_missing_on_both_grids(month: xr.Dataset) -> None:
    for name in ("imerg", "precipitation", "quality_index"):
        values = month[name].values
        valid = np.isfinite(values).all(axis=(1, 2))
        np.testing.assert_array_equal(valid, [True, False, False, False, True, True])
        assert np.isnan(month[name][1:4]).all()


def test_constant_fields_stay_constant(month: xr.Dataset) -> None:
    np.testing.assert_allclose(month["imerg"][0], 1.0, rtol=1e-6)
    np.testing.assert_allclose(month["radar"][2], 1.2, rtol=1e-6)


def test_a_pixel_needs_five_of_six_frames(month: xr.Dataset) -> None:
    assert np.isfinite(month["radar"][1]).all()
    np.testing.assert_allclose(month["radar_valid"][1], 5 / 6, rtol=1e-6)
    assert np.isnan(month["radar"][4]).all()
    assert np.isnan(month["radar"][5]).all()


def test_clutter_is_missing(month: xr.Dataset) -> None:
    assert np.isnan(month["radar"][0, 0, 0])
    assert np.isfinite(month["radar"][0]).sum() == GRID.size - 1


def test_the_pair_is_a_cf_file_with_units(month: xr.Dataset) -> None:
    assert month.attrs["Conventions"].startswith("CF-")
    for name in ("imerg", "radar", "radar_valid", "precipitation"):
        assert month[name].attrs["units"]
    assert month["imerg_state"].attrs["flag_meanings"] == "present missing damaged"


def test_the_truth_for_satellites_is_the_radar_on_the_cells(month: xr.Dataset) -> None:
    folder = Path(month.attrs["folder"])
    radar = open_radar(folder / "radar.parquet", RADAR, CELLS)
    times, rates = radar_truth(radar)(np.datetime64(START), np.datetime64("2019-05-01T01:00"))
    assert times.size == 11
    assert rates.shape == (11, *CELLS.shape)
    inside = rates[np.isfinite(rates)]
    np.testing.assert_allclose(inside, 1.2, rtol=1e-5)


def test_a_month_without_any_radar_is_missing_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    other = np.datetime64("2019-01-01T00:00")
    write_frame(tmp_path / "frames" / frame_name(other), np.zeros(GRID.shape), GRID)
    reader = get_format("fr-radar-rainfall")
    empty = index_frames(tmp_path / "frames", reader, steps(START, END, 5))
    write_manifest(empty, tmp_path / "radar.parquet", format=reader.name)
    radar = open_radar(tmp_path / "radar.parquet", RADAR, GRID)
    assert radar.period_mean(np.datetime64(START)) is None
    on_cells = open_radar(tmp_path / "radar.parquet", RADAR, CELLS)
    times, rates = radar_truth(on_cells)(np.datetime64(START), np.datetime64(END))
    assert (times.size, rates.shape) == (0, (0, *CELLS.shape))


@pytest.mark.parametrize(("zone", "share"), [("NW", 0.125), ("SE", 0.04)])
def test_real_meteonet_frames_give_exactly_the_half_hours_with_enough_frames(
    zone: str, share: float, tmp_path: Path
) -> None:
    folder = shared("meteonet")
    name = f"meteonet-{zone}"
    reader = get_format(name)
    day = steps("2016-08-28", "2016-08-29", 5)
    write_manifest(index_frames(folder, reader, day), tmp_path / "radar.parquet")
    # The zone's own pixels, four by four: 0.04°.
    file = folder / f"rainfall_{zone}_2016_08.3.npz"
    fine = reader.grid(file)
    coarse = replace(fine, dx=fine.dx * 4, dy=fine.dy * 4, nx=fine.nx // 4, ny=fine.ny // 4)
    radar = open_radar(tmp_path / "radar.parquet", replace(RADAR, format=name), coarse)
    missing_shares = {}
    for time in steps("2016-08-28", "2016-08-29"):
        mean = radar.period_mean(time)
        if mean is not None and np.isfinite(mean[0]).any():
            missing_shares[str(time)[11:16]] = np.isnan(mean[0]).mean()
    assert list(missing_shares) == ["10:00", "10:30", "13:00", "13:30"]
    assert all(abs(missing - share) < 0.01 for missing in missing_shares.values())
