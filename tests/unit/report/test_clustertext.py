"""Sentences of the report about the clustering methods."""

import numpy as np
import pandas as pd

from rainscore.clustering.comparison import ALL_SEEDS
from rainscore.report.clustertext import has_clusters, joint_sentence, null_sentence


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
