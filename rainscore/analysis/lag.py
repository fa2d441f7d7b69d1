"""The lag at which radar and microwave agree best: how a wrong time convention shows itself."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.imerg.reader import read_granule
from rainscore.scores.bootstrap import day_weights, interval

LAGS = np.arange(-60, 31, 5)
"""Minutes by which the radar is taken later than the microwave observation.

Microwave sees ice aloft, which outlives the rain: its rain may agree best with earlier radar.
"""


WET = 0.2
"""A microwave pixel at or above it is wet [mm/h]."""


LEAST_WET = 20


SUMS = ["n", "sum_x", "sum_y", "sum_xx", "sum_yy", "sum_xy"]


Frames = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]


def lag_sums(
    granules: pd.DataFrame, frames: Frames, cells: Grid, *, step_minutes: int, half_hours: int
) -> pd.DataFrame:
    """Sums of radar against microwave-only rain at its observation minute, for each lag.

    Half-hours are taken at random from the period; those with fewer than 20 wet microwave cells do
    not count. All lags of a half-hour use the same cells: those that the radar sees at every lag.
    Both rains enter as ln(1 + R / 0.1 mm/h), so that a few heavy cells do not decide.

    Args:
        granules: Manifest with absolute file names.
        frames: Gives times (t,) and rates (t, lat, lon) [mm/h] on `cells` of the radar's frames
            that start in a time span, NaN where missing.
        cells: IMERG's cells.
        step_minutes: Time between frames [min].
        half_hours: How many half-hours count, at most.

    Returns:
        One row a half-hour and lag: `time`, `lag` [min] and the sums `n`, `sum_x` (radar), `sum_y`
        (microwave), `sum_xx`, `sum_yy`, `sum_xy`, which add.
    """
    present = granules[granules["state"] == "present"]
    order = np.random.default_rng(0).permutation(len(present))[: 5 * half_hours]
    rows: list[pd.DataFrame] = []
    for _, row in present.iloc[order].iterrows():
        if len(rows) == half_hours:
            break
        try:
            granule = read_granule(row["file"], cells)
        except DamagedFile:
            continue
        rain, minute = granule["mw_precipitation"].to_numpy(), granule["mw_minute"].to_numpy()
        if np.count_nonzero(rain >= WET) < LEAST_WET:
            continue
        start = row["time"].to_datetime64()
        sums = _sums(start, rain, minute, frames, step_minutes)
        if sums is not None:
            rows.append(sums.assign(time=start))
    return pd.concat(rows) if rows else pd.DataFrame(columns=["lag", *SUMS, "time"])


def find_lag(
    sums: pd.DataFrame, *, resamples: int = 300, seed: int = 0
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Correlation by lag, and the lag of the highest, with 95 % intervals over days.

    Args:
        sums: Rows of `lag_sums`.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.

    Returns:
        A table of `lag` [min], `value`, `low`, `high` (correlation), `n` (pairs of cells); and
        `best`, `low`, `high` [min] with `half_hours`. The best lag is the top of the parabola
        through the highest value and its neighbours; at either end of the lags it is a bound.
        Where either rain never varies the table is empty and there is no best lag.
    """
    lags = np.sort(sums["lag"].unique())
    nothing = pd.DataFrame(columns=["lag", "value", "low", "high", "n"])
    if not lags.size:
        return nothing, {"half_hours": 0}
    half_hours = sums["time"].nunique()
    daily = sums.assign(day=sums["time"].dt.normalize()).groupby(["day", "lag"])[SUMS].sum()
    blocks = daily.to_numpy(float).reshape(-1, lags.size, len(SUMS))  # (day, lag, sum)
    total = blocks.sum(axis=0)
    value = _correlation(total)
    if np.isnan(value).all():
        return nothing, {"half_hours": half_hours}
    weights = day_weights(len(blocks), resamples=resamples, seed=seed)
    samples = np.array([_correlation(drawn) for drawn in np.tensordot(weights, blocks, axes=1)])
    low, high = interval(samples, len(blocks))
    tops = np.array([_top(lags, sample) for sample in samples])
    table = pd.DataFrame({"lag": lags, "value": value, "low": low, "high": high, "n": total[:, 0]})
    best = {"best": _top(lags, value), **interval(tops, len(blocks))._asdict()}
    return table, {**best, "half_hours": half_hours}


def _sums(
    start: np.datetime64, rain: np.ndarray, minute: np.ndarray, frames: Frames, step: int
) -> pd.DataFrame | None:
    """Sums of a half-hour at each lag; None where the radar saw too little."""
    first = start + np.timedelta64(int(LAGS[0]), "m")
    end = start + np.timedelta64(30 + int(LAGS[-1]) + step, "m")
    times, rates = frames(first, end)
    places = np.full(int((end - first) / np.timedelta64(step, "m")) + 1, -1)
    places[((times - first) / np.timedelta64(step, "m")).astype(int)] = np.arange(times.size)
    seen = np.flatnonzero(np.isfinite(rain) & np.isfinite(minute))
    offset = int((start - first) / np.timedelta64(1, "m"))
    index = (minute.ravel()[seen] + offset + LAGS[:, None]) // step  # (lags, cells)
    place = places[index.astype(int)]
    if not times.size:
        return None
    radar = np.where(place >= 0, rates.reshape(times.size, -1)[place, seen], np.nan)
    both = np.isfinite(radar).all(axis=0)
    if both.sum() < LEAST_WET:
        return None
    x, y = (np.log1p(v / 0.1).astype(float) for v in (radar[:, both], rain.ravel()[seen][both]))
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
    """Lag of the top of the parabola through the highest value and its neighbours."""
    if np.isnan(value).all():
        return np.nan
    i = int(np.nanargmax(value))
    if not 0 < i < lags.size - 1:
        return float(lags[i])
    before, at, after = value[i - 1 : i + 2]
    bend = before - 2 * at + after
    shift = (before - after) / (2 * bend) if bend < 0 else 0.0
    return float(lags[i] + (lags[1] - lags[0]) * shift)
