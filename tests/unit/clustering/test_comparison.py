"""Stability and skill of clusterings, on small cases with an answer by hand."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.comparison import (
    DaySamples,
    day_pairs,
    score_skill,
    seed_pairs,
    stability,
    wet_share_classes,
)


def test_a_day_that_is_drawn_twice_counts_twice() -> None:
    days = DaySamples(np.array([0, 0, 1]), np.array([[1, 1], [2, 0]]))
    tables = days.tables(np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert tables.tolist() == [[[1, 0], [1, 1]], [[2, 0], [2, 0]]]


def test_the_first_sample_holds_each_day_once() -> None:
    times = pd.Series(pd.date_range("2019-01-01", periods=96, freq="30min"))
    days = DaySamples.drawn(times, resamples=20, seed=0)
    assert days.day.tolist() == [0] * 48 + [1] * 48
    assert days.weights.shape == (21, 2) and days.weights[0].tolist() == [1, 1]
    assert (days.weights.sum(axis=1) == 2).all()


def test_skill_is_one_minus_the_ratio_of_the_summed_losses() -> None:
    days = DaySamples(np.array([0, 0, 1]), np.array([[1, 1], [2, 0]]))
    skill = days.skill(np.array([1.0, 0.0, 2.0]), np.array([2.0, 2.0, 2.0]))
    assert skill == pytest.approx([0.5, 0.75])


@pytest.mark.parametrize(("separate", "expected"), [(True, 1.0), (False, 0.0)])
def test_clusters_that_determine_the_score_have_skill_one_and_a_single_cluster_zero(
    separate: bool, expected: float
) -> None:
    scores = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    clusters = scores.astype(int) if separate else np.zeros(6, int)
    days = DaySamples(np.array([0, 1]), np.ones((1, 2)))
    skill = score_skill(clusters, scores, train=np.arange(4), held_out=np.array([4, 5]), days=days)
    assert skill["eta2"][0] == pytest.approx(expected)
    assert skill["crps_skill"][0] == pytest.approx(expected)


def test_a_cluster_without_a_scored_training_map_gets_the_scores_of_all() -> None:
    scores = np.array([0.0, 1.0, np.nan, 0.3])
    clusters = np.array([0, 0, 5, 5])
    days = DaySamples(np.array([0]), np.ones((1, 1)))
    skill = score_skill(clusters, scores, train=np.arange(3), held_out=np.array([3]), days=days)
    assert skill["eta2"][0] == pytest.approx(0)
    assert skill["crps_skill"][0] == pytest.approx(0)


def test_classes_of_wet_share_are_limited_by_quantiles_of_the_training_days() -> None:
    maps = pd.DataFrame({"split": ["train"] * 4 + ["test"], "wet_share": [0.1, 0.2, 0.3, 0.4, 9]})
    assert wet_share_classes(maps, 2).tolist() == [0, 0, 1, 1, 1]
    assert wet_share_classes(maps, 1).tolist() == [0] * 5


def test_seed_pairs_need_two_seeds_and_day_pairs_one() -> None:
    run = pd.DataFrame({"cluster": [0, 1], "resampled": [1, 0]})
    assert [len(pairs([run])) for pairs in (seed_pairs, day_pairs)] == [0, 1]
    assert [len(pairs([run] * 3)) for pairs in (seed_pairs, day_pairs)] == [3, 6]
    days = DaySamples(np.array([0, 1]), np.ones((3, 2)))
    assert np.isnan(stability(seed_pairs([run]), days, seed=0)).all()
    assert stability(day_pairs([run]), days, seed=0).tolist() == [1, 1, 1]


def test_stability_is_the_mean_over_the_pairs() -> None:
    same = np.array([0, 0, 1, 1])
    crossed = np.array([0, 1, 0, 1])
    days = DaySamples(np.zeros(4, int), np.ones((51, 1)))
    values = stability([(same, same), (same, crossed)], days, seed=0)
    assert values[0] == pytest.approx((1 - 0.5) / 2)
    assert set(values[1:].round(6)) == {1.0, 0.25, -0.5}
