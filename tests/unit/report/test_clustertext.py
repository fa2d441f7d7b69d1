"""Table and sentences of the report about the clusters and the clustering methods."""

import numpy as np
import pandas as pd

from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.report.clustertext import (
    checks_text,
    joint_sentence,
    labels_table,
)


def method_rows(method: str, *, above_kmeans: tuple[float, float]) -> list[dict]:
    """Rows of a method table, given the 95 % interval of the difference from k-means."""
    rows: list[dict] = [
        {"measure": "stability_days", "group": "train", "value": 0.9},
        {"measure": "crps_skill_over_kmeans", "group": "test", "interval": above_kmeans},
    ]
    for row in rows:
        low, high = row.pop("interval", (np.nan, np.nan))
        row |= {"method": method, "seed": ALL_SEEDS, "low": low, "high": high}
        row.setdefault("value", (low + high) / 2)
    return rows


TABLE = pd.DataFrame(
    method_rows("dcec", above_kmeans=(0.02, 0.04))
    + method_rows("idec", above_kmeans=(-0.04, -0.02))
    + method_rows("desom", above_kmeans=(-0.01, 0.01))
    + method_rows("depict", above_kmeans=(np.nan, np.nan))
)


def test_the_joint_sentence_gives_each_verdict_with_its_interval() -> None:
    text = joint_sentence(TABLE, ["dcec", "idec", "desom", "depict"])
    assert "dcec helps (+0.030 [+0.020, +0.040])" in text
    assert "idec hurts (−0.030 [−0.040, −0.020])" in text
    assert "desom makes no difference (+0.000 [−0.010, +0.010])" in text
    assert "depict: no result" in text


def label_rows() -> pd.DataFrame:
    """Labels of the maps that are not clustered and of two clusters."""
    hours = {f"hour_{i}": [0.0, 0.25, 0.1] for i in range(4)} | {"hour_2": [0.0, 0.25, 0.7]}
    seasons = {name: [0.0, 0.0, 0.0] for name in ("DJF", "MAM", "SON")} | {"JJA": [0.0, 1.0, 0.6]}
    return pd.DataFrame(
        {
            "cluster": [-1, 0, 1],
            "name": ["too little rain", "showers", "rain areas"],
            "maps": [3, 90, 40],
            "days": [1, 20, 9],
            "score": [np.nan, 0.4, 0.6],
            "score_low": [np.nan, 0.2, 0.5],
            "score_high": [np.nan, 0.6, 0.7],
            "score_of_sums": [np.nan, 0.41, 0.61],
            "uncertain": [True, False, False],
            "microwave": [np.nan, 0.5, 0.25],
            "age_h": [np.nan, 1.5, 2.0],
            "regime": ["", "showers", "front"],
            "regime_share": [np.nan, 0.9, 0.8],
        }
        | hours
        | seasons
    )


def test_labels_become_a_table_with_the_most_frequent_season_and_hours() -> None:
    frame = labels_table(label_rows())
    assert frame["cluster"].tolist() == ["–", "0", "1"]
    assert frame["sample"].tolist() == ["uncertain", "sufficient", "sufficient"]
    assert frame["most frequent season"].tolist() == ["–", "summer (100 %)", "summer (60 %)"]
    assert frame["most frequent hours"].tolist()[1:] == ["00–06 UTC (25 %)", "12–18 UTC (70 %)"]
    assert frame["most frequent true regime"].tolist() == ["–", "showers (90 %)", "front (80 %)"]
    assert frame["microwave [%]"].tolist()[1:] == [50, 25]


def test_labels_of_real_data_have_no_true_regime() -> None:
    frame = labels_table(label_rows().assign(regime="", regime_share=np.nan))
    assert "most frequent true regime" not in frame


CHECKS = pd.DataFrame(
    [
        ("cluster", "coverage", "map", "all", 0.9, 0.85, 0.95, 4, 192),
        ("cluster", "false_alarms", "novelty", "all", 0.02, 0.0, 0.04, 4, 150),
        ("U-Net and cluster", "crps_gain", "map", "all", 0.0, -0.1, 0.1, 4, 192),
    ],
    columns=["method", "measure", "split", "group", "value", "low", "high", "days", "n"],
)


def test_coverage_false_alarms_and_combined_skill_are_stated_with_their_intervals() -> None:
    text = checks_text(CHECKS, false_alarm_rate=0.01)
    assert "covers 90 [85, 95] % of the map scores on 4 test days (192 maps)" in text
    assert "mark 1 % of ordinary maps; it marks 2.0 [0.0, 4.0] % of 150 clustered" in text
    assert "does not improve the prediction" in text and "0.00 [−0.10, 0.10]" in text
    assert "artificial" not in text


def test_the_combined_skill_is_an_improvement_only_if_its_interval_is_above_zero() -> None:
    for low, high, verdict in ((0.01, 0.2, " improves the"), (-0.2, -0.01, " worsens the")):
        rows = CHECKS.assign(low=low, high=high)
        assert verdict in checks_text(rows, false_alarm_rate=0.01)


def test_checks_that_were_not_made_are_not_stated() -> None:
    assert checks_text(CHECKS[:0], false_alarm_rate=0.01) == ""


def test_the_detection_of_artificial_changes_is_stated() -> None:
    row = {"measure": "detected", "split": "novelty", "group": "rain × 5", "value": 0.25, "n": 8}
    checks = pd.concat([CHECKS, pd.DataFrame([row])])
    text = checks_text(checks, false_alarm_rate=0.01)
    assert "Of 8 of these maps with artificial changes it marks: rain × 5 25 %." in text
