"""Transitions between clusters from one half-hour to the next."""

import numpy as np
import pandas as pd

from rainscore.times import HALF_HOUR


def count_transitions(clusters: pd.DataFrame) -> pd.DataFrame:
    """Count the transitions between clusters in consecutive half-hours.

    Args:
        clusters: Columns time, cluster; pairs of maps with a gap between them do not count.

    Returns:
        One row per pair of clusters, including pairs that do not occur: before, after, steps
        (number of transitions), share (of the transitions from `before`; NaN where there is none),
        days (number of days on which such a transition starts).
    """
    ordered = clusters.sort_values("time", ignore_index=True)
    following = ordered.shift(-1)
    consecutive = (following["time"] - ordered["time"]) == HALF_HOUR
    pairs = pd.DataFrame(
        {
            "before": ordered["cluster"],
            "after": following["cluster"],
            "day": ordered["time"].dt.normalize(),
        }
    )[consecutive]
    labels = np.unique(clusters["cluster"])
    index = pd.MultiIndex.from_product([labels, labels], names=["before", "after"])
    grouped = pairs.astype({"after": labels.dtype}).groupby(["before", "after"])
    table = pd.DataFrame({"steps": grouped.size(), "days": grouped["day"].nunique()})
    table = table.reindex(index, fill_value=0).reset_index()
    starts = table.groupby("before")["steps"].transform("sum")
    share = table["steps"] / starts.where(starts > 0)
    return table.assign(share=share)[["before", "after", "steps", "share", "days"]]
