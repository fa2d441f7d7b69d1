"""What clusters are called, what they say of the score, what follows what: by hand."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.labels import label_clusters, median_intervals, names_of, plain
from rainscore.clustering.scorecounts import (
    LEVELS,
    blended,
    calibrated_levels,
    count_scores,
    quantiles,
    score_intervals,
)
from rainscore.clustering.transitions import count_transitions
from rainscore.evaluation.clusterchecks import check_labels, pool_weight
from rainscore.report.clustertext import checks_text, labels_table


def maps(days: int, *, each: int = 4, seed: int = 0) -> pd.DataFrame:
    """Maps of clusters 0 and 1, half of each day; scores about 0.3 and 0.7, days differ."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2019-01-01", periods=days * each, freq=f"{1440 // each}min")
    cluster = np.arange(days * each) % 2
    weather = np.repeat(rng.normal(0, 0.08, days), each)
    score = 0.3 + 0.4 * cluster + weather + rng.normal(0, 0.03, days * each)
    return pd.DataFrame({"time": time, "cluster": cluster, "map_score": np.clip(score, 0, 1)})


def test_a_cluster_of_two_days_is_half_itself_and_half_the_whole() -> None:
    times = pd.to_datetime(["2019-01-01", "2019-01-02", "2019-01-03", "2019-01-04"])
    rows = pd.DataFrame({"time": times, "cluster": [0, 0, 1, 1], "map_score": [0.2, 0.2, 0.8, 0.8]})
    scores = count_scores(rows, [0, 1, 2])
    cumulative = blended(scores.counts, scores.clusters)
    # Of cluster 0 a half is itself, all at 0.2, and a half the whole, two thirds … of four maps.
    assert cumulative[0, 200] == pytest.approx(0.5 + 0.5 * 0.5)
    assert cumulative[1, 200] == pytest.approx(0.5 * 0.5)
    assert cumulative[2, 200] == pytest.approx(0.5)
    np.testing.assert_allclose(
        quantiles(cumulative, [0.5, 0.8]), [[0.2, 0.8], [0.8, 0.8], [0.2, 0.8]]
    )


def test_maps_with_too_little_rain_are_a_class_of_their_own() -> None:
    times = pd.to_datetime(["2019-01-01", "2019-01-02"])
    rows = pd.DataFrame({"time": times, "cluster": [-1, 0], "map_score": [0.0, 0.6]})
    scores = count_scores(rows, [-1, 0])
    np.testing.assert_allclose(
        quantiles(blended(scores.counts, scores.clusters), [0.01, 0.99]), [[0.0, 0.0], [0.6, 0.6]]
    )


def test_without_any_score_there_is_nothing_to_label_with() -> None:
    rows = maps(2).assign(map_score=np.nan)
    with pytest.raises(ValueError, match="no map has a score"):
        count_scores(rows, [0, 1])


def test_a_single_day_gives_the_nominal_interval() -> None:
    assert calibrated_levels(count_scores(maps(1), [0, 1])) == pytest.approx([0.9, 0.9])


def test_days_that_differ_ask_for_a_wider_interval_than_maps_that_do() -> None:
    alike = maps(30)
    alike["map_score"] = 0.3 + 0.4 * alike["cluster"]
    alike["map_score"] += np.random.default_rng(1).normal(0, 0.08, len(alike))
    differ = calibrated_levels(count_scores(maps(6, each=48), [0, 1]))
    same = calibrated_levels(count_scores(alike, [0, 1]))
    assert differ.min() > same.max()
    assert differ.max() <= LEVELS[-1]


def test_the_interval_covers_its_share_of_new_days() -> None:
    covered = []
    for seed in range(12):
        known, new = maps(25, seed=seed), maps(200, seed=100 + seed)
        told = score_intervals(count_scores(known, [0, 1]))
        both = new.merge(told, on="cluster")
        covered.append(both["map_score"].between(both["score_low"], both["score_high"]).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)


def test_only_consecutive_half_hours_are_transitions() -> None:
    times = pd.to_datetime(["00:00", "00:30", "01:00", "02:00", "02:30"], format="%H:%M")
    clusters = pd.DataFrame({"time": times, "cluster": [0, 0, 1, 1, -1]})
    table = count_transitions(clusters.sample(frac=1, random_state=0))
    steps = table.pivot(index="before", columns="after", values="steps")
    assert steps.index.tolist() == steps.columns.tolist() == [-1, 0, 1]
    assert steps.to_numpy().tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 0]]
    share = table.pivot(index="before", columns="after", values="share").to_numpy()
    np.testing.assert_array_equal(share[1:], [[0, 0.5, 0.5], [1, 0, 0]])
    assert np.isnan(share[0]).all()


def test_the_weight_of_the_better_of_two_forecasts_is_one() -> None:
    truth = np.linspace(0.1, 0.9, 50)
    right, wrong = truth[:, None] + np.zeros(19), 1 - truth[:, None] + np.zeros(19)
    assert pool_weight(right, wrong, truth) == 1
    assert pool_weight(wrong, right, truth) == 0
    # One is too high and the other too low by as much: their middle is right.
    assert pool_weight(right + 0.1, right - 0.1, truth) == pytest.approx(0.5)


