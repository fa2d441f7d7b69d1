"""Distributions of the score in clusters, and their calibrated intervals."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.scoredistributions import (
    LEVELS,
    calibrated_levels,
    count_scores,
    quantiles,
    score_intervals,
    shrunk_distributions,
)
from tests.labelled import scored_clusters


def test_a_cluster_of_two_days_has_half_its_own_distribution_and_half_the_pooled_one() -> None:
    times = pd.to_datetime(["2019-01-01", "2019-01-02", "2019-01-03", "2019-01-04"])
    rows = pd.DataFrame({"time": times, "cluster": [0, 0, 1, 1], "map_score": [0.2, 0.2, 0.8, 0.8]})
    scores = count_scores(rows, [0, 1, 2])
    cumulative = shrunk_distributions(scores.counts, scores.clusters)
    # Its own scores are all 0.2; the pooled ones are 0.2 and 0.8, two maps each.
    assert cumulative[0, 200] == pytest.approx(0.5 + 0.5 * 0.5)
    assert cumulative[1, 200] == pytest.approx(0.5 * 0.5)
    assert cumulative[2, 200] == pytest.approx(0.5)
    np.testing.assert_allclose(
        quantiles(cumulative, [0.5, 0.8]), [[0.2, 0.8], [0.8, 0.8], [0.2, 0.8]]
    )


def test_the_distribution_of_dry_maps_is_not_shrunk() -> None:
    times = pd.to_datetime(["2019-01-01", "2019-01-02"])
    rows = pd.DataFrame({"time": times, "cluster": [-1, 0], "map_score": [0.0, 0.6]})
    scores = count_scores(rows, [-1, 0])
    np.testing.assert_allclose(
        quantiles(shrunk_distributions(scores.counts, scores.clusters), [0.01, 0.99]),
        [[0.0, 0.0], [0.6, 0.6]],
    )


def test_maps_without_any_score_are_an_error() -> None:
    rows = scored_clusters(2).assign(map_score=np.nan)
    with pytest.raises(ValueError, match="no map has a score"):
        count_scores(rows, [0, 1])


def test_the_level_of_a_single_day_is_the_nominal_coverage() -> None:
    assert calibrated_levels(count_scores(scored_clusters(1), [0, 1])) == pytest.approx([0.9, 0.9])


def test_an_offset_of_each_day_needs_a_higher_level_than_the_same_spread_of_maps() -> None:
    alike = scored_clusters(30)
    alike["map_score"] = 0.3 + 0.4 * alike["cluster"]
    alike["map_score"] += np.random.default_rng(1).normal(0, 0.08, len(alike))
    differ = calibrated_levels(count_scores(scored_clusters(6, each=48), [0, 1]))
    same = calibrated_levels(count_scores(alike, [0, 1]))
    assert differ.min() > same.max()
    assert differ.max() <= LEVELS[-1]


def test_the_interval_covers_the_nominal_share_of_new_days() -> None:
    covered = []
    for seed in range(12):
        labelled, new = scored_clusters(25, seed=seed), scored_clusters(200, seed=100 + seed)
        intervals = score_intervals(count_scores(labelled, [0, 1]))
        both = new.merge(intervals, on="cluster")
        covered.append(both["map_score"].between(both["score_low"], both["score_high"]).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)
