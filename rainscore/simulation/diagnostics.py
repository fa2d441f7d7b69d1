"""What the simulated world is like: sums of a month, from the files of the run.

Each function gives rows (product, regime, quantity, total, weight, square) that add over months;
`square` is the sum of the squares of single samples, NaN where the sums are not of such samples:
`rainscore.world.targets` makes of them the tables that stand beside the published values.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.regridding.conservative import Weights
from rainscore.scores.categorical import contingency_sums
from rainscore.scores.continuous import moment_sums
from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.overpasses import find_overpasses
from rainscore.simulation.rainstats import (
    autocorrelation,
    marginal,
    motion,
    spectrum_slope,
    typical_area,
)

Frames = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]


Row = tuple[str, str, str, float, float, float]


COLUMNS = ["product", "regime", "quantity", "total", "weight", "square"]


DISTANCES_KM = (2.5, 12.5, 32.5, 52.5)


LAGS_MIN = (5, 20, 40, 50, 60)


WET_HALF_HOUR = 0.2
"""A half-hour's pixel or cell at or above it is wet [mm/h]."""


HALF_HOUR_LAGS = (-1, 0, 1, 2, 3, 4)
"""Half-hours by which IMERG is taken later than the truth."""


OLDEST_H = 2.0
"""Ages from here on are too rare for a correlation: under 2 % of the cells."""


ALL = "all"


_SPEED_LAG_MIN = 20


_FASTEST_KMH = 110.0


_LEAST_WET = 0.003


_SHORTEST_SPELL = 16  # half-hours


_MAPS = 48


def rain_sums(frames: Frames, regimes: pd.DataFrame, *, km: float) -> pd.DataFrame:
    """Statistics of the radar frames amid the spells of each regime.

    A spell gives one sample, from its middle half-hour and the hour after, where the regime fills
    most of the box; spells of less than eight hours, which never do, give none.

    Args:
        frames: Gives times (t,) and rates (t, y, x) [mm/h] of the frames that start in a time
            span, NaN where missing.
        regimes: True regime of each half-hour, columns `time` and `regime`.
        km: Pixel [km].
    """
    rows: list[Row] = []
    for regime, middle in _spells(regimes):
        for quantity, value in _frame_statistics(frames, middle, km).items():
            if np.isfinite(value):
                rows.append(("radar", regime, quantity, value, 1.0, value**2))
    return _table(rows)


