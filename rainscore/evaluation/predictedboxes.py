"""Predicted scores of scored maps, summed in boxes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.evaluation.boxes import Boxes, day_table
from rainscore.evaluation.scoredmaps import ScoredMap, list_maps, read_scored_map
from rainscore.grids import Grid

PREDICTED = ("predicted_sum", "predicted_rain")
"""Additive statistics of a box: predicted score times the rain of the pixel, and that rain."""


def predicted_sums(
    scored: Sequence[Path],
    boxes: Boxes,
    *,
    period: tuple[np.datetime64, np.datetime64],
    world: str,
) -> pd.DataFrame:
    """Sums of the predicted score in boxes, weighted by IMERG's rain.

    Args:
        scored: Scored maps, or folders of them; may be empty.
        boxes: The boxes; pixels outside them are left out.
        period: First and last half-hour; maps of other times are left out.
        world: "real" or "simulated", which the maps must be.

    Returns:
        One row per box and day with scored rain: `box`, `day` and `PREDICTED`.

    Raises:
        DamagedFile: A file is not a scored map.
        RainscoreError: A map is of the other kind of world, two maps are of one half-hour, or no
            map is of the period.
    """
    by_time: dict[np.datetime64, Path] = {}
    places: dict[Grid, np.ndarray] = {}
    by_day: dict[np.datetime64, np.ndarray] = {}
    for path in list_maps(scored) if scored else []:
        map_ = read_scored_map(path)
        if not period[0] <= map_.time <= period[1]:
            continue
        if map_.attributes["world"] != world:
            raise RainscoreError(f"{path} is {map_.attributes['world']}, the granules are {world}")
        other = by_time.setdefault(map_.time, path)
        if other != path:
            raise RainscoreError(f"{other} and {path} are of the same half-hour: give one of them")
        if map_.grid not in places:
            places[map_.grid] = boxes.of(*map_.grid.lonlat)
        day = map_.time.astype("datetime64[D]")
        by_day[day] = by_day.get(day, 0) + _map_sums(map_, places[map_.grid], boxes)
    if scored and not by_time:
        raise RainscoreError("no scored map is of the period of the granules")
    return day_table(by_day, PREDICTED, weight="predicted_rain")


def _map_sums(map_: ScoredMap, box: np.ndarray, boxes: Boxes) -> np.ndarray:
    """`PREDICTED` of one map, dims (statistic, box).

    Args:
        map_: Scored map.
        box: Number of the box of each pixel, −1 outside.
        boxes: The boxes.
    """
    score, rain = (map_.fields[name] for name in ("score", "precipitation"))
    used = (box >= 0) & np.isfinite(score) & (rain > 0)
    sums = [
        np.bincount(box[used], weights=values[used], minlength=boxes.grid.size)
        for values in (score * rain, rain)
    ]
    return np.stack(sums)
