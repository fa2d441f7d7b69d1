from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rainscore.scores.localscore import LOCAL_SCORES, local_score, window_errors
from rainscore.scores.sal import sal
from rainscore.scores.scoremaps import ScoreSettings, score_month
from tests.world import GRID, SCORE, month_pair

START, END = "2019-05-01", "2019-05-02"


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_the_score_map_is_the_local_score_of_the_pair(name: str) -> None:
    pair = month_pair(START, END)
    maps, _ = score_month(pair, replace(SCORE, name=name))
    errors = window_errors(
        name,
        pair["imerg"].values,
        pair["radar"].values,
        threshold=0.2,
        window=6,
        stride=2,
        min_valid=0.5,
    )
    score = local_score(errors.numerator, errors.denominator)
    np.testing.assert_array_equal(maps["score"].values, score)
    assert maps["score"].shape == (48, GRID.ny // 2, GRID.nx // 2)
    assert LOCAL_SCORES[name] in maps["score"].attrs["long_name"]


def test_a_perfect_map_scores_one_and_a_missing_map_is_missing_and_keeps_its_row() -> None:
    pair = month_pair(START, END)
    pair["imerg"].values[:] = pair["radar"].values
    pair["radar"].values[5] = np.nan
    maps, table = score_month(pair, SCORE)
    assert np.isnan(maps["score"].values[5]).all()
    others = np.delete(maps["score"].values, 5, axis=0)
    assert set(np.unique(others[np.isfinite(others)])) == {1.0}
    assert len(table) == 48
    assert np.isnan(table["map_score"].iloc[5])
    assert table["n"].iloc[5] == 0
    assert (table["map_score"].drop(index=5) == 1).all()


def test_a_window_dry_in_imerg_and_wet_in_the_radar_scores_zero() -> None:
    pair = month_pair(START, END)
    pair["imerg"].values[:] = 0
    maps, table = score_month(pair, SCORE)
    assert set(np.unique(maps["score"].values[np.isfinite(maps["score"].values)])) == {0.0}
    assert (table["imerg_wet_windows"] == 0).all()
    assert (table["defined"] > 0).all()


def test_sums_of_months_give_the_score_of_the_whole() -> None:
    pair = month_pair(START, END)
    maps, table = score_month(pair, SCORE)
    whole = 1 - table["score_numerator"].sum() / table["score_denominator"].sum()
    parts = [float(maps[name].sum(dtype=float)) for name in ("numerator", "denominator")]
    assert whole == pytest.approx(1 - parts[0] / parts[1], rel=1e-6)


def test_the_table_has_the_conditions_and_the_regime_of_each_map() -> None:
    pair = month_pair(START, END)
    regimes = pd.DataFrame({"time": pair["time"].values[:10], "regime": "front"})
    _, table = score_month(pair, SCORE, regimes)
    assert table["regime"].iloc[:10].eq("front").all()
    assert table["regime"].iloc[10:].isna().all()
    np.testing.assert_allclose(table["share_microwave"].iloc[:4], [1, 0, 0, 1])
    np.testing.assert_allclose(table["share_infrared"].iloc[:2], [0, 0.6], rtol=1e-5)
    np.testing.assert_allclose(table["mean_age_h"].iloc[:4], [0, 0.5, 1, 0])


def test_the_table_has_structure_amplitude_and_location_of_each_map() -> None:
    pair = month_pair(START, END)
    _, table = score_month(pair, SCORE)
    expected = sal(pair["imerg"].values, pair["radar"].values)
    columns = ("sal_structure", "sal_amplitude", "sal_location")
    for column, values in zip(columns, expected, strict=True):
        np.testing.assert_array_equal(table[column], values)
    assert table["sal_location"].between(0, 2).all()


def test_the_settings_are_read_back_from_the_attribute_of_the_score_maps() -> None:
    maps, _ = score_month(month_pair(START, END), SCORE)
    assert ScoreSettings.from_json(maps.attrs["score"]) == SCORE
    assert maps.attrs["score"] == SCORE.to_json()
