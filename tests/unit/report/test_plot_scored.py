from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.grids import Grid, study_grid, window_grid
from rainscore.report.figures.plot_scored import draw_scored, headline, plot_scored
from tests.unit.report.figuredata import colour_values

GRIDS = {
    "polar stereographic": study_grid(centre=(2.5, 46.6), size_km=240, step_km=8),
    "wide window": window_grid(centre=(122, 37), size_km=(400, 200), step_km=10),
    "degrees": Grid("EPSG:4326", -10.0, 40.0, 0.1, 0.1, 40, 30),
}


def scored(grid: Grid = GRIDS["degrees"], **scalars: float) -> xr.Dataset:
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.2, 2, grid.shape)
    rain[:5, :5] = np.nan
    wet = rain > 0.1
    score = np.where(wet, rng.uniform(0.2, 0.8, grid.shape), np.nan)
    fields = {
        "precipitation": rain,
        "score": score,
        "score_low": score - 0.1,
        "score_high": score + 0.1,
        "hidden_rain_probability": np.where(rain <= 0.1, 0.2, np.nan),
    }
    names = ("map_score", "map_score_low", "map_score_high")
    clusters = ("cluster_score_median", "cluster_score_low", "cluster_score_high")
    values = dict.fromkeys((*names, *clusters), 0.5) | {"cluster": 3.0, "novelty": 0.0}
    values |= {"map_score_outside": 0.0} | scalars
    return xr.Dataset(
        {name: (("y", "x"), field) for name, field in fields.items()} | values,
        {"time": np.datetime64("2019-01-04T12:30", "ns")},
        {
            "grid": grid.to_json(),
            "cluster_name": "broad light showers",
            "source": "3B-HHR.HDF5",
            "version": "Final V07B",
            "world": "simulated",
            "trained_on": "a simulated world",
            "unavailable_inputs": "",
            "product_difference": "",
            "map_interval_withheld": "",
        },
    )


@pytest.mark.parametrize("name", GRIDS)
def test_a_scored_map_is_drawn_on_any_grid(name: str) -> None:
    dataset = scored(GRIDS[name])
    axes = plot_scored(dataset).axes
    width = dataset["score_high"] - dataset["score_low"]
    hidden = dataset["hidden_rain_probability"]
    fields = (dataset["precipitation"], dataset["score"], width, hidden)
    for ax, field in zip(axes, fields, strict=False):
        drawn = colour_values(ax.collections[-1])
        np.testing.assert_allclose(drawn, field)


def test_dry_pixels_are_blank_and_pixels_without_estimate_are_not() -> None:
    dataset = scored()
    blank = colour_values(plot_scored(dataset).axes[1].collections[0])
    rain = dataset["precipitation"].to_numpy()
    np.testing.assert_array_equal(blank == 0, rain <= 0.1)


def test_a_map_that_is_missing_everywhere_is_drawn_too(tmp_path: Path) -> None:
    empty = scored(map_score=np.nan, cluster=np.nan, novelty=np.nan)
    empty = empty.assign({name: empty[name] * np.nan for name in empty if empty[name].ndim == 2})
    assert "no score: IMERG is missing in the whole window\n3B-HHR" in headline(empty)[1]
    draw_scored(empty, tmp_path / "map.svg")
    assert (tmp_path / "map.svg").stat().st_size < 1_500_000


def test_the_headline_states_product_time_score_and_cluster() -> None:
    result = scored(
        map_score=0.617, map_score_low=0.5, map_score_high=0.71, map_score_outside=1.0, novelty=1.0
    )
    title, text = headline(result)
    assert title == "IMERG Final V07B, 2019-01-04 12:30 UTC"
    assert "map score 0.62 [0.50, 0.71] (90 % interval)" in text
    assert "cluster 3, broad light showers: map scores 0.50 [0.50, 0.50]" in text
    assert "unlike the training maps" in text
    # The flag misses many unusual maps: its absence is not reported.
    assert "training maps" not in headline(scored(novelty=0.0))[1]
    assert "model trained on a simulated world" in text
    assert "not available" not in text and "warning" not in text
    assert "wet share outside the calibrated range" in text


def test_the_headline_states_missing_inputs_and_why_there_is_no_cluster() -> None:
    result = scored(cluster=-1.0, map_score=np.nan)
    result.attrs["unavailable_inputs"] = "quality index"
    result.attrs["product_difference"] = "it is Final V07A, the model was trained on Final V07B"
    text = headline(result)[1]
    assert "warning: it is Final V07A" in text
    assert "not available for this map: quality index" in text
    result.attrs |= {"calibration_state": "rain only", "which_score": "use the map score"}
    text = headline(result)[1]
    assert "intervals of the state: rain only" in text and "\nuse the map score\n" in text
    assert "too little rain" in text and "no map score" in text
    assert "the window is too small" in headline(scored(cluster=np.nan))[1]


def test_the_headline_has_no_interval_where_it_is_withheld() -> None:
    result = scored()
    result["map_score_low"] = result["map_score_high"] = ((), np.nan)
    result.attrs["map_interval_withheld"] = "it is calibrated for windows of 800 km × 800 km"
    first = headline(result)[1].splitlines()[0]
    assert "(no interval for this size of window)" in first and "nan" not in first
