"""Pairs of scored maps and gauges: both averaged over the accumulation period of the gauges."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.analysis.lag import SUMS
from rainscore.errors import RainscoreError
from rainscore.evaluation.gaugetables import Gauges
from rainscore.evaluation.scoredmaps import Stations, list_maps, read_real_maps, sample_map
from rainscore.grids import Grid
from rainscore.times import HALF_HOUR

log = logging.getLogger("rainscore")

LAGS = np.arange(-4, 5)
"""Times of IMERG after the gauges [half-hours]."""

LOG_UNIT = 0.1
"""Rates R enter the correlation by lag as ln(1 + R / LOG_UNIT) [mm/h]."""


@dataclass(frozen=True)
class MapSamples:
    """Scored maps at stations.

    Attributes:
        times: Starts of the half-hours in order, dims (time,).
        stations: Names of the stations.
        values: Values by name, dims (time, station), NaN where missing (`scoredmaps.sample_map`).
        wet_threshold: Rates at or above it are wet [mm/h].
        grid: Grid of the first map.
        attributes: Attributes of the first map.
    """

    times: np.ndarray
    stations: pd.Index
    values: dict[str, np.ndarray]
    wet_threshold: float
    grid: Grid
    attributes: dict[str, str]


def sample_maps(
    paths: Sequence[Path], stations: pd.DataFrame, further: Sequence[str] = ()
) -> MapSamples:
    """Read scored maps at stations, one after another.

    Args:
        paths: Scored maps, or folders of them.
        stations: Columns station, longitude and latitude [degrees].
        further: Further variables of the maps.

    Raises:
        DamagedFile: A file is not a scored map.
        RainscoreError: The maps cannot be combined, or no station lies inside them.
    """
    places = Stations(stations)
    times, rows, inside, first = [], [], np.zeros(len(stations), bool), None
    for scored in read_real_maps(list_maps(paths), further):
        first = first or scored
        times.append(scored.time)
        rows.append(sample_map(scored, places))
        inside |= places.on(scored.grid)[2]
    assert first is not None  # read_real_maps raises if there is no map
    if not inside.any():
        raise RainscoreError(_all_outside(stations, first.grid))
    if not inside.all():
        log.warning("%d of %d stations lie outside the maps", (~inside).sum(), len(stations))
    order = np.argsort(np.array(times))
    values = {name: np.stack([row[name] for row in rows])[order] for name in rows[0]}
    return MapSamples(
        np.array(times)[order],
        pd.Index(stations["station"]),
        values,
        first.wet_threshold,
        first.grid,
        first.attributes,
    )


def _all_outside(stations: pd.DataFrame, grid: Grid) -> str:
    """Message for stations of which none is in the maps."""
    lon, lat = grid.lonlat
    swapped = stations.rename(columns={"longitude": "latitude", "latitude": "longitude"})
    hint = "score the area of the gauges"
    if Stations(swapped).on(grid)[2].any():
        hint = "longitude and latitude of the gauges are swapped"
    area = ", ".join(
        f"{name} {stations[name].min():g} to {stations[name].max():g}"
        for name in ("longitude", "latitude")
    )
    return (
        f"no gauge lies inside the scored maps: the gauges cover {area}, the maps longitude "
        f"{lon.min():.1f} to {lon.max():.1f}, latitude {lat.min():.1f} to {lat.max():.1f}; {hint}"
    )


def gauge_pairs(samples: MapSamples, gauges: Gauges, further: Sequence[str] = ()) -> pd.DataFrame:
    """IMERG and gauge of each accumulation whose half-hours all have a scored map with rain data.

    Args:
        samples: Scored maps at the stations.
        gauges: Accumulations.
        further: Further variables of the maps, averaged as the predicted score.

    Returns:
        One row per accumulation: station; start (UTC); imerg, gauge, means over the period [mm/h];
        agreement 2√(f·o)/(f + o) of these two, NaN where both are 0 [1]; score, mean of the
        predicted scores weighted by the rain of their windows [1], NaN where IMERG is dry in all
        windows; hidden_rain_probability, the highest of the half-hours [1], NaN unless IMERG is
        dry in all windows; wet_share, mean [1]; `further`.

    Raises:
        RainscoreError: No accumulation is covered.
    """
    index, column = _half_hours(samples, gauges)
    covered = (index >= 0).all(axis=1)
    rain = _mean(samples.values["precipitation"], index, column)
    usable = covered & np.isfinite(rain)
    if not usable.any():
        raise RainscoreError(_nothing_covered(samples, gauges))
    index, column, rates = index[usable], column[usable], gauges.rates[usable]
    at = {name: field[index, column[:, None]] for name, field in samples.values.items()}
    imerg, gauge = rain[usable], rates["rate"].to_numpy()
    pairs = rates[["station", "start"]].reset_index(drop=True)
    return pairs.assign(
        imerg=imerg,
        gauge=gauge,
        agreement=point_affinity(imerg, gauge),
        score=weighted_score(at["score"], at["window_rain"]),
        hidden_rain_probability=_highest(at["hidden_rain_probability"]),
        wet_share=at["wet_share"].mean(axis=1),
        **{name: weighted_score(at[name], at["window_rain"]) for name in further},
    )


def point_affinity(imerg: np.ndarray, gauge: np.ndarray) -> np.ndarray:
    """Affinity of single places, 2√(f·o)/(f + o) [1]; NaN where both rates are 0.

    >>> point_affinity(np.array([1.0, 4.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    array([ 1.,  0., nan])
    """
    total = imerg + gauge
    wet = total > 0
    return np.where(wet, 2 * np.sqrt(imerg * gauge) / np.where(wet, total, 1), np.nan)


def weighted_score(scores: np.ndarray, rain: np.ndarray) -> np.ndarray:
    """Score of a period from those of its half-hours, dims (n, half-hour) to (n,).

    The score of a total is the mean of the scores weighted by their denominators Σ(f + o). The
    radar's share of these is not available, so the rain of IMERG in the window is the weight;
    without any, all half-hours weigh the same. NaN where no half-hour has a score.
    """
    defined = np.isfinite(scores)
    weight = np.where(defined, np.nan_to_num(rain), 0)
    weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, defined)
    total = weight.sum(axis=1)
    mean = (np.nan_to_num(scores) * weight).sum(axis=1) / np.where(total > 0, total, 1)
    return np.where(total > 0, mean, np.nan)


def _highest(probability: np.ndarray) -> np.ndarray:
    """Highest of the half-hours; NaN unless all are available."""
    return probability.max(axis=1)


def lag_sums(samples: MapSamples, gauges: Gauges) -> pd.DataFrame:
    """Sums of gauge against IMERG by time lag, for `analysis.lag.find_lag`.

    All lags use the same accumulations: those with scored maps at every lag.

    Returns:
        One row per start and lag: lag, IMERG after the gauge [min]; `SUMS` of ln(1 + R / 0.1 mm/h),
        x the gauge and y IMERG; time.
    """
    index, column = _half_hours(samples, gauges, before=-int(LAGS[0]), after=int(LAGS[-1]))
    number = index.shape[1] - len(LAGS) + 1
    imerg = np.stack(
        [
            _mean(samples.values["precipitation"], index[:, i : i + number], column)
            for i in range(len(LAGS))
        ]
    )  # (lag, n)
    usable = (index >= 0).all(axis=1) & np.isfinite(imerg).all(axis=0)
    y = np.log1p(imerg[:, usable] / LOG_UNIT)
    x = np.broadcast_to(np.log1p(gauges.rates["rate"].to_numpy()[usable] / LOG_UNIT), y.shape)
    parts = (np.ones_like(y), x, y, x * x, y * y, x * y)
    rows = pd.DataFrame({name: part.ravel() for name, part in zip(SUMS, parts, strict=True)})
    rows["lag"] = np.repeat(LAGS * (HALF_HOUR / np.timedelta64(1, "m")), y.shape[1])
    rows["time"] = np.tile(gauges.rates["start"].to_numpy()[usable], len(LAGS))
    return rows.groupby(["time", "lag"], as_index=False)[SUMS].sum()


def _half_hours(
    samples: MapSamples, gauges: Gauges, *, before: int = 0, after: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Map of each half-hour of each accumulation, dims (n, half-hour), −1 without map; and the
    position of its station, dims (n,).

    Args:
        samples: Scored maps at the stations.
        gauges: Accumulations.
        before, after: Numbers of further half-hours before and after the period.
    """
    number = int(gauges.period / HALF_HOUR)
    start = gauges.rates["start"].to_numpy().astype("datetime64[ns]")
    wanted = start[:, None] + np.arange(-before, number + after) * HALF_HOUR
    index = np.searchsorted(samples.times, wanted).clip(max=len(samples.times) - 1)
    index = np.where(samples.times[index] == wanted, index, -1)
    return index, samples.stations.get_indexer(pd.Index(gauges.rates["station"]))


def _mean(field: np.ndarray, index: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Mean of a field over half-hours, dims (n,), float64; NaN where one is missing."""
    values = field[index, column[:, None]].astype(np.float64)
    return values.mean(axis=1)


def _nothing_covered(samples: MapSamples, gauges: Gauges) -> str:
    """Message for maps that cover no accumulation."""
    starts = gauges.rates["start"]
    return (
        "no accumulation of the gauges has a scored map with rain for each of its half-hours: the "
        f"maps are of {pd.Timestamp(samples.times[0]):%Y-%m-%d %H:%M} to "
        f"{pd.Timestamp(samples.times[-1]):%Y-%m-%d %H:%M}, the accumulations start "
        f"{starts.min():%Y-%m-%d %H:%M} to {starts.max():%Y-%m-%d %H:%M} (UTC); score the "
        "half-hours of the gauges, and check period and time zone"
    )
