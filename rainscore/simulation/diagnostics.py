"""Statistics of the simulated world as sums that can be added over months.

Each function returns a table with one row per (product, regime, quantity) and the columns `total`,
`weight` and `square`. The mean of a quantity is total / weight; `square` is the sum of the squared
samples, NaN where there are no single samples. `rainscore.simulation.worldtables` compares the
added sums with published values.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import Weights
from rainscore.regridding.radarreader import Truth
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

Row = tuple[str, str, str, float, float, float]

COLUMNS = ["product", "regime", "quantity", "total", "weight", "square"]

DISTANCES_KM = (2.5, 12.5, 32.5, 52.5)

LAGS_MIN = (5, 20, 40, 50, 60)

WET_HALF_HOUR = 0.2
"""Half-hourly rain rate at or above which a pixel or cell is wet [mm/h]."""

HALF_HOUR_LAGS = (-1, 0, 1, 2, 3, 4)
"""Delays of IMERG relative to the truth [half-hours]."""

IMERG_LAGS_MIN = (30, 60, 120, 240)

IMERG_DISTANCES = (1, 2, 5, 10)
"""Distances along a parallel [cells]."""

HOURLY, HOURLY_LOG = "hourly", "hourly, ln(R + 0.1 mm/h)"
"""Products of the hourly means of IMERG, and of their logarithm."""

WET_HOUR = 0.1
"""Hourly rain rate at or above which a cell is wet [mm/h], as in the real hourly pairs."""

AGES_H = (0.0, 0.5, 1.0, 1.5)
"""Ages of the nearest overpass with a correlation [h]; larger ages are under 2 % of the cells."""

RADAR_TRUTH = "radar against the true rain"
"""Product of the scores of the radar itself."""

ALL = "all"
"""Regime of the rows that hold all weather."""

_SPEED_LAG_MIN = 20
_MAX_SPEED_KMH = 110.0
_MIN_WET = 0.003  # wet fraction below which a frame has no further statistics
_MIN_SPELL = 16  # half-hours


def hour_quantity(hour: int) -> str:
    """Name of the mean rain in the three hours from `hour` UTC."""
    return f"rain [mm/h] from {hour:02d} UTC"


def age_product(run: str, age_h: float) -> str:
    """Name of the cells of a run with an age of the nearest overpass [h]."""
    return f"{run} at {age_h:g} h"


def lag_product(run: str, lag: int) -> str:
    """Name of a run delayed by some half-hours."""
    return f"{run} {lag:+d}"


def time_product(minutes: int) -> str:
    """Name of IMERG compared with itself some minutes later."""
    return f"IMERG {minutes} min later"


def space_product(cells: int) -> str:
    """Name of IMERG compared with itself some cells to the east."""
    return f"IMERG {cells} cells to the east"


def hourly_lag_product(hours: int) -> str:
    """Name of the hourly means of IMERG compared with the radar some hours earlier."""
    return f"hourly, radar {-hours:+d} h"


def gap_quantity(half_hours: int) -> str:
    """Name of the number of gaps of a length between half-hours with microwave."""
    return f"gaps of {half_hours / 2:g} h"


def rain_sums(frames: Truth, regimes: pd.DataFrame, *, km: float) -> pd.DataFrame:
    """Statistics of the radar frames in the middle of the spells of each regime.

    A spell contributes one sample, from its middle half-hour and the following hour, when the
    regime fills most of the domain. Spells under eight hours never do and are not used.

    Args:
        frames: Function that returns, for a start and an end, the starts of the frames in between,
            dims (time,), and their rain rates [mm/h], dims (time, y, x), NaN where missing.
        regimes: True regime of each half-hour, columns `time` and `regime`.
        km: Pixel size [km].
    """
    rows: list[Row] = []
    for regime, middle in _spells(regimes):
        for quantity, value in _frame_statistics(frames, middle, km).items():
            if np.isfinite(value):
                rows.append(("radar", regime, quantity, value, 1.0, value**2))
    return sums_table(rows)


def _spells(regimes: pd.DataFrame) -> Iterator[tuple[str, np.datetime64]]:
    """Regime and middle half-hour of each long spell."""
    number = (regimes["regime"] != regimes["regime"].shift()).cumsum()
    for _, spell in regimes.groupby(number):
        if len(spell) >= _MIN_SPELL:
            middle = spell.iloc[len(spell) // 2 - 1]
            yield str(middle["regime"]), middle["time"].to_datetime64()


def _frame_statistics(frames: Truth, time: np.datetime64, km: float) -> dict[str, float]:
    """Statistics of the frame at `time` and of its evolution, without those that are undefined."""
    minute = np.timedelta64(1, "m")
    times, rates = frames(time, time + (LAGS_MIN[-1] + 1) * minute)
    if not len(rates) or times[0] != time:
        return {}
    statistics = marginal(rates[0])
    if not statistics["wet fraction"] >= _MIN_WET:
        return {"wet fraction": statistics["wet fraction"]}
    values = autocorrelation(rates[0], km=km, distances=DISTANCES_KM)
    for distance, value in zip(DISTANCES_KM, values, strict=True):
        statistics[f"autocorrelation at {distance:g} km"] = value
    statistics["spectrum slope"] = spectrum_slope(rates[0], km=km)
    statistics["typical area [km²]"] = typical_area(rates[0], km=km)
    for lag in LAGS_MIN:
        later = np.flatnonzero(times == time + lag * minute)
        if later.size:
            reach = int(np.ceil(_MAX_SPEED_KMH * lag / 60 / km)) + 1
            correlation, pixels = motion(rates[0], rates[later[0]], reach=reach)
            statistics[f"Lagrangian correlation at {lag} min"] = correlation
            if lag == _SPEED_LAG_MIN:
                statistics["advection speed [km/h]"] = pixels * km * 60 / lag
    return statistics


def amount_sums(pair: xr.Dataset) -> pd.DataFrame:
    """Mean rain, wet share, and mean rain by three hours of the day, of the radar half-hours.

    Args:
        pair: Pairs of a month (docs/contracts.md).
    """
    rows: list[Row] = []
    hours = pair["time"].dt.hour.values // 3 * 3
    for start in range(0, pair.sizes["time"], MAPS_PER_CHUNK):
        rain = pair["radar"][start : start + MAPS_PER_CHUNK].values
        valid = np.isfinite(rain)
        size = valid.sum(axis=(1, 2)).astype(float)
        total = np.where(valid, rain, 0).sum(axis=(1, 2), dtype=float)
        wet = (rain >= WET_HALF_HOUR).sum(axis=(1, 2)).astype(float)
        rows.append(("radar", ALL, "rain [mm/h]", total.sum(), size.sum(), np.nan))
        rows.append(("radar", ALL, "wet share", wet.sum(), size.sum(), np.nan))
        for hour in np.unique(hours[start : start + MAPS_PER_CHUNK]):
            at_hour = hours[start : start + MAPS_PER_CHUNK] == hour
            sums = total[at_hour].sum(), size[at_hour].sum()
            rows.append(("radar", ALL, hour_quantity(hour), *sums, np.nan))
    return sums_table(rows)


def cell_truth(pair: xr.Dataset, weights: Weights) -> np.ndarray:
    """Half-hourly radar rain of a month on IMERG's cells [mm/h], dims (time, lat, lon).

    Args:
        pair: Pairs of the month.
        weights: Regridding weights from the study grid to the cells.
    """
    return np.concatenate(
        [
            weights.apply(pair["radar"][i : i + MAPS_PER_CHUNK].values, min_valid=0.5)[0]
            for i in range(0, pair.sizes["time"], MAPS_PER_CHUNK)
        ]
    )


def run_sums(pair: xr.Dataset, truth: np.ndarray, *, run: str) -> pd.DataFrame:
    """Scores of a run of IMERG on its cells: of all cells, by age and by delay.

    Args:
        pair: Pairs of a month.
        truth: True rain rate on the cells [mm/h], dims (time, lat, lon), NaN where missing.
        run: "early", "late" or "final"; part of the product name in the rows.
    """
    rate = pair["precipitation"].values
    rows = score_sums(run, ALL, rate, truth)
    ages = pass_ages(pair["mw_source"].values, pair["imerg_state"].values == 0, pair["time"].values)
    age = ages[0] if run == "early" else np.fmin(*ages)
    for hours in AGES_H:
        of_age = np.where(age == hours, rate, np.nan)
        rows += score_sums(age_product(run, hours), ALL, of_age, truth)
    for lag in HALF_HOUR_LAGS:
        delayed = np.full_like(rate, np.nan)
        steps = np.arange(max(0, -lag), len(rate) - max(0, lag))
        delayed[steps] = rate[steps + lag]
        rows += score_sums(lag_product(run, lag), ALL, delayed, truth)
    return sums_table(rows)


def structure_sums(pair: xr.Dataset) -> pd.DataFrame:
    """Autocorrelation of IMERG's log rain in time and along the parallels, on its cells.

    Args:
        pair: Pairs of a month.

    Returns:
        Moments of ln(rate + 0.1 mm/h) at two times, or in two cells of a row (products
        `time_product` and `space_product`).
    """
    log_rate = np.log(pair["precipitation"].values + np.float32(0.1))
    rows: list[Row] = []
    for minutes in IMERG_LAGS_MIN:
        steps = minutes // 30
        rows += _moment_rows(time_product(minutes), log_rate[:-steps], log_rate[steps:])
    for cells in IMERG_DISTANCES:
        pairs = log_rate[:, :, :-cells], log_rate[:, :, cells:]
        rows += _moment_rows(space_product(cells), *pairs)
    return sums_table(rows)


def hourly_sums(pair: xr.Dataset, radar: np.ndarray) -> pd.DataFrame:
    """Scores of hourly means of IMERG against the radar, as in real pairs that are hourly.

    Args:
        pair: Pairs of a month.
        radar: Half-hourly rain of the radar on the cells [mm/h], dims (time, lat, lon).
    """
    half = pair.sizes["time"] // 2 * 2
    first = int(pair["time"].dt.minute.values[0] != 0)
    imerg, truth = (
        rate[first : half - first].reshape(-1, 2, *rate.shape[1:]).mean(axis=1)
        for rate in (pair["precipitation"].values, radar)
    )
    rows = score_sums(HOURLY, ALL, imerg, truth, threshold=WET_HOUR)
    logs = (np.log(rate + np.float32(0.1)) for rate in (imerg, truth))
    rows += _moment_rows(HOURLY_LOG, *logs)
    for lag in (-1, 1):
        # A positive lag compares IMERG with the radar of an earlier hour.
        early, late = (imerg, truth) if lag < 0 else (truth, imerg)
        pairs = (early[:-1], late[1:]) if lag < 0 else (late[1:], early[:-1])
        rows += _moment_rows(hourly_lag_product(lag), *pairs)
    return sums_table(rows)


def _moment_rows(product: str, x: np.ndarray, y: np.ndarray) -> list[Row]:
    """Moments of two fields, one row per sum."""
    sums = moment_sums(x, y)._asdict()
    return [(product, ALL, name, float(part.sum()), 1.0, np.nan) for name, part in sums.items()]


def skill_sums(
    pair: xr.Dataset, truth: np.ndarray, regimes: pd.DataFrame, *, run: str
) -> pd.DataFrame:
    """Scores of IMERG on its cells by source and by regime.

    Args:
        pair: Pairs of a month.
        truth: True rain rate on the cells [mm/h], dims (time, lat, lon), NaN where missing.
        regimes: True regime of each half-hour, columns `time` and `regime`.
        run: "early", "late" or "final"; product name of the rows by regime.
    """
    rate, source = pair["precipitation"].values, pair["mw_source"].values
    has_microwave, mostly_infrared = source > 0, pair["ir_influence"].values >= 50
    rows: list[Row] = []

    def add(product: str, mask: np.ndarray, values: np.ndarray = rate, regime: str = ALL) -> None:
        if mask.any():
            rows.extend(score_sums(product, regime, np.where(mask, values, np.nan), truth))

    everywhere = np.ones(rate.shape, bool)
    add("microwave", has_microwave)
    for name, code in sensor_codes().items():
        add(name, source == code)
    add("morphed", ~has_microwave & ~mostly_infrared)
    add("infrared", everywhere, pair["ir_precipitation"].values)
    regime = regimes.set_index("time")["regime"].reindex(pair["time"].values).to_numpy()
    for name in pd.unique(regime[pd.notna(regime)]):
        add(run, everywhere & (regime == name)[:, None, None], regime=str(name))
    return sums_table(rows)


def sensor_codes() -> dict[str, int]:
    """IMERG's code of each type of sensor that observes France, by name."""
    names = {9: "GMI", 3: "AMSR2", 5: "SSMIS", 7: "MHS", 11: "ATMS"}
    return {names[code]: code for code in sorted({s.sensor.code for s in SATELLITES}, reverse=True)}


