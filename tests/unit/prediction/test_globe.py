from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import imerg_cells, study_grid
from rainscore.prediction.globe import CELLS, bands, score_globe
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.scorer import Predicted
from rainscore.prediction.scoring import score_globe_files
from rainscore.regridding.conservative import overlap_weights
from rainscore.times import HALF_HOUR

TRAINED = study_grid(centre=(2.5, 46.6), size_km=800, step_km=40)
NOON = np.datetime64("2019-01-01T12:00", "ns")


def predict(fields: dict, learning, run: str) -> Predicted:
    """The score is the rain of the pixel, NaN where missing."""
    weights = overlap_weights(imerg_cells(learning), learning)
    rain = weights.apply(fields[0]["precipitation"])[0]
    assert all(step in (0, -1) for step in fields)
    table = pd.DataFrame({"map_score": np.nanmean(rain, axis=(1, 2)), "cluster": 0.0})
    return Predicted({"precipitation": rain, "score": rain}, table, ages_known=True)


SCORER: Any = SimpleNamespace(
    learning_grid=TRAINED,
    predict=predict,
    product_difference=lambda granule: "",
    hidden_channels=lambda run: [],
)


def globe(values: np.ndarray) -> xr.Dataset:
    fields = dict.fromkeys(("precipitation", "mw_source"), (("lat", "lon"), values))
    return xr.Dataset(fields, attrs={"run": "final", "absent": "quality_index"})


def scored(values: np.ndarray, *, previous: bool = False) -> xr.Dataset:
    """The scored globe, with or without the half-hour before."""
    times = [NOON - HALF_HOUR, NOON] if previous else [NOON]
    return score_globe(SCORER, GranuleSet(NOON, {time: globe(values) for time in times}))


def test_blocks_cover_the_globe_once_and_lie_in_the_middle_of_their_windows():
    covered = np.zeros(CELLS.ny, int)
    for band in bands(TRAINED):
        covered[band.south : band.south + band.rows] += 1
        assert CELLS.nx % band.columns == 0
        row, column = np.divmod(band.pixels, TRAINED.nx)
        # At least one pixel remains on each side of a block.
        edges = min(row.min(), column.min()), max(row.max(), column.max())
        assert edges[0] >= 1 and edges[1] <= TRAINED.nx - 2
    assert covered[60:-60].tolist() == [1] * 1680 and covered.sum() == 1680


def test_each_cell_gets_the_score_of_the_window_in_whose_middle_it_lies():
    lon, lat = np.meshgrid(np.deg2rad(CELLS.x), np.deg2rad(CELLS.y))
    field = (2 + np.sin(lon) * np.cos(lat) + np.sin(3 * lat)).astype(np.float32)
    dataset = scored(field, previous=True)
    covered = np.abs(CELLS.y) < 84
    # At most half a pixel of 40 km times the steepest slope.
    assert np.abs(dataset["score"].values - field)[covered].max() < 0.02
    poles = dataset["score"].values[~covered]
    assert poles.size and np.isnan(poles).all()
    assert "precipitation" not in dataset
    assert dataset.attrs["unavailable_inputs"] == "quality index, the half-hour after"
    lat, lon = (np.deg2rad(dataset[name].values) for name in ("window_lat", "window_lon"))
    expected = 2 + np.sin(lon) * np.cos(lat) + np.sin(3 * lat)
    assert dataset["map_score"].values == pytest.approx(expected, abs=0.05)


def test_windows_without_any_estimate_are_left_out():
    field = np.full(CELLS.shape, np.nan, np.float32)
    field[1290:1320, 3580:] = 1.0
    dataset = scored(field)
    assert 1 <= dataset.sizes["window"] <= 6
    assert np.isfinite(dataset["score"].values[1297:1313, 3588:]).all()
    assert np.isfinite(dataset["score"].values).sum() < 3000


def test_a_granule_that_is_missing_everywhere_is_refused():
    with pytest.raises(RainscoreError, match="missing everywhere: leave it out"):
        scored(np.full(CELLS.shape, np.nan, np.float32))


def test_a_granule_with_estimates_near_a_pole_only_is_refused_with_the_reason():
    field = np.full(CELLS.shape, np.nan, np.float32)
    field[1795, 100:170] = 0.0
    with pytest.raises(RainscoreError, match=r"in 70 cells only, all beyond 84° of latitude"):
        scored(field)


def test_a_granule_with_estimates_at_the_edge_of_the_windows_only_is_scored():
    field = np.full(CELLS.shape, np.nan, np.float32)
    field[1700:1739, 100:170] = 0.0
    assert scored(field).sizes["window"] >= 1


def test_a_damaged_file_is_named(tmp_path: Path):
    bad = tmp_path / "3B-HHR.MS.MRG.3IMERG.20190101-S000000-E002959.0000.V07B.HDF5"
    bad.write_text("<html>Sign in</html>")
    ((file, error),) = score_globe_files([bad], SCORER)
    assert file == bad and isinstance(error, RainscoreError)
