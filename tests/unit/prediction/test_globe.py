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
from rainscore.prediction.margins import Crop
from rainscore.prediction.scorer import Predicted
from rainscore.prediction.scoring import score_globe_files
from rainscore.regridding.conservative import overlap_weights
from rainscore.times import HALF_HOUR

TRAINED = study_grid(centre=(2.5, 46.6), size_km=800, step_km=40)
NOON = np.datetime64("2019-01-01T12:00", "ns")


def predict(fields: dict, learning, run: str, windows: tuple[Crop, ...]) -> Predicted:
    """The score is the rain of the pixel, NaN where missing; the map score is its mean."""
    weights = overlap_weights(imerg_cells(learning), learning)
    rain = weights.apply(fields[0]["precipitation"])[0]
    assert all(step in (0, -1) for step in fields)
    parts = [window.of(rain) for window in windows]
    assert {part.shape[1:] for part in parts} == {TRAINED.shape}
    counts = np.concatenate([np.isfinite(part).sum(axis=(1, 2)) for part in parts])
    sums = np.concatenate([np.nansum(part, axis=(1, 2)) for part in parts])
    means = sums / np.maximum(counts, 1)
    table = pd.DataFrame({"map_score": means, "cluster": 0.0, "valid": counts > 0})
    none = np.full_like(rain, np.nan)
    maps = {"precipitation": rain, "score": rain, "hidden_rain_probability": none}
    states = np.array(["complete"] * len(rain))
    return Predicted(maps, table, ages_known=True, states=states)


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


def test_windows_cover_all_cells_and_their_maps_are_as_large_as_the_training_domain():
    total = np.zeros(CELLS.shape)
    for band in bands(TRAINED):
        assert CELLS.nx % band.columns == 0
        for part in band.maps:
            assert (part.ny, part.nx) == TRAINED.shape
            assert 0 <= part.top <= band.learning.ny - part.ny
            assert 0 <= part.left <= band.learning.nx - part.nx
        for first in band.firsts:
            rows = np.arange(CELLS.ny)[band.lattice_rows]
            total[np.ix_(rows, band.lattice_columns(first))] += band.weights
    covered = np.abs(CELLS.y) < 84
    assert total[covered].min() > 0.1 and not total[~covered].any()


def test_each_cell_gets_the_score_of_its_place():
    lon, lat = np.meshgrid(np.deg2rad(CELLS.x), np.deg2rad(CELLS.y))
    field = (2 + np.sin(lon) * np.cos(lat) + np.sin(3 * lat)).astype(np.float32)
    dataset = scored(field, previous=True)
    covered = np.abs(CELLS.y) < 84
    # At most half a pixel of 40 km times the steepest slope.
    assert np.abs(dataset["score"].values - field)[covered].max() < 0.02
    poles = dataset["score"].values[~covered]
    assert poles.size and np.isnan(poles).all()
    assert dataset.attrs["unavailable_inputs"] == "quality index, the half-hour after"
    lat, lon = (np.deg2rad(dataset[name].values) for name in ("window_lat", "window_lon"))
    expected = 2 + np.sin(lon) * np.cos(lat) + np.sin(3 * lat)
    assert dataset["map_score"].values == pytest.approx(expected, abs=0.05)


def test_the_borders_of_blocks_do_not_show():
    """Mean jumps between cells near borders and inside, with scores too high at window edges."""

    def with_edges(fields: dict, learning, run: str, windows: tuple[Crop, ...]) -> Predicted:
        plain = predict(fields, learning, run, windows)
        position = np.arange(learning.nx) + 0.5
        distance = np.minimum(position, learning.nx - position)
        bias = 0.24 * np.exp(-np.minimum.outer(distance, distance) / 0.6)
        return plain._replace(maps={**plain.maps, "score": plain.maps["score"] + bias})

    scorer: Any = SimpleNamespace(**{**vars(SCORER), "predict": with_edges})
    lon, lat = np.meshgrid(np.deg2rad(CELLS.x), np.deg2rad(CELLS.y))
    field = (0.5 + 0.05 * np.sin(7 * lon) * np.cos(lat) + 0.05 * np.sin(9 * lat)).astype(np.float32)
    field[:, np.abs(CELLS.x) > 45] = np.nan
    score = score_globe(scorer, GranuleSet(NOON, {NOON: globe(field)}))["score"].values
    tropics = slice(620, 1180)  # rows of four bands with known columns
    part = score[tropics, 1500:2100]
    assert np.isfinite(part).all()
    borders = [760 - 620, 900 - 620, 1040 - 620]
    jumps = np.abs(np.diff(part, axis=0))
    near = np.zeros(len(jumps), bool)
    for offset in range(-4, 4):  # a pixel is four cells wide
        near[np.array(borders) + offset] = True
    assert jumps[near].mean() < 1.1 * jumps[~near].mean()
    columns = np.abs(np.diff(score[900:1040, 1500:2100], axis=1))  # blocks of 144 columns
    near = np.isin((np.arange(1501, 2100) - 1800) % 144, [*range(4), *range(140, 144)])
    assert columns[:, near].mean() < 1.1 * columns[:, ~near].mean()


def test_windows_without_any_estimate_are_left_out():
    field = np.full(CELLS.shape, np.nan, np.float32)
    field[1290:1320, 3580:] = np.linspace(0.9, 1.1, 20)
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
