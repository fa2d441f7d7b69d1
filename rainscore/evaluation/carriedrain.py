"""Test of carried rain by the microwave pass that follows it.

In Early granules the rain of a cell without a microwave sensor is carried there from earlier passes
by the motion of the rain, and merged with infrared rates. A pass in the next half-hour observes the
rain there independently of the passes before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.evaluation.boxes import Boxes, day_table
from rainscore.grids import Grid
from rainscore.scores.localscore import WindowMeans, score_parts
from rainscore.times import HALF_HOUR

FIELDS = ("precipitation", "mw_precipitation", "mw_source")
"""Fields of a granule that the test needs."""

WET_THRESHOLD = 0.1
"""Boxes in which carried and observed rain are below it do not count [mm/h]."""

STATISTICS = ("numerator", "denominator", "carried", "observed", "passes")
"""Additive statistics of a box: parts of the affinity, sums of the mean carried and observed rain
[mm/h], and of the area shares that are tested."""


@dataclass(frozen=True)
class HalfHour:
    """Rain of a half-hour, dims (lat, lon).

    Attributes:
        time: Start, datetime64[ns].
        rain: Merged rain [mm/h], NaN where missing.
        carried: Merged rain where no microwave sensor observed, NaN elsewhere [mm/h].
        observed: Microwave rain where a sensor observed, NaN elsewhere [mm/h].
    """

    time: np.datetime64
    rain: np.ndarray
    carried: np.ndarray
    observed: np.ndarray

    @classmethod
    def of(cls, granule: xr.Dataset) -> "HalfHour":
        """Rain of a granule (`imerg.reader.read_granule`)."""
        rain, microwave, source = (granule[name].to_numpy() for name in FIELDS)
        # A missing source is neither 0 nor a sensor.
        return cls(
            np.datetime64(granule["time"].values.astype("datetime64[ns]").item(), "ns"),
            rain,
            np.where(source == 0, rain, np.nan),
            np.where(source > 0, microwave, np.nan),
        )

    def follows(self, other: "HalfHour") -> bool:
        """Whether this is the half-hour after another one."""
        return bool(self.time - other.time == HALF_HOUR)


def cells_of(granule: xr.Dataset) -> Grid:
    """IMERG's cells of a granule, row 0 south."""
    south, west = (round(float(granule[axis][0]) * 10 - 0.5) / 10 for axis in ("lat", "lon"))
    sizes = granule.sizes
    return Grid("EPSG:4326", west, south, 0.1, 0.1, sizes["lon"], sizes["lat"])


def carried_sums(granules: Iterable[xr.Dataset], boxes: Boxes) -> pd.DataFrame:
    """Sums of the agreement of carried rain with the pass of the next half-hour.

    A cell counts if no microwave sensor observed it in a half-hour and one did in the next. A pair
    of half-hours belongs to the day of the pass.

    Args:
        granules: Granules with `FIELDS` in order of time; pairs are not made across gaps.
        boxes: Boxes over their cells.

    Returns:
        One row per box and day with tested cells: `box`, `day` and `STATISTICS`.
    """
    by_day: dict[np.datetime64, np.ndarray] = {}
    before = None
    for granule in granules:
        now = HalfHour.of(granule)
        if before is not None and now.follows(before):
            day = now.time.astype("datetime64[D]")
            means = boxes.means(before.carried, now.observed, wet_threshold=WET_THRESHOLD)
            by_day[day] = by_day.get(day, 0) + _statistics(means)
        before = now
    return day_table(by_day, STATISTICS, weight="passes")


def _statistics(means: WindowMeans) -> np.ndarray:
    """`STATISTICS` of each box, dims (statistic, box)."""
    parts = score_parts("affinity", means)
    rain = means.hit + means.false, means.hit + means.missed
    return np.stack([*parts, *rain, means.valid]).reshape(len(STATISTICS), -1)
