import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from rainscore.evaluation.ranks import (
    FOUND_BINS,
    PREDICTED_BINS,
    auc,
    bad_places,
    rank_places,
    rank_table,
    spearman,
)
from rainscore.evaluation.skill import DaySums


def counts_of(places: np.ndarray, second: int) -> np.ndarray:
    counts = np.bincount(places, minlength=PREDICTED_BINS * second)
    return counts.reshape(PREDICTED_BINS, second).astype(float)


def test_three_pairs_in_order_and_against_it_by_hand() -> None:
    values = np.array([0.1, 0.5, 0.9])
    assert spearman(counts_of(rank_places(values, values), FOUND_BINS)) == pytest.approx(1)
    assert spearman(counts_of(rank_places(values, values[::-1]), FOUND_BINS)) == pytest.approx(-1)
    # Ranks 1 2 3 beside 2 1 3: 1 - 6 * 2 / (3 * 8).
    swapped = values[[1, 0, 2]]
    assert spearman(counts_of(rank_places(values, swapped), FOUND_BINS)) == pytest.approx(0.5)


def test_a_constant_prediction_has_no_order() -> None:
    places = rank_places(np.full(5, 0.5), np.linspace(0, 1, 5))
    assert np.isnan(spearman(counts_of(places, FOUND_BINS)))


def test_rank_correlation_agrees_with_scipy_though_values_lie_in_bins() -> None:
    rng = np.random.default_rng(0)
    found = rng.beta(0.5, 0.5, 4000)
    predicted = np.clip(0.5 * found + 0.5 * rng.random(4000), 0, 1)
    ours = spearman(counts_of(rank_places(predicted, found), FOUND_BINS))
    assert ours == pytest.approx(spearmanr(predicted, found).statistic, abs=0.01)


def test_area_under_roc_by_hand_and_by_scikit_learn() -> None:
    predicted, bad = np.array([0.1, 0.3, 0.3, 0.8]), np.array([1, 1, 0, 0])
    # Bad below good in three pairs of four, level in one.
    assert auc(counts_of(bad_places(predicted, bad), 2)) == pytest.approx(3.5 / 4)
    rng = np.random.default_rng(1)
    bad = rng.integers(0, 2, 500)
    predicted = np.floor(np.clip(rng.normal(0.6 - 0.2 * bad, 0.2), 0, 0.99) * 64) / 64
    expected = roc_auc_score(bad, -predicted)
    assert auc(counts_of(bad_places(predicted, bad), 2)) == pytest.approx(expected)


def test_without_a_bad_map_there_is_no_area() -> None:
    assert np.isnan(auc(counts_of(bad_places(np.array([0.2, 0.4]), np.zeros(2, int)), 2)))


def test_the_interval_is_that_of_resampled_days() -> None:
    sums, rng = DaySums(PREDICTED_BINS * 2), np.random.default_rng(2)
    for day in range(10):
        bad = rng.integers(0, 2, 60)
        predicted = np.clip(rng.normal(0.6 - 0.2 * bad * (day % 2), 0.1), 0, 1)
        places = bad_places(predicted, bad)
        sums.count("U-Net", f"day {day}", "map", ["all"], np.zeros(60, int), places)
    row = rank_table(sums, "auc_bad_map", auc, resamples=300, seed=0).iloc[0]
    assert 0.5 < row["low"] < row["value"] < row["high"] < 1
    assert (row["n"], row["days"]) == (600, 10)