def score_sums(
    product: str,
    regime: str,
    rate: np.ndarray,
    truth: np.ndarray,
    *,
    threshold: float = WET_HALF_HOUR,
) -> list[Row]:
    """Moments and contingency table, one row per sum."""
    moments = moment_sums(rate, truth)
    counts = contingency_sums(rate, truth, threshold)
    sums = {**moments._asdict(), **counts._asdict()}
    return [(product, regime, name, float(part.sum()), 1.0, np.nan) for name, part in sums.items()]


def pass_sums(pair: xr.Dataset, cells: Grid) -> pd.DataFrame:
    """Frequency of microwave observations at the central latitudes of the domain.

    Args:
        pair: Pairs of a month.
        cells: IMERG's cells.

    Returns:
        Rows with the share of half-hours with microwave, the overpasses per day of the centre (from
        the orbits), and the number of gaps of each length between half-hours with microwave.
    """
    lat = pair["lat"].values
    has_microwave = pair["mw_source"].values[:, abs(lat - lat.mean()) < 1] > 0
    time, column = np.nonzero(has_microwave.reshape(len(has_microwave), -1).T)[::-1]
    gaps = np.diff(time)[np.diff(column) == 0]
    share = float(has_microwave.sum()), float(has_microwave.size)
    rows: list[Row] = [("passes", ALL, "share of half-hours", *share, np.nan)]
    for length, number in zip(*np.unique(gaps, return_counts=True), strict=True):
        rows.append(("passes", ALL, gap_quantity(length), float(number), 1.0, np.nan))
    point = replace(cells, x0=cells.x.mean() - 0.05, y0=cells.y.mean() - 0.05, nx=1, ny=1)
    for day in np.unique(pair["time"].values.astype("datetime64[D]")):
        passes = {
            (p.number, round(p.half_hour * 30 + float(p.minute[0, 0])))
            for overpasses in find_overpasses(point, day).values()
            for p in overpasses
        }
        rows.append(("passes", ALL, "a day", float(len(passes)), 1.0, np.nan))
    return sums_table(rows)


def sums_table(rows: list[Row]) -> pd.DataFrame:
    """Table of the rows, added where product, regime and quantity are equal."""
    return add_up([pd.DataFrame(rows, columns=COLUMNS)])


def add_up(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Add the sums of several parts or months."""
    rows = pd.concat(tables, ignore_index=True)
    return rows.groupby(COLUMNS[:3], as_index=False, sort=False)[COLUMNS[3:]].sum(min_count=1)
