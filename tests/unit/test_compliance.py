"""NetCDF files made from real data pass the compliance checker of the CF conventions."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr

from rainscore.analysis.comephore import compare_hours, map_hours
from rainscore.grids import Grid, imerg_cells, study_grid, window_grid
from rainscore.imerg.manifests import COLUMNS, index_granules
from rainscore.io import write_netcdf
from rainscore.radar.comephorefiles import read_hour, scan_hours
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame
from rainscore.radar.frames import index_frames
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.pairs import month_pair
from rainscore.regridding.radarreader import RadarReader
from rainscore.regridding.weightfiles import write_weights
from rainscore.scores.scoremaps import ScoreSettings, score_month
from rainscore.times import steps
from tests.compliance import cf_errors
from tests.data import shared
from tests.odim import write_mosaic
from tests.world import radar_settings

STUDY = study_grid(centre=(2.5, 46.5), size_km=800, step_km=8)
ATLANTIC = window_grid(centre=(-22.0, 37.0), size_km=(400, 400), step_km=8)
NOTHING = pd.DataFrame(columns=COLUMNS).astype({"time": "datetime64[ns]"})


def write_pair(path: Path, start: str, granules: pd.DataFrame, frames: tuple, grid: Grid) -> Path:
    """Write the pair of one half-hour; `frames` is the format, folder and step of the radar."""
    name, folder, step = frames
    manifest, reader = NOTHING, get_format("odim")
    if name:
        reader = get_format(name, step_minutes=step)
        times = steps(start, np.datetime64(start) + np.timedelta64(30, "m"), step)
        manifest = index_frames(folder, reader, times)
    settings = replace(radar_settings(), step_minutes=step)
    radar = RadarReader(manifest, reader, grid, settings)
    times = steps(start, np.datetime64(start) + np.timedelta64(30, "m"))
    pair = month_pair(times, granules, radar, overlap_weights(imerg_cells(grid), grid))
    write_netcdf(pair, path)
    return path


@pytest.mark.parametrize(
    ("name", "folder", "start", "step"),
    [("odim", "opera/20180824", "2018-08-24T18:00", 15),
     ("meteonet-SE", "meteonet", "2016-08-28T10:00", 5),
     ("meteonet-NW", "meteonet", "2016-08-28T10:00", 5)],
)  # fmt: skip
def test_a_pair_of_each_real_radar_has_no_error(
    name: str, folder: str, start: str, step: int, tmp_path: Path
) -> None:
    path = write_pair(tmp_path / "pair.nc", start, NOTHING, (name, shared(folder), step), STUDY)
    assert cf_errors(path) == []


@pytest.mark.parametrize(
    ("file", "start", "grid"),
    [("imerg/3B-HHR-E.MS.MRG.3IMERG.20151001-S000000-E002959.0000.V03E.RT-H5",
      "2015-10-01T00:00", STUDY),
     ("imerg/GPM_3IMERGHH_bounds.nc4", "2020-01-01T12:00", ATLANTIC)],
)  # fmt: skip
def test_a_pair_of_each_real_granule_has_no_error(
    file: str, start: str, grid: Grid, tmp_path: Path
) -> None:
    path = shared(file)
    (tmp_path / "granules").mkdir()
    (tmp_path / "granules" / path.name).symlink_to(path)
    granules = index_granules(tmp_path / "granules", steps(start, start + ":01"))
    assert list(granules["state"]) == ["present"]
    pair = write_pair(tmp_path / "pair.nc", start, granules, ("", "", 5), grid)
    assert cf_errors(pair) == []


@pytest.mark.parametrize(
    ("crs", "centre"),
    [
        ("local", (18.4, -33.9)),
        ("EPSG:3035", (10.0, 52.0)),
        ("EPSG:3031", (-45.0, -75.0)),
        ("EPSG:32736", (36.8, -1.3)),
    ],
)
def test_a_pair_in_each_plane_has_no_error(
    crs: str, centre: tuple[float, float], tmp_path: Path
) -> None:
    grid = study_grid(centre=centre, size_km=400, step_km=40, crs=crs)
    pair = write_pair(tmp_path / "pair.nc", "2018-08-24T18:00", NOTHING, ("", "", 15), grid)
    assert cf_errors(pair) == []
    with xr.open_dataset(pair, engine="h5netcdf") as file:
        mapping = dict(file["crs"].attrs)
        del mapping["crs_wkt"]
        to_lonlat = pyproj.Transformer.from_crs(
            pyproj.CRS.from_cf(mapping), "EPSG:4326", always_xy=True
        )
        lonlat = to_lonlat.transform(*np.meshgrid(file["x"], file["y"]))
    np.testing.assert_allclose(lonlat, grid.lonlat, atol=1e-6)


def test_a_pair_of_each_french_mosaic_and_its_scores_have_no_error(tmp_path: Path) -> None:
    (tmp_path / "npz").mkdir()
    (tmp_path / "odim").mkdir()
    for when in steps("2024-08-12", "2024-08-12T00:30", 5):
        name = frame_name(when)
        write_frame(tmp_path / "npz" / name, np.ones((96, 96)), mosaic_grid(96))
        end = pd.Timestamp(when) + pd.Timedelta(minutes=5)
        values = np.full((3472, 3472), 5, np.uint16)
        path = tmp_path / f"odim/T_IPRN20_C_LFPW_{end:%Y%m%d%H%M%S}.h5"
        write_mosaic(path, "ACRR", values, str(end))
    for kind, form in (("npz", "fr-radar-rainfall"), ("odim", "odim")):
        source = (form, tmp_path / kind, 5)
        path = write_pair(tmp_path / f"{kind}.nc", "2024-08-12T00:00", NOTHING, source, STUDY)
        with xr.open_dataset(path, engine="h5netcdf") as pair:
            assert float(pair["radar"].isel(time=0, x=50, y=50)) == pytest.approx(
                {"npz": 0.96, "odim": 0.6}[kind], rel=1e-5
            )
            weights = overlap_weights(STUDY, imerg_cells(STUDY))
            maps, _ = score_month(pair, weights, ScoreSettings("affinity", 0.2, 40, 0.5, 8))
        write_netcdf(maps, tmp_path / "scores.nc")
        assert cf_errors(path) == cf_errors(tmp_path / "scores.nc") == []


def test_a_map_of_the_real_hours_of_comephore_has_no_error(tmp_path: Path) -> None:
    hours = scan_hours(shared("comephore"))
    amount, grid = read_hour(hours.iloc[0])
    halves = pd.DatetimeIndex(steps("2011-11-04T20:00", "2011-11-05T04:00"))
    rain = np.ones((halves.size, *grid.shape), np.float32)
    pair = xr.Dataset({"radar": (("time", "y", "x"), rain)}, {"time": halves})
    table, maps = compare_hours(pair, hours, grid)
    assert (len(table), table["n"].iloc[0]) == (8, np.isfinite(amount).sum())
    total = np.nansum([read_hour(file)[0] for file in hours], axis=0)
    np.testing.assert_allclose(maps[1], total, rtol=1e-4, atol=1e-4)
    write_netcdf(map_hours(maps, grid), tmp_path / "gauges.nc")
    assert cf_errors(tmp_path / "gauges.nc") == []


def test_the_checker_reports_an_error(tmp_path: Path) -> None:
    write_pair(tmp_path / "a.nc", "2018-08-24T18:00", NOTHING, ("", "", 15), STUDY)
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file["imerg"].attrs["units"] = "furlongs of rain"
    assert any("furlongs" in error for error in cf_errors(tmp_path / "a.nc"))


def test_a_file_of_weights_has_no_error(tmp_path: Path) -> None:
    grid = study_grid(centre=(2.5, 46.5), size_km=80, step_km=8)
    write_weights(overlap_weights(imerg_cells(grid), grid), tmp_path / "weights.nc")
    assert cf_errors(tmp_path / "weights.nc") == []
