from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.scores.localscore import LOCAL_SCORES, local_score, score_parts, window_means
from rainscore.scores.sal import sal
from rainscore.scores.scoremaps import ScoreSettings, cell_rates, imerg_masks, score_month
from tests.world import CELLS, GRID, LEARNING, SCORE, TO_CELLS, month_pair

START, END = "2019-05-01", "2019-05-02"


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_the_score_map_is_the_local_score_on_the_cells(name: str) -> None:
    pair = month_pair(START, END)
    maps, _ = score_month(pair, TO_CELLS, replace(SCORE, name=name))
    radar = TO_CELLS.apply(pair["radar"].values, min_valid=0.5)[0]
    windows = SCORE.windows(CELLS, LEARNING)
    means = window_means(pair["precipitation"].values, radar, windows, wet_threshold=0.2)
    expected = local_score(score_parts(name, means))
    defined = np.isfinite(maps["score"].values)
    np.testing.assert_allclose(maps["score"].values[defined], expected[defined], atol=1e-5)
    assert defined.mean() > 0.5
    assert maps["score"].shape == (48, *LEARNING.shape)
    assert LOCAL_SCORES[name] in maps["score"].attrs["long_name"]


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_an_estimate_without_error_scores_one_whatever_the_pixels_of_the_radar(name: str) -> None:
    pair = radar_of_pixels(1)
    maps, table = score_month(pair, TO_CELLS, replace(SCORE, name=name))
    scores = maps["score"].values
    assert np.nanmin(scores) > 0.999
    assert table["map_score"].min() > 0.999
    assert np.nanmin(maps["subcell_score"].values) < 0.95  # the pixels have texture of their own


def radar_of_pixels(seed: int) -> xr.Dataset:
    """Pairs whose radar has texture below the cell, and whose IMERG is the mean of each cell."""
    pair = month_pair(START, END)
    texture = np.random.default_rng(seed).gamma(0.5, 2, pair["radar"].shape)
    pair["radar"].values[:] *= texture
    pair["precipitation"].values[:] = TO_CELLS.apply(pair["radar"].values, min_valid=0.5)[0]
    return pair


def test_the_affinity_is_the_product_of_its_factors_and_rain_adds_up() -> None:
    maps, table = score_month(month_pair(START, END), TO_CELLS, SCORE)
    product = maps["amount_factor"] * maps["place_factor"]
    both = np.isfinite(product.values)
    np.testing.assert_allclose(product.values[both], maps["score"].values[both], atol=1e-4)
    total = 2 * maps["hit_rain"] + maps["missed_rain"] + maps["false_rain"]
    denominator = maps["denominator"].values
    wet = denominator > 0
    inside = total.values[wet] / denominator[wet]
    assert inside.min() > 0.99  # the denominator counts the valid part of the window only
    assert {"amount_factor", "place_factor", "hit_rain", "hss"} <= set(table)


def test_a_missing_map_is_missing_and_keeps_its_row() -> None:
    pair = radar_of_pixels(2)
    pair["radar"].values[5] = np.nan
    maps, table = score_month(pair, TO_CELLS, SCORE)
    assert np.isnan(maps["score"].values[5]).all()
    assert len(table) == 48
    assert np.isnan(table["map_score"].iloc[5])
    assert table["n"].iloc[5] == 0
    assert (table["map_score"].drop(index=5) > 0.999).all()


def test_a_window_half_missing_weighs_half_in_the_sums_of_the_map() -> None:
    pair = radar_of_pixels(3)
    whole, _ = score_month(pair, TO_CELLS, SCORE)
    pair["radar"].values[:, :, : GRID.nx // 2] = np.nan
    half, _ = score_month(pair, TO_CELLS, replace(SCORE, min_valid_share=0.3))
    column = LEARNING.nx // 2 - 1
    ratio = half["valid_fraction"].values[:, 5:-5, column].mean()
    assert 0.3 < ratio < 0.7
    some, everything = (maps["denominator"].values[:, 5:-5, column] for maps in (half, whole))
    assert np.nansum(some) < 0.75 * everything.sum()


def test_a_pixel_with_few_valid_frames_weighs_less_in_its_cell() -> None:
    pair = month_pair(START, END)
    pair["radar"].values[:, ::2] = 8
    pair["radar"].values[:, 1::2] = 1
    pair["radar_valid"].values[:, ::2] = 0.25
    cells = cell_rates(pair, TO_CELLS, SCORE)
    assert np.nanmedian(cells.radar) == pytest.approx((0.25 * 8 + 1) / 1.25, rel=0.1)


def test_wet_and_valid_windows_of_imerg_alone_are_those_of_the_score_maps() -> None:
    pair = month_pair(START, END)
    maps, _ = score_month(pair, TO_CELLS, SCORE)
    windows = SCORE.windows(CELLS, LEARNING)
    wet, valid = imerg_masks(pair["precipitation"].values, windows, SCORE)
    assert valid.all()
    np.testing.assert_array_equal(wet, maps["imerg_fraction"].values > 0)


def test_a_window_dry_in_imerg_and_wet_in_the_radar_scores_zero() -> None:
    pair = month_pair(START, END)
    pair["precipitation"].values[:] = 0
    maps, table = score_month(pair, TO_CELLS, SCORE)
    assert set(np.unique(maps["score"].values[np.isfinite(maps["score"].values)])) == {0.0}
    assert (table["imerg_wet_windows"] == 0).all()
    assert (table["defined"] > 0).all()


def test_sums_of_months_give_the_score_of_the_whole() -> None:
    pair = month_pair(START, END)
    maps, table = score_month(pair, TO_CELLS, SCORE)
    whole = 1 - table["score_numerator"].sum() / table["score_denominator"].sum()
    parts = [float(maps[name].sum(dtype=float)) for name in ("numerator", "denominator")]
    assert whole == pytest.approx(1 - parts[0] / parts[1], rel=1e-6)


def test_the_table_has_the_conditions_and_the_regime_of_each_map() -> None:
    pair = month_pair(START, END)
    regimes = pd.DataFrame({"time": pair["time"].values[:10], "regime": "front"})
    _, table = score_month(pair, TO_CELLS, SCORE, regimes)
    assert table["regime"].iloc[:10].eq("front").all()
    assert table["regime"].iloc[10:].isna().all()
    np.testing.assert_allclose(table["share_microwave"].iloc[:4], [1, 0, 0, 1])
    np.testing.assert_allclose(table["share_infrared"].iloc[:2], [0, 0.6], rtol=1e-5)
    np.testing.assert_allclose(table["mean_age_h"].iloc[:4], [0, 0.5, 1, 0])


def test_the_table_has_structure_amplitude_and_location_of_each_map() -> None:
    pair = month_pair(START, END)
    _, table = score_month(pair, TO_CELLS, SCORE)
    radar = TO_CELLS.apply(pair["radar"].values, min_valid=0.5)[0]
    expected = sal(pair["precipitation"].values, radar)
    columns = ("sal_structure", "sal_amplitude", "sal_location")
    for column, values in zip(columns, expected, strict=True):
        np.testing.assert_allclose(table[column], values, atol=1e-4)
    assert table["sal_location"].between(0, 2).all()


def test_the_settings_are_read_back_from_the_attribute_of_the_score_maps() -> None:
    maps, _ = score_month(month_pair(START, END), TO_CELLS, SCORE)
    assert ScoreSettings.from_json(maps.attrs["score"]) == SCORE
    assert maps.attrs["score"] == SCORE.to_json()
