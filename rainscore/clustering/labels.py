"""What each cluster says of the score: the distribution of the scores of its maps."""

import numpy as np
import pandas as pd

from rainscore.classes import season_of

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def label_clusters(clusters: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Distribution of the map score in each cluster, from the training maps.

    Args:
        clusters: Columns time, cluster, split.
        table: The score tables of the months, one row a map: time, map_score (NaN where missing),
            mean_age_h, share_microwave, regime and the rest.

    Returns:
        One row a cluster: cluster, maps, scored (maps that have a score), days, mean, q05 … q95 of
        the map score over the training maps; season (the most frequent), wet_share (mean share of
        wet pixels), age_h, share_microwave, and the most frequent true regime where the world is
        simulated.
    """
    rows = clusters[clusters["split"] == "train"].merge(table, on="time", validate="one_to_one")
    rows["season"] = rows["time"].dt.month.map(season_of)
    rows["wet_share"] = (rows["hits"] + rows["false_alarms"]) / rows["n"]
    return pd.DataFrame(
        [_describe(cluster, part) for cluster, part in rows.groupby("cluster", sort=True)]
    )


def _describe(cluster: object, part: pd.DataFrame) -> dict:
    scores = part["map_score"].dropna()
    quantiles = scores.quantile(LEVELS) if len(scores) else pd.Series(np.nan, index=LEVELS)
    regimes = part["regime"].dropna()
    return {
        "cluster": cluster,
        "maps": len(part),
        "scored": len(scores),
        "days": part["time"].dt.normalize().nunique(),
        "mean": scores.mean(),
        **{f"q{round(level * 100):02d}": quantiles[level] for level in LEVELS},
        "season": part["season"].mode().iat[0],
        "wet_share": part["wet_share"].mean(),
        "age_h": part["mean_age_h"].mean(),
        "share_microwave": part["share_microwave"].mean(),
        "regime": regimes.mode().iat[0] if len(regimes) else "",
    }
