"""How clusters follow each other in time."""

import numpy as np
import pandas as pd

from rainscore.times import HALF_HOUR


def count_transitions(clusters: pd.DataFrame) -> pd.DataFrame:
    """Count what follows what, from each half-hour to the very next.

    Only consecutive half-hours count: nothing is said across a missing map or a hole between
    months.

    Args:
        clusters: Columns time, cluster.

    Returns:
        One row for each pair of clusters, those that never follow each other too: before, after,
        steps (how often), share (of the steps from `before`; NaN where there is none), days (on
        which it began so).
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
    begun = table.groupby("before")["steps"].transform("sum")
    share = table["steps"] / begun.where(begun > 0)
    return table.assign(share=share)[["before", "after", "steps", "share", "days"]]
