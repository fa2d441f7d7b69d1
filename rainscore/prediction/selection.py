"""Selection of held-out half-hours that are scored as if they were new."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.prediction.scorer import CONTEXT
from rainscore.regridding.monthfiles import open_granules
from rainscore.times import HALF_HOUR


def rainiest(splits: pd.DataFrame, table: pd.DataFrame, count: int) -> np.ndarray:
    """The rainiest half-hours of equal parts of the test days: those worth looking at.

    Args:
        splits: Of `period.split_blocks`.
        table: Score tables (time, hits, map_score); half-hours with a score come first.
        count: How many, at most.

    Returns:
        Half-hour starts in order, dims (at most count,).
    """
    test = splits.loc[splits["split"] == "test", "time"]
    scored = table.loc[table["map_score"].notna(), "time"]
    times = (test[test.isin(scored)] if test.isin(scored).any() else test).to_numpy()
    rain = table.set_index("time")["hits"].reindex(times).fillna(0)
    parts = [part for part in np.array_split(times, max(count, 1)) if part.size and count]
    return np.array([part[rain.reindex(part).to_numpy().argmax()] for part in parts], times.dtype)


def held_out_granules(
    manifests: Sequence[str], splits: pd.DataFrame, table: pd.DataFrame, count: int
) -> tuple[list[Path], list[Path]]:
    """Granules of test half-hours, the rainiest of equal parts of the test days, and their context.

    Returns:
        The granules to score, in order of time; and those of the hours around them.
    """
    rows = pd.concat([open_granules(path) for path in sorted(manifests)])
    files = rows[rows["state"] == "present"].set_index("time")["file"]
    known = splits[splits["time"].isin(files.index)]
    chosen = list(rainiest(known, table, count))
    around = {
        time + i * HALF_HOUR for time in chosen for i in range(-CONTEXT, CONTEXT + 1) if i != 0
    } - set(chosen)
    context = files.reindex(sorted(around)).dropna()
    return [Path(files[time]) for time in chosen], [Path(f) for f in context]
