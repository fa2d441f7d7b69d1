"""NetCDF made from each real file follows the CF conventions, by the checker of its authors."""

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.files import write_netcdf
from rainscore.grids import Grid, imerg_cells, study_grid, window_grid
from rainscore.manifests import COLUMNS, index_frames, index_granules
from rainscore.pairs import RadarReader, month_pair, radar_weights
from rainscore.period import steps
from rainscore.radar.formats import get_format
from rainscore.regrid import overlap_weights
from rainscore.weightfiles import write_weights
from tests.data import shared

checker = pytest.importorskip("compliance_checker.runner", reason="compliance-checker is absent")
STUDY = study_grid(centre=(2.5, 46.5), size_km=800, step_km=8)
ATLANTIC = window_grid(centre=(-22.0, 37.0), size_km=(400, 400), step_km=8)
NOTHING = pd.DataFrame(columns=COLUMNS).astype({"time": "datetime64[ns]"})


def errors(path: Path) -> list[str]:
    """Errors that the checker finds."""
    checker.CheckSuite.load_all_available_checkers()
    report = path.with_suffix(".json")
    checker.ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "normal", output_filename=str(report), output_format="json"
    )
    found = json.loads(report.read_text())["cf:1.11"]
    return [message for part in found["high_priorities"] for message in part["msgs"]]


def write_pair(path: Path, start: str, granules: pd.DataFrame, radar: tuple, grid: Grid) -> Path:
    name, folder, step = radar
    manifest, form = NOTHING, get_format("odim")
    if name:
        form = get_format(name)
        times = steps(start, np.datetime64(start) + np.timedelta64(30, "m"), step)
        manifest = index_frames(folder, form, times, step)
    reader = RadarReader(manifest, form, radar_weights(manifest, form, grid), step, 0.8, 300.0)
    times = steps(start, np.datetime64(start) + np.timedelta64(30, "m"))
    pair = month_pair(times, granules, reader, overlap_weights(imerg_cells(grid), grid))
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
    assert errors(path) == []


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
    assert errors(pair) == []


def test_the_checker_sees_an_error(tmp_path: Path) -> None:
    write_pair(tmp_path / "a.nc", "2018-08-24T18:00", NOTHING, ("", "", 15), STUDY)
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file["imerg"].attrs["units"] = "furlongs of rain"
    assert any("furlongs" in error for error in errors(tmp_path / "a.nc"))


def test_a_file_of_weights_has_no_error(tmp_path: Path) -> None:
    grid = study_grid(centre=(2.5, 46.5), size_km=80, step_km=8)
    write_weights(overlap_weights(imerg_cells(grid), grid), tmp_path / "weights.nc")
    assert errors(tmp_path / "weights.nc") == []