def _spells(regimes: pd.DataFrame) -> Iterator[tuple[str, np.datetime64]]:
    """Regime and middle half-hour of each long spell."""
    number = (regimes["regime"] != regimes["regime"].shift()).cumsum()
    for _, spell in regimes.groupby(number):
        if len(spell) >= _SHORTEST_SPELL:
            middle = spell.iloc[len(spell) // 2 - 1]
            yield str(middle["regime"]), middle["time"].to_datetime64()


def _frame_statistics(frames: Frames, time: np.datetime64, km: float) -> dict[str, float]:
    """Statistics of the frame at `time` and of what becomes of it; what is unknown is absent."""
    minute = np.timedelta64(1, "m")
    times, rates = frames(time, time + (LAGS_MIN[-1] + 1) * minute)
    if not len(rates) or times[0] != time:
        return {}
    found = marginal(rates[0])
    if not found["wet fraction"] >= _LEAST_WET:
        return {"wet fraction": found["wet fraction"]}
    values = autocorrelation(rates[0], km=km, distances=DISTANCES_KM)
    found |= {f"autocorrelation at {d:g} km": r for d, r in zip(DISTANCES_KM, values, strict=True)}
    found["spectrum slope"] = spectrum_slope(rates[0], km=km)
    found["typical area [km²]"] = typical_area(rates[0], km=km)
    for lag in LAGS_MIN:
        later = np.flatnonzero(times == time + lag * minute)
        if later.size:
            reach = int(np.ceil(_FASTEST_KMH * lag / 60 / km)) + 1
            correlation, pixels = motion(rates[0], rates[later[0]], reach=reach)
            found[f"Lagrangian correlation at {lag} min"] = correlation
            if lag == _SPEED_LAG_MIN:
                found["advection speed [km/h]"] = pixels * km * 60 / lag
    return found


def amount_sums(pair: xr.Dataset) -> pd.DataFrame:
    """Rain and wet share of the half-hourly radar maps, by three hours of the day and in all.

    Args:
        pair: A month's pairs (docs/contracts.md).
    """
    rows: list[Row] = []
    hours = pair["time"].dt.hour.values // 3 * 3
    for start in range(0, pair.sizes["time"], _MAPS):
        rain = pair["radar"][start : start + _MAPS].values
        known = np.isfinite(rain)
        size = known.sum(axis=(1, 2)).astype(float)
        total = np.where(known, rain, 0).sum(axis=(1, 2), dtype=float)
        wet = (rain >= WET_HALF_HOUR).sum(axis=(1, 2)).astype(float)
        rows.append(("radar", ALL, "rain [mm/h]", total.sum(), size.sum(), np.nan))
        rows.append(("radar", ALL, "wet share", wet.sum(), size.sum(), np.nan))
        for hour in np.unique(hours[start : start + _MAPS]):
            here = hours[start : start + _MAPS] == hour
            name = f"rain [mm/h] from {hour:02d} UTC"
            rows.append(("radar", ALL, name, total[here].sum(), size[here].sum(), np.nan))
    return _table(rows)


def cell_truth(pair: xr.Dataset, weights: Weights) -> np.ndarray:
    """Half-hourly radar rain of a month's pairs on the 0.1° cells [mm/h], dims (time, lat, lon).

    Args:
        pair: A month's pairs.
        weights: From the study grid to the cells.
    """
    return np.concatenate(
        [
            weights.apply(pair["radar"][i : i + _MAPS].values, min_valid=0.5)[0]
            for i in range(0, pair.sizes["time"], _MAPS)
        ]
    )


def run_sums(pair: xr.Dataset, truth: np.ndarray, *, run: str) -> pd.DataFrame:
    """Sums of a run of IMERG against the truth on the 0.1° cells: in all, by age and by lag.

    Args:
        pair: A month's pairs.
        truth: Rates on the cells [mm/h], dims (time, lat, lon), NaN where missing.
        run: "early", "late" or "final": the product's name in the rows.
    """
    rate = pair["precipitation"].values
    rows = _scores(run, ALL, rate, truth)
    ages = pass_ages(pair["mw_source"].values, pair["imerg_state"].values == 0, pair["time"].values)
    age = ages[0] if run == "early" else np.fmin(*ages)
    for hours in np.arange(0, OLDEST_H, 0.5):
        rows += _scores(f"{run} at {hours:g} h", ALL, np.where(age == hours, rate, np.nan), truth)
    for lag in HALF_HOUR_LAGS:
        later = np.full_like(rate, np.nan)
        places = np.arange(max(0, -lag), len(rate) - max(0, lag))
        later[places] = rate[places + lag]
        rows += _scores(f"{run} {lag:+d}", ALL, later, truth)
    return _table(rows)


def skill_sums(
    pair: xr.Dataset, truth: np.ndarray, regimes: pd.DataFrame, *, run: str
) -> pd.DataFrame:
    """Sums of IMERG against the truth on the 0.1° cells: by source and by regime.

    Args:
        pair: A month's pairs.
        truth: Rates on the cells [mm/h], dims (time, lat, lon), NaN where missing.
        regimes: True regime of each half-hour.
        run: "early", "late" or "final": the product's name in the rows of the regimes.
    """
    rate, source = pair["precipitation"].values, pair["mw_source"].values
    seen, mostly_infrared = source > 0, pair["ir_influence"].values >= 50
    rows: list[Row] = []

    def add(product: str, mask: np.ndarray, values: np.ndarray = rate, regime: str = ALL) -> None:
        if mask.any():
            rows.extend(_scores(product, regime, np.where(mask, values, np.nan), truth))

    everywhere = np.ones(rate.shape, bool)
    add("microwave", seen)
    for name, code in sensor_codes().items():
        add(name, source == code)
    add("morphed", ~seen & ~mostly_infrared)
    add("infrared", everywhere, pair["ir_precipitation"].values)
    regime = regimes.set_index("time")["regime"].reindex(pair["time"].values).to_numpy()
    for name in pd.unique(regime[pd.notna(regime)]):
        add(run, everywhere & (regime == name)[:, None, None], regime=str(name))
    return _table(rows)


def sensor_codes() -> dict[str, int]:
    """IMERG's code of each kind of sensor that sees France, by its name."""
    names = {9: "GMI", 3: "AMSR2", 5: "SSMIS", 7: "MHS", 11: "ATMS"}
    return {names[code]: code for code in sorted({s.sensor.code for s in SATELLITES}, reverse=True)}


def _scores(product: str, regime: str, rate: np.ndarray, truth: np.ndarray) -> list[Row]:
    """Moments and contingency table as rows."""
    moments = moment_sums(rate, truth)
    counts = contingency_sums(rate, truth, WET_HALF_HOUR)
    sums = {**moments._asdict(), **counts._asdict()}
    return [(product, regime, name, float(part.sum()), 1.0, np.nan) for name, part in sums.items()]


def pass_sums(pair: xr.Dataset, cells: Grid) -> pd.DataFrame:
    """How often microwave satellites see the middle latitudes of the box.

    Args:
        pair: A month's pairs.
        cells: IMERG's cells.

    Returns:
        Rows of the share of half-hours with microwave, of passes a day over the centre (from the
        orbits), and of the number of gaps of each length between half-hours with microwave.
    """
    lat = pair["lat"].values
    seen = pair["mw_source"].values[:, abs(lat - lat.mean()) < 1] > 0
    time, column = np.nonzero(seen.reshape(len(seen), -1).T)[::-1]
    gaps = np.diff(time)[np.diff(column) == 0]
    share = float(seen.sum()), float(seen.size)
    rows: list[Row] = [("passes", ALL, "share of half-hours", *share, np.nan)]
    for length, number in zip(*np.unique(gaps, return_counts=True), strict=True):
        rows.append(("passes", ALL, f"gaps of {length / 2:g} h", float(number), 1.0, np.nan))
    point = replace(cells, x0=cells.x.mean() - 0.05, y0=cells.y.mean() - 0.05, nx=1, ny=1)
    for day in np.unique(pair["time"].values.astype("datetime64[D]")):
        passes = {
            (p.number, round(p.half_hour * 30 + float(p.minute[0, 0])))
            for seen_by in find_overpasses(point, day).values()
            for p in seen_by
        }
        rows.append(("passes", ALL, "a day", float(len(passes)), 1.0, np.nan))
    return _table(rows)


def _table(rows: list[Row]) -> pd.DataFrame:
    """Rows added up where product, regime and quantity are the same."""
    return add_up([pd.DataFrame(rows, columns=COLUMNS)])


def add_up(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Sums of several parts or months."""
    rows = pd.concat(tables, ignore_index=True)
    return rows.groupby(COLUMNS[:3], as_index=False, sort=False)[COLUMNS[3:]].sum(min_count=1)
