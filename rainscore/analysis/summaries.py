"""Contingency by threshold, spectra and timing of each source, with intervals over days."""

import numpy as np
import pandas as pd

from rainscore.analysis.dailysums import OFFSETS, RATE_EDGES
from rainscore.scores.bootstrap import day_weights, measured
from rainscore.scores.categorical import Contingency, csi, far, pod
from rainscore.scores.spectral import SpectralSums, coherence, effective_resolution
from rainscore.scores.sums import ratio

THRESHOLDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""mm/h; each is one of `RATE_EDGES`."""


ALL = "all"


COUNTS = [*Contingency._fields]


SUMMARY = ["source", "measure", "value", "low", "high", "days"]


def joint_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """Joint histogram of the whole period, by source and for all of them together.

    Args:
        rates: Rows of `rate_sums` of all months.

    Returns:
        One row for each source and pair of classes that occurs: source, `imerg_from`,
        `radar_from` (lower edges [mm/h]), n (cells), days.
    """
    rates = _with_all(rates)
    by = ["source", "imerg_class", "radar_class"]
    table = rates.groupby(by)["n"].sum().reset_index()
    days = rates.groupby("source")["day"].nunique()
    edges = {f"{name}_from": RATE_EDGES[table[f"{name}_class"]] for name in ("imerg", "radar")}
    kept = table.drop(columns=by[1:]).assign(**edges, days=table["source"].map(days))
    return kept[["source", "imerg_from", "radar_from", "n", "days"]]


def threshold_skill(rates: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """POD, FAR, CSI and frequency bias of each source at each of `THRESHOLDS`.

    Args:
        rates: Rows of `rate_sums` of all months.
        resamples, seed: Of the bootstrap over days.

    Returns:
        source, threshold [mm/h], measure, value, low, high, n (cells), days.
    """
    rates = _with_all(rates)
    parts = []
    for threshold in THRESHOLDS:
        wet = int(np.searchsorted(RATE_EDGES, threshold))
        imerg, radar = (rates[f"{name}_class"] >= wet for name in ("imerg", "radar"))
        kinds = (imerg & radar, ~imerg & radar, imerg & ~radar, ~imerg & ~radar)
        counts = {name: rates["n"].where(kind, 0) for name, kind in zip(COUNTS, kinds, strict=True)}
        counted = rates[["source", "day"]].assign(**counts, threshold=threshold)
        parts.append(counted.groupby(["source", "threshold", "day"], as_index=False).sum())
    table = _summary(
        pd.concat(parts, ignore_index=True),
        ["source", "threshold"],
        COUNTS,
        _detection,
        resamples=resamples,
        seed=seed,
    )
    return table.assign(n=table["source"].map(rates.groupby("source")["n"].sum()))


def _detection(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Measures from counts (..., `COUNTS`)."""
    counts = Contingency(*np.moveaxis(sums, -1, 0))
    wet = counts.hits + counts.misses
    frequency = ratio(counts.hits + counts.false_alarms, wet)
    return {
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
        "frequency_bias": frequency,
        "base_rate": ratio(wet, sums.sum(axis=-1)),
    }


