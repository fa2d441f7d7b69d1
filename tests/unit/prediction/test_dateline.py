"""Windows across the date line."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.errors import DomainError, RainscoreError
from rainscore.grids import Grid, imerg_cells, window_grid
from rainscore.imerg.dateline import read_turned
from rainscore.imerg.reader import read_granule
from rainscore.prediction.scorer import load_scorer
from rainscore.prediction.scoring import score_files
from rainscore.prediction.scoringgrids import contiguous, scoring_grid, turn, window_name
from tests.data import shared

TRAINED = window_grid(centre=(2.5, 46.6), size_km=(320, 320), step_km=16)
GLOBE = "imerg/3B-HHR-E.MS.MRG.3IMERG.20151001-S000000-E002959.0000.V03E.RT-H5"


def test_a_window_across_the_date_line_is_turned_by_half_the_earth() -> None:
    grid = scoring_grid(TRAINED, centre=[179.9, -20])
    near, angle = contiguous(grid)
    assert angle == 180
    lon, lat = near.lonlat
    expected_lon, expected_lat = grid.lonlat
    np.testing.assert_allclose((lon - expected_lon) % 360, 180, atol=1e-9)
    np.testing.assert_allclose(lat, expected_lat, atol=1e-9)
    assert contiguous(TRAINED) == (TRAINED, 0)


@pytest.mark.parametrize(
    "bbox", [[170, -25, -170, -10], [170, -25, 190, -10], [-190, -25, -170, -10]]
)
def test_a_box_across_the_date_line_may_be_given_in_several_ways(bbox: list[float]) -> None:
    grid = scoring_grid(TRAINED, bbox=bbox)
    assert window_name(grid).startswith("17.5S_180")
    assert grid.nx * grid.dx == pytest.approx(20 * 111195 * np.cos(np.deg2rad(10)), abs=16000)


def test_a_grid_without_a_central_meridian_cannot_be_turned() -> None:
    with pytest.raises(ValueError, match="no \\+lon_0"):
        turn(Grid("EPSG:3857", 0, 0, 1, 1, 1, 1), 180)


def test_a_window_with_a_pole_is_refused() -> None:
    with pytest.raises(RainscoreError, match="contains a pole"):
        scoring_grid(TRAINED, centre=[180, 89])


def test_the_rain_across_the_date_line_is_that_of_both_sides() -> None:
    path = shared(GLOBE)
    cells = Grid("EPSG:4326", -2.0, -20.0, 0.1, 0.1, 50, 30)  # 178° E to 177° W
    turned = read_turned(path, cells, ["precipitation"], angle=180)["precipitation"]
    west = read_granule(path, Grid("EPSG:4326", 178.0, -20.0, 0.1, 0.1, 20, 30))["precipitation"]
    east = read_granule(path, Grid("EPSG:4326", -180.0, -20.0, 0.1, 0.1, 30, 30))["precipitation"]
    np.testing.assert_array_equal(turned.values, np.hstack([west.values, east.values]))
    np.testing.assert_allclose(turned["lon"], cells.x)


def test_a_file_on_one_side_of_the_date_line_gives_that_side(tmp_path: Path) -> None:
    path = shared("imerg/GPM_3IMERGHH_bounds.nc4")  # 30° W to 15° W, 30° N to 45° N
    cells = Grid("EPSG:4326", 140.0, 35.0, 0.1, 0.1, 200, 20)  # at 180°: 40° W to 20° W
    turned = read_turned(path, cells, ["precipitation"], angle=180)["precipitation"]
    assert np.isnan(turned.values[:, :100]).all() and np.isfinite(turned.values[:, 100:]).all()
    with pytest.raises(DomainError, match="outside the file"):
        read_turned(path, Grid("EPSG:4326", 0.0, 35.0, 0.1, 0.1, 9, 9), angle=180)


def test_a_window_gets_the_same_scores_wherever_the_date_line_is(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores of a window do not change if it is read as one across the date line is."""
    path, scorer = shared(GLOBE), load_scorer(run.models, any_product=True)
    grid = scoring_grid(scorer.learning_grid, centre=[100, 20])
    ((_, expected),) = score_files([path], scorer, grid)
    monkeypatch.setattr(
        "rainscore.prediction.scoring.contiguous", lambda grid: (turn(grid, -100), 100.0)
    )
    ((_, got),) = score_files([path], scorer, grid)
    assert isinstance(expected, xr.Dataset) and isinstance(got, xr.Dataset)
    assert got.attrs["grid"] == expected.attrs["grid"]
    assert np.isfinite(got["score"]).any()
    xr.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_real_window_across_the_date_line_has_rain_on_both_sides(run) -> None:
    scorer = load_scorer(run.models, any_product=True)
    grid = scoring_grid(scorer.learning_grid, bbox=[170, -20, -170, -5])
    ((_, got),) = score_files([shared(GLOBE)], scorer, grid)
    assert isinstance(got, xr.Dataset)
    assert np.isfinite(got["precipitation"]).all() and got.attrs["short_margin"] == ""
    assert float(got["lon"].max()) > 179.8 and float(got["lon"].min()) < -179.8
    cells = imerg_cells(turn(grid, 180))
    rain = read_turned(shared(GLOBE), cells, ["precipitation"], angle=180)["precipitation"]
    assert float(got["precipitation"].mean()) == pytest.approx(float(rain.mean()), rel=0.1)
