"""Clusters with scores, for the tests of labels."""

import numpy as np
import pandas as pd


def scored_clusters(days: int, *, each: int = 4, seed: int = 0) -> pd.DataFrame:
    """Maps of clusters 0 and 1 in turn; scores near 0.3 and 0.7, plus an offset of each day."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2019-01-01", periods=days * each, freq=f"{1440 // each}min")
    cluster = np.arange(days * each) % 2
    offset = np.repeat(rng.normal(0, 0.08, days), each)
    score = 0.3 + 0.4 * cluster + offset + rng.normal(0, 0.03, days * each)
    return pd.DataFrame({"time": time, "cluster": cluster, "map_score": np.clip(score, 0, 1)})


def labelled_world(days: int = 20) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clusters, score table and descriptors; the third cluster has test maps only."""
    rows = scored_clusters(days, each=48)
    day = rows["time"].dt.day_of_year
    split = np.select([day % 5 == 0, day % 5 == 1], ["test", "calibration"], "train")
    clusters = rows[["time", "cluster"]].assign(split=split, novel=False, distance=1.0)
    clusters.loc[clusters.index[clusters["split"] == "test"][:3], "cluster"] = 2
    scores = rows[["time", "map_score"]].assign(
        score_numerator=1 - rows["map_score"],
        score_denominator=1.0,
        mean_age_h=0.5,
        regime=np.where(rows["cluster"] == 0, "showers", "front"),
    )
    appearance = {"wet_share": 0.07, "intensity": 0.5, "heavy_share": 0.0, "scale_km": 40.0}
    position = {"east": 0.0, "north": 0.0, "imager": 0.5, "SSMIS": 0.0, "sounder": 0.0}
    descriptors = rows[["time"]].assign(**appearance, **position, morphed=0.5, infrared=0.0)
    descriptors.loc[rows["cluster"] == 1, ["wet_share", "intensity", "scale_km"]] = (
        0.3,
        2.0,
        100.0,
    )
    return clusters, scores, descriptors