def spectra(sums: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Power and coherence by wavelength, and the effective resolution, of each source.

    Args:
        sums: Rows of `spectrum_sums` of all months.
        resamples, seed: Of the bootstrap over days.

    Returns:
        source, measure (`imerg_power`, `radar_power` [(mm/h)² a tile], `coherence`,
        `effective_resolution` [km], whose wavelength is missing), value, low, high, days,
        `wavelength_km`, n (tiles); no row where no tile counts.
    """
    if sums.empty:
        return pd.DataFrame(columns=[*SUMMARY, "wavelength_km", "n"])
    sums = _with_all(sums)
    wavelength = np.sort(sums["wavelength_km"].unique())[::-1]
    powers = list(SpectralSums._fields[:3])
    wide = sums.pivot(index=["source", "day"], columns="wavelength_km", values=powers)
    wide = wide.reindex(columns=pd.MultiIndex.from_product([powers, wavelength]))
    wide.columns = pd.RangeIndex(wide.shape[1])
    tiles = sums.groupby(["source", "day"])["tiles"].first()
    columns = [*wide.columns, "tiles"]

    def measures(values: np.ndarray) -> dict[str, np.ndarray]:
        parts = values[..., :-1].reshape(*values.shape[:-1], 3, wavelength.size)
        imerg, radar, cross = np.moveaxis(parts, -2, 0)
        count = values[..., -1]
        found: dict = {"effective_resolution": _resolution(imerg, radar, cross, wavelength)}
        shared = coherence(SpectralSums(imerg, radar, cross, count))
        for k, length in enumerate(wavelength):
            found["imerg_power", length] = ratio(imerg[..., k], count)
            found["radar_power", length] = ratio(radar[..., k], count)
            found["coherence", length] = shared[..., k]
        return found

    daily = wide.assign(tiles=tiles).reset_index()
    table = _summary(daily, ["source"], columns, measures, resamples=resamples, seed=seed)
    keys = [key if isinstance(key, tuple) else (key, np.nan) for key in table["measure"]]
    table["measure"], table["wavelength_km"] = zip(*keys, strict=True)
    return table.assign(n=table["source"].map(tiles.groupby("source").sum()))


def _resolution(
    imerg: np.ndarray, radar: np.ndarray, cross: np.ndarray, wavelength: np.ndarray
) -> np.ndarray:
    """Effective resolution [km] of totals (..., band)."""
    flat = (part.reshape(-1, wavelength.size) for part in (imerg, radar, cross))
    found = [
        effective_resolution(SpectralSums(a, b, ab, np.ones(1)), wavelength)
        for a, b, ab in zip(*flat, strict=True)
    ]
    return np.array(found).reshape(imerg.shape[:-1])


def timing(sums: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Correlation of IMERG with the radar's mean over later or longer times, by source.

    Args:
        sums: Rows of `timing_sums` of all months.
        resamples, seed: Of the bootstrap over days.

    Returns:
        source, measure (`correlation`; `best_lag`, `best_accumulation` [min], those of the highest
        correlation), value, low, high, days, lag [min] by which the middle of the radar's time
        lies after that of the half-hour, accumulation [min], n (cells); no row where no cell has
        all of the radar's times.
    """
    if sums.empty:
        return pd.DataFrame(columns=[*SUMMARY, "lag", "accumulation", "n"])
    sums = _with_all(sums)
    width = 2 + len(OFFSETS)
    columns = [*zip(*np.triu_indices(width), strict=True)]
    wide = sums.pivot(index=["source", "day"], columns=["i", "j"], values="value")
    wide = wide.reindex(columns=pd.MultiIndex.from_tuples(columns))
    wide.columns = pd.RangeIndex(wide.shape[1])
    table = _summary(
        wide.reset_index(),
        ["source"],
        list(wide.columns),
        timing_correlations,
        resamples=resamples,
        seed=seed,
    )
    keys = [key if isinstance(key, tuple) else (key, np.nan, np.nan) for key in table["measure"]]
    table["measure"], table["lag"], table["accumulation"] = zip(*keys, strict=True)
    n = wide[0].groupby("source").sum().astype(np.int64)
    return table.assign(n=table["source"].map(n))


def timing_correlations(sums: np.ndarray) -> dict:
    """Correlation of IMERG with the mean of each run of offsets, from sums (..., column pair).

    Returns:
        By ('correlation', lag, accumulation) [min]; and `best_lag`, `best_accumulation`.
    """
    width = 2 + len(OFFSETS)
    gram = np.empty((*sums.shape[:-1], width, width))
    i, j = np.triu_indices(width)
    gram[..., i, j] = gram[..., j, i] = sums
    found: dict = {}
    for first in range(2, width):
        for last in range(first, width):
            mean = np.zeros((width, 3))
            mean[0, 0] = mean[1, 1] = 1
            mean[first : last + 1, 2] = 1 / (last - first + 1)
            products = mean.T @ gram @ mean
            lag = 15.0 * (OFFSETS[first - 2] + OFFSETS[last - 2])
            found["correlation", lag, 30.0 * (last - first + 1)] = _correlation(products)
    keys = np.array([key[1:] for key in found])
    every = np.stack(list(found.values()), axis=-1)
    best = np.nan_to_num(every, nan=-np.inf).argmax(axis=-1)
    known = np.isfinite(every).any(axis=-1)
    found["best_lag"], found["best_accumulation"] = (
        np.where(known, keys[best, k], np.nan) for k in range(2)
    )
    return found


def _correlation(products: np.ndarray) -> np.ndarray:
    """Correlation of columns 1 and 2 from sums of products (..., 3, 3); column 0 is 1."""
    n, spread = products[..., 0, 0], []
    for k in (1, 2):
        square = n * products[..., k, k] - products[..., 0, k] ** 2
        spread.append(np.sqrt(np.where(square > 1e-12 * n**2, square, np.nan)))
    covariance = n * products[..., 1, 2] - products[..., 0, 1] * products[..., 0, 2]
    return covariance / (spread[0] * spread[1])


def _with_all(table: pd.DataFrame) -> pd.DataFrame:
    """The rows, and those of all sources together under the source 'all'."""
    values = {"n", "value", "tiles", *SpectralSums._fields} & set(table.columns)
    keys = [name for name in table.columns if name not in {"source", *values}]
    whole = table.groupby(keys, as_index=False)[sorted(values)].sum().assign(source=ALL)
    return pd.concat([whole, table.astype({"source": str})], ignore_index=True)


def _summary(daily, by, columns, measures, *, resamples: int, seed: int) -> pd.DataFrame:
    """`measured` over all days of the table."""
    days = pd.DatetimeIndex(sorted(daily["day"].unique()))
    weights = day_weights(days.size, resamples=resamples, seed=seed)
    return measured(daily, by, columns, measures, days=days, weights=weights)
