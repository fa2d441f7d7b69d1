import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from rainscore.evaluation.daysums import DayCounts, single_group
from rainscore.evaluation.ranks import (
    PREDICTED_BINS,
    SCORE_BINS,
    auc,
    bad_map_bins,
    rank_bins,
    rank_table,
    spearman,
)


def counts_of(bins: np.ndarray, second: int) -> np.ndarray:
    counts = np.bincount(bins, minlength=PREDICTED_BINS * second)
    return counts.reshape(PREDICTED_BINS, second).astype(float)


def test_rank_correlation_of_three_pairs_by_hand() -> None:
    values = np.array([0.1, 0.5, 0.9])
    assert spearman(counts_of(rank_bins(values, values), SCORE_BINS)) == pytest.approx(1)
    assert spearman(counts_of(rank_bins(values, values[::-1]), SCORE_BINS)) == pytest.approx(-1)
    # Ranks 1 2 3 and 2 1 3: 1 - 6 * 2 / (3 * 8).
    swapped = values[[1, 0, 2]]
    assert spearman(counts_of(rank_bins(values, swapped), SCORE_BINS)) == pytest.approx(0.5)


def test_rank_correlation_of_a_constant_prediction_is_undefined() -> None:
    bins = rank_bins(np.full(5, 0.5), np.linspace(0, 1, 5))
    assert np.isnan(spearman(counts_of(bins, SCORE_BINS)))


def test_rank_correlation_of_binned_values_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    scores = rng.beta(0.5, 0.5, 4000)
    predicted = np.clip(0.5 * scores + 0.5 * rng.random(4000), 0, 1)
    ours = spearman(counts_of(rank_bins(predicted, scores), SCORE_BINS))
    assert ours == pytest.approx(spearmanr(predicted, scores).statistic, abs=0.01)


def test_area_under_roc_by_hand_and_by_scikit_learn() -> None:
    predicted, bad = np.array([0.1, 0.3, 0.3, 0.8]), np.array([1, 1, 0, 0])
    # A bad map is predicted lower than a good one in three pairs of four, equal in one.
    assert auc(counts_of(bad_map_bins(predicted, bad), 2)) == pytest.approx(3.5 / 4)
    rng = np.random.default_rng(1)
    bad = rng.integers(0, 2, 500)
    predicted = np.floor(np.clip(rng.normal(0.6 - 0.2 * bad, 0.2), 0, 0.99) * 64) / 64
    expected = roc_auc_score(bad, -predicted)
    assert auc(counts_of(bad_map_bins(predicted, bad), 2)) == pytest.approx(expected)


def test_area_under_roc_is_undefined_without_a_bad_map() -> None:
    assert np.isnan(auc(counts_of(bad_map_bins(np.array([0.2, 0.4]), np.zeros(2, int)), 2)))


def test_the_interval_is_that_of_resampled_days() -> None:
    counts, rng = DayCounts(PREDICTED_BINS * 2), np.random.default_rng(2)
    for day in range(10):
        bad = rng.integers(0, 2, 60)
        predicted = np.clip(rng.normal(0.6 - 0.2 * bad * (day % 2), 0.1), 0, 1)
        bins = bad_map_bins(predicted, bad)
        counts.add("U-Net", np.full(60, f"day {day}"), {"map": single_group(60)}, bins)
    row = rank_table(counts, "auc_bad_map", auc, resamples=300, seed=0).iloc[0]
    assert 0.5 < row["low"] < row["value"] < row["high"] < 1
    assert (row["n"], row["days"]) == (600, 10)
