"""Time lag at which radar and microwave agree best, to detect a wrong convention of time stamps."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.imerg.reader import read_granule
from rainscore.regridding.radarreader import RadarReader
from rainscore.scores.bootstrap import day_weights, interval

LAGS = np.arange(-60, 31, 5)
"""Times of the radar after the microwave observation [min].

Microwave sensors respond to ice aloft, so their rain may agree best with the radar at another time.
"""


WET = 0.2
"""Wet threshold of the microwave cells [mm/h]."""


MIN_CELLS = 20
"""Minimum number of wet microwave cells, and of cells with radar, of a half-hour."""


SUMS = ["n", "sum_x", "sum_y", "sum_xx", "sum_yy", "sum_xy"]
"""Sums over the cells: x is the radar and y the microwave, both as ln(1 + R / 0.1 mm/h)."""


Frames = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]
"""Function from the start and end of a time span to the frames that start in it.

Returns times (t,) and rates (t, lat, lon) [mm/h], NaN where missing.
"""


@dataclass(frozen=True)
class BestLag:
    """Lag of the highest correlation, with its 95 % interval over days.

    Attributes:
        best, low, high: Lag and ends of the interval [min]; NaN if it cannot be computed.
        half_hours: Number of half-hours.
    """

    best: float
    low: float
    high: float
    half_hours: int

    def as_dict(self) -> dict[str, float]:
        """Convert to a dict of plain values, for metadata of a table."""
        return asdict(self)


def join_months(readers: Sequence[RadarReader]) -> RadarReader:
    """Combine the radar readers of several months into one."""
    rows = pd.concat([reader.manifest for reader in readers], ignore_index=True)
    return replace(readers[0], manifest=rows)


def lag_sums(
    granules: pd.DataFrame, frames: Frames, cells: Grid, *, step_minutes: int, half_hours: int
) -> pd.DataFrame:
    """Sum radar against microwave-only rain at the minute of its observation, for each lag.

    Half-hours are drawn at random from the period; those with fewer than `MIN_CELLS` wet microwave
    cells are left out. All lags of a half-hour use the same cells, where the radar is valid at
    every lag. Rates R enter as ln(1 + R / 0.1 mm/h), to limit the weight of heavy rain.

    Args:
        granules: Manifest of IMERG with absolute file names.
        frames: Function that reads the radar frames of a time span on `cells`.
        cells: Grid of IMERG's cells.
        step_minutes: Time between frames [min].
        half_hours: Maximum number of half-hours.

    Returns:
        One row per half-hour and lag: lag [min], `SUMS`, time; the sums add over half-hours.
    """
    present = granules[granules["state"] == "present"]
    order = np.random.default_rng(0).permutation(len(present))[: 5 * half_hours]
    rows: list[pd.DataFrame] = []
    for _, row in present.iloc[order].iterrows():
        if len(rows) == half_hours:
            break
        try:
            granule = read_granule(row["file"], cells, time=row["time"].to_datetime64())
        except DamagedFile:
            continue
        rain, minute = granule["mw_precipitation"].to_numpy(), granule["mw_minute"].to_numpy()
        if np.count_nonzero(rain >= WET) < MIN_CELLS:
            continue
        start = row["time"].to_datetime64()
        sums = _sums(start, rain, minute, frames, step_minutes)
        if sums is not None:
            rows.append(sums.assign(time=start))
    return pd.concat(rows) if rows else pd.DataFrame(columns=["lag", *SUMS, "time"])


def find_lag(
    sums: pd.DataFrame, *, resamples: int = 300, seed: int = 0
) -> tuple[pd.DataFrame, BestLag]:
    """Compute the correlation by lag, and the lag of the highest, with 95 % intervals over days.

    Args:
        sums: Rows of `lag_sums`.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.

    Returns:
        Table with one row per lag: lag [min], value, low, high (correlation), n (number of cells);
        and the best lag: the vertex of the parabola through the highest correlation and its
        neighbours, or the first or last lag. If the rain of either product is constant, the table
        is empty and the best lag NaN.
    """
    lags = np.sort(sums["lag"].unique())
    empty = pd.DataFrame(columns=["lag", "value", "low", "high", "n"])
    half_hours = sums["time"].nunique()
    undefined = BestLag(np.nan, np.nan, np.nan, half_hours)
    if not lags.size:
        return empty, undefined
    daily = sums.assign(day=sums["time"].dt.normalize()).groupby(["day", "lag"])[SUMS].sum()
    blocks = daily.to_numpy(float).reshape(-1, lags.size, len(SUMS))  # (day, lag, sum)
    total = blocks.sum(axis=0)
    value = _correlation(total)
    if np.isnan(value).all():
        return empty, undefined
    weights = day_weights(len(blocks), resamples=resamples, seed=seed)
    samples = np.array([_correlation(drawn) for drawn in np.tensordot(weights, blocks, axes=1)])
    low, high = interval(samples, len(blocks))
    best_lags = np.array([_top(lags, sample) for sample in samples])
    table = pd.DataFrame({"lag": lags, "value": value, "low": low, "high": high, "n": total[:, 0]})
    return table, BestLag(_top(lags, value), *interval(best_lags, len(blocks)), half_hours)


def _sums(
    start: np.datetime64, rain: np.ndarray, minute: np.ndarray, frames: Frames, step: int
) -> pd.DataFrame | None:
    """Sums of a half-hour at each lag; None if too few cells have radar."""
    first = start + np.timedelta64(int(LAGS[0]), "m")
    end = start + np.timedelta64(30 + int(LAGS[-1]) + step, "m")
    times, rates = frames(first, end)
    frame_of_step = np.full(int((end - first) / np.timedelta64(step, "m")) + 1, -1)
    frame_of_step[((times - first) / np.timedelta64(step, "m")).astype(int)] = np.arange(times.size)
    observed = np.flatnonzero(np.isfinite(rain) & np.isfinite(minute))
    offset = int((start - first) / np.timedelta64(1, "m"))
    index = (minute.ravel()[observed] + offset + LAGS[:, None]) // step  # (lags, cells)
    frame = frame_of_step[index.astype(int)]
    if not times.size:
        return None
    radar = np.where(frame >= 0, rates.reshape(times.size, -1)[frame, observed], np.nan)
    both = np.isfinite(radar).all(axis=0)
    if both.sum() < MIN_CELLS:
        return None
    x, y = (np.log1p(v / 0.1).astype(float) for v in (radar[:, both], rain.ravel()[observed][both]))
    n, ones = np.count_nonzero(both), np.ones(LAGS.size)
    sums = np.stack(
        [n * ones, x.sum(1), y.sum() * ones, (x * x).sum(1), (y * y).sum() * ones, (x * y).sum(1)],
        axis=1,
    )
    return pd.DataFrame(sums, columns=SUMS).assign(lag=LAGS)


def _correlation(sums: np.ndarray) -> np.ndarray:
    """Correlation from sums, dims (lag, 6)."""
    n, x, y, xx, yy, xy = sums.T
    spread = (n * xx - x * x) * (n * yy - y * y)
    spread = np.where(spread > 0, spread, np.nan)
    return (n * xy - x * y) / np.sqrt(spread)


def _top(lags: np.ndarray, value: np.ndarray) -> float:
    """Lag of the vertex of the parabola through the highest value and its neighbours."""
    if np.isnan(value).all():
        return np.nan
    i = int(np.nanargmax(value))
    if not 0 < i < lags.size - 1:
        return float(lags[i])
    before, at, after = value[i - 1 : i + 2]
    bend = before - 2 * at + after
    shift = (before - after) / (2 * bend) if bend < 0 else 0.0
    return float(lags[i] + (lags[1] - lags[0]) * shift)