def world(days: int = 20) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clusters, score table and portraits of maps of two clusters; a third one stays empty."""
    rows = maps(days, each=48)
    day = rows["time"].dt.day_of_year
    split = np.select([day % 5 == 0, day % 5 == 1], ["test", "calibration"], "train")
    clusters = rows[["time", "cluster"]].assign(split=split, novel=False, distance=1.0)
    clusters.loc[clusters.index[clusters["split"] == "test"][:3], "cluster"] = 2
    table = rows[["time", "map_score"]].assign(
        score_numerator=1 - rows["map_score"],
        score_denominator=1.0,
        mean_age_h=0.5,
        regime=np.where(rows["cluster"] == 0, "showers", "front"),
    )
    look = {"wet_share": 0.07, "intensity": 0.5, "heavy_share": 0.0, "scale_km": 40.0}
    place = {"east": 0.0, "north": 0.0, "imager": 0.5, "SSMIS": 0.0, "sounder": 0.0}
    portraits = rows[["time"]].assign(**look, **place, morphed=0.5, infrared=0.0)
    portraits.loc[rows["cluster"] == 1, ["wet_share", "intensity", "scale_km"]] = (0.3, 2.0, 100.0)
    return clusters, table, portraits


def test_a_label_describes_names_and_scores_a_cluster_without_its_test_days() -> None:
    clusters, table, portraits = world()
    labels = label_clusters(clusters, table, portraits, resamples=50, seed=0).set_index("cluster")
    known = clusters[clusters["split"] != "test"].merge(table, on="time")
    own = known.loc[known["cluster"] == 1, "map_score"]
    row = labels.loc[1]
    assert row["name"] == "widespread heavy rain systems"
    assert (row["maps"], row["days"]) == (len(own), 16)
    assert row["q50"] == pytest.approx(own.median())
    assert row["score_of_sums"] == pytest.approx(own.mean())
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


def test_a_few_days_make_a_cluster_uncertain() -> None:
    clusters, table, portraits = world(5)
    labels = label_clusters(clusters, table, portraits, resamples=50, seed=0)
    assert labels["days"].max() == 4
    assert labels["uncertain"].all()
    scores = count_scores(maps(1), [0, 1])
    assert median_intervals(scores, resamples=20, seed=0).isna().all(axis=None)


def test_days_without_a_score_make_no_cluster_certain() -> None:
    clusters, table, portraits = world()
    many = label_clusters(clusters, table, portraits, resamples=50, seed=0)
    late = table["time"] > table["time"].min() + pd.Timedelta("4D")
    table.loc[late, "map_score"] = np.nan
    few = label_clusters(clusters, table, portraits, resamples=50, seed=0)
    assert many["days"][:2].tolist() == few["days"][:2].tolist() == [16, 16]
    assert not many["uncertain"][:2].any() and few["uncertain"].all()


def test_labels_become_a_readable_table_and_plain_values() -> None:
    clusters, table, portraits = world()
    labels = label_clusters(clusters, table, portraits, resamples=50, seed=0)
    frame = labels_table(labels)
    assert frame["sample"].tolist() == ["enough", "enough", "uncertain"]
    assert frame["most frequent season"].tolist() == ["winter (100 %)", "winter (100 %)", "–"]
    assert frame["hours"].tolist() == ["00–06 UTC (25 %)", "00–06 UTC (25 %)", "–"]
    assert frame["true regime"].tolist() == ["showers (100 %)", "front (100 %)", "–"]
    assert plain(labels)[2]["mean"] is None
    assert names_of(labels)[0] == "0: scattered light showers"
    real = labels_table(labels.assign(regime="", regime_share=np.nan))
    assert "true regime" not in real


def test_labels_are_measured_on_days_that_they_have_not_seen() -> None:
    clusters, table, _ = world()
    held = clusters["split"].isin(["calibration", "test"])
    unet = pd.Series(table["map_score"][held].to_numpy() + 0.1, index=table["time"][held])
    checks = check_labels(clusters, table, unet, resamples=50, seed=0)
    rows = checks.set_index(["split", "method", "measure", "group"])["value"]
    assert rows["map", "climatology", "crps_skill", "all"] == 0
    assert rows["map", "cluster", "crps_skill", "all"] > 0.3
    # The network errs by a constant, which the calibration days correct.
    assert rows["map", "U-Net", "mae", "all"] < 0.001
    assert rows["map", "cluster", "crps_gain", "all"] < 0
    assert rows["map", "U-Net and cluster", "crps_gain", "all"] == pytest.approx(0)
    assert rows["left out", "cluster", "coverage", "all"] == pytest.approx(0.9, abs=0.05)
    text = checks_text(checks, novelty=0.01)
    assert "16" not in text and "4 test days" in text and "does not help" in text
    assert "changed in a known way" not in text
    row = {"measure": "detected", "split": "novelty", "group": "rain × 5", "value": 0.25, "n": 8}
    seen = pd.concat([checks, pd.DataFrame([row])])
    assert "it calls new: rain × 5 25 %." in checks_text(seen, novelty=0.01)


def test_without_calibration_days_the_network_is_left_out() -> None:
    clusters, table, _ = world()
    clusters["split"] = clusters["split"].replace("calibration", "train")
    checks = check_labels(clusters, table, pd.Series(dtype=float), resamples=20, seed=0)
    assert set(checks["method"]) == {"climatology", "cluster"}
    assert "Joining" not in checks_text(checks, novelty=0.01)
