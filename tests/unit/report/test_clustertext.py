"""Sentences and tables of the report about the clusters."""

import numpy as np
import pandas as pd

from rainscore.clustering.labels import label_clusters
from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.report.clustertext import (
    has_clusters,
    joint_sentence,
    labels_table,
    null_sentence,
)
from tests.labelled import labelled_world


def method_rows(
    method: str, *, above_null: tuple[float, float], above_kmeans: tuple[float, float]
) -> list[dict]:
    """Rows of a method table, given the 95 % intervals of the two differences."""
    rows: list[dict] = [
        {"measure": "stability_days", "group": "train", "value": 0.9, "null": 0.4},
        {"measure": "stability_days_over_null", "group": "train", "interval": above_null},
        {"measure": "crps_skill_over_kmeans", "group": "test", "interval": above_kmeans},
    ]
    for row in rows:
        low, high = row.pop("interval", (np.nan, np.nan))
        row |= {"method": method, "seed": ALL_SEEDS, "low": low, "high": high}
        row.setdefault("value", (low + high) / 2)
    return rows


TABLE = pd.DataFrame(
    method_rows("dcec", above_null=(0.1, 0.3), above_kmeans=(0.02, 0.04))
    + method_rows("idec", above_null=(-0.1, 0.3), above_kmeans=(-0.04, -0.02))
    + method_rows("desom", above_null=(np.nan, np.nan), above_kmeans=(-0.01, 0.01))
    + method_rows("depict", above_null=(0.1, 0.3), above_kmeans=(np.nan, np.nan))
)


def test_a_method_has_clusters_where_it_is_more_stable_than_on_surrogates() -> None:
    assert [has_clusters(TABLE, name) for name in ("dcec", "idec", "desom")] == [True, False, False]
    assert not has_clusters(TABLE, "absent")


def test_the_null_sentence_gives_each_verdict_with_both_agreements() -> None:
    text = null_sentence(TABLE, ["dcec", "idec", "absent"])
    assert "dcec: clusters (ARI 0.90, surrogates 0.40)" in text
    assert "idec: no clusters (ARI 0.90, surrogates 0.40)" in text
    assert "absent" not in text


def test_the_joint_sentence_gives_each_verdict_with_its_interval() -> None:
    text = joint_sentence(TABLE, ["dcec", "idec", "desom", "depict"])
    assert "dcec helps (+0.030 [+0.020, +0.040])" in text
    assert "idec hurts (−0.030 [−0.040, −0.020])" in text
    assert "desom makes no difference (+0.000 [−0.010, +0.010])" in text
    assert "depict: no result" in text


def test_the_table_of_labels_is_in_words() -> None:
    clusters, table, descriptors = labelled_world()
    labels = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    frame = labels_table(labels)
    assert frame["sample"].tolist() == ["enough", "enough", "uncertain"]
    assert frame["most frequent season"].tolist() == ["winter (100 %)", "winter (100 %)", "–"]
    assert frame["hours"].tolist() == ["00–06 UTC (25 %)", "00–06 UTC (25 %)", "–"]
    assert frame["true regime"].tolist() == ["showers (100 %)", "front (100 %)", "–"]
    real = labels_table(labels.assign(regime="", regime_share=np.nan))
    assert "true regime" not in real
