"""Labels of clusters, for clusters with an answer by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.labels import (
    as_records,
    display_names,
    label_clusters,
    median_intervals,
)
from rainscore.clustering.scoredistributions import count_scores
from tests.labelled import labelled_world, scored_clusters


def test_a_label_describes_its_cluster_without_the_test_days() -> None:
    clusters, table, descriptors = labelled_world()
    labels = label_clusters(clusters, table, descriptors, resamples=50, seed=0).set_index("cluster")
    kept = clusters[clusters["split"] != "test"].merge(table, on="time")
    own_scores = kept.loc[kept["cluster"] == 1, "map_score"]
    row = labels.loc[1]
    assert row["name"] == "widespread heavy rain systems"
    assert (row["maps"], row["days"]) == (len(own_scores), 16)
    assert row["q50"] == pytest.approx(own_scores.median())
    assert row["score_of_sums"] == pytest.approx(own_scores.mean())
    assert (row["microwave"], row["DJF"], row["regime"], row["regime_share"]) == (
        0.5,
        1,
        "front",
        1,
    )
    assert row["hour_2"] == pytest.approx(0.25)
    assert not row["uncertain"] and row["q50_low"] < row["q50"] < row["q50_high"]
    empty = labels.iloc[2]
    assert (empty["name"], empty["maps"], empty["uncertain"]) == ("no known map", 0, True)
    assert 0 < empty["score_low"] < empty["score_high"]


def test_a_cluster_of_few_days_is_uncertain() -> None:
    clusters, table, descriptors = labelled_world(5)
    labels = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    assert labels["days"].max() == 4
    assert labels["uncertain"].all()
    scores = count_scores(scored_clusters(1), [0, 1])
    assert median_intervals(scores, resamples=20, seed=0).isna().all(axis=None)


def test_a_cluster_with_few_scored_days_is_uncertain() -> None:
    clusters, table, descriptors = labelled_world()
    many = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    late = table["time"] > table["time"].min() + pd.Timedelta("4D")
    table.loc[late, "map_score"] = np.nan
    few = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    assert many["days"][:2].tolist() == few["days"][:2].tolist() == [16, 16]
    assert not many["uncertain"][:2].any() and few["uncertain"].all()


def test_records_hold_plain_values_and_names_hold_numbers() -> None:
    clusters, scores, descriptors = labelled_world()
    labels = label_clusters(clusters, scores, descriptors, resamples=50, seed=0)
    records = as_records(labels)
    assert records[2]["mean"] is None and isinstance(records[0]["q50"], float)
    assert display_names(labels)[0] == "0: scattered light showers"
    assert display_names(labels.assign(cluster=[-1, 0, 1]))[-1] == "scattered light showers"


def test_labels_are_the_quantiles_of_the_maps_that_are_not_held_out(
    run: SimpleNamespace,
) -> None:
    members = run.clusters[(run.clusters["split"] != "test") & (run.clusters["cluster"] == 0)]
    scores = run.table.set_index("time")["map_score"].reindex(members["time"])
    row = run.labels.set_index("cluster").loc[0]
    assert row["maps"] == len(members)
    assert row["q50"] == pytest.approx(scores.median())
    assert row["score_low"] < row["score"] < row["score_high"]
    assert run.labels["name"].is_unique
