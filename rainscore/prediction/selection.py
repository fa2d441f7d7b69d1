"""Selection of held-out half-hours that are scored as if they were new."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.imerg.manifests import read_manifest
from rainscore.prediction.granulesets import CONTEXT
from rainscore.times import HALF_HOUR


class HeldOutGranules(NamedTuple):
    """Granules of held-out half-hours.

    Attributes:
        files: Granules to score, in order of time.
        context: Granules of the hours around them, in order of time.
    """

    files: list[Path]
    context: list[Path]


def rainiest(splits: pd.DataFrame, table: pd.DataFrame, count: int) -> np.ndarray:
    """Half-hours with the most rain in both products, one from each of `count` parts of the test.

    Args:
        splits: Split of each half-hour (`splits.split_blocks`): time, split.
        table: Score tables: time, hits, map_score. Half-hours without a score are used only if
            there is none with a score.
        count: Maximum number of half-hours.

    Returns:
        Starts of the half-hours in order, dims (at most count,).
    """
    test = splits.loc[splits["split"] == "test", "time"]
    scored = table.loc[table["map_score"].notna(), "time"]
    times = (test[test.isin(scored)] if test.isin(scored).any() else test).to_numpy()
    rain = table.set_index("time")["hits"].reindex(times).fillna(0)
    parts = [part for part in np.array_split(times, max(count, 1)) if part.size and count]
    return np.array([part[rain.reindex(part).to_numpy().argmax()] for part in parts], times.dtype)


def held_out_granules(
    manifests: Sequence[str], splits: pd.DataFrame, table: pd.DataFrame, count: int
) -> HeldOutGranules:
    """Granules of the half-hours of `rainiest`, and those of the hours around them.

    Args:
        manifests: Manifests of the IMERG granules of all months.
        splits: Split of each half-hour: time, split.
        table: Score tables: time, hits, map_score.
        count: Maximum number of half-hours.
    """
    rows = pd.concat([read_manifest(path, absolute=True) for path in sorted(manifests)])
    files = rows[rows["state"] == "present"].set_index("time")["file"]
    available = splits[splits["time"].isin(files.index)]
    times = list(rainiest(available, table, count))
    steps = [step for step in range(-CONTEXT, CONTEXT + 1) if step != 0]
    around = {time + step * HALF_HOUR for time in times for step in steps} - set(times)
    context = files.reindex(sorted(around)).dropna()
    return HeldOutGranules([Path(files[time]) for time in times], [Path(f) for f in context])
