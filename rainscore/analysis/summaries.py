"""Tables of the whole period, with intervals over days, from the daily sums of all months."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.analysis.classes import RATE_EDGES, THRESHOLDS
from rainscore.analysis.dailysums import OFFSETS
from rainscore.scores.bootstrap import Measures, day_weights, measured
from rainscore.scores.categorical import Contingency, csi, far, pod
from rainscore.scores.fssbyscale import (
    ScaleSums,
    asymptotic_fss,
    reference_fss,
    scale_fss,
    useful_scale,
)
from rainscore.scores.spectral import SpectralSums, coherence, effective_resolution
from rainscore.scores.sums import ratio

ALL = "all"
"""Name of the source that stands for all sources together."""


COUNTS = [*Contingency._fields]


POWERS = list(SpectralSums._fields[:3])
"""Power of IMERG, power of the radar, and cross power."""


NO_CLASS = np.nan
"""Class in the key of a measure that does not depend on it."""


def joint_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """Add the joint histograms of all days, by source and for all sources together.

    Args:
        rates: Rows of `rate_sums` of all months.

    Returns:
        One row per source and pair of classes that occurs: source, imerg_from, radar_from (lower
        edges of the classes [mm/h]), n (number of cells), days.
    """
    rates = _with_all(rates, ["n"])
    by = ["source", "imerg_class", "radar_class"]
    table = rates.groupby(by)["n"].sum().reset_index()
    days = rates.groupby("source")["day"].nunique()
    edges = {f"{name}_from": RATE_EDGES[table[f"{name}_class"]] for name in ("imerg", "radar")}
    table = table.assign(**edges, days=table["source"].map(days))
    return table[["source", "imerg_from", "radar_from", "n", "days"]]


def threshold_skill(rates: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Compute POD, FAR, CSI and frequency bias of each source at each of `THRESHOLDS`.

    Args:
        rates: Rows of `rate_sums` of all months.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        One row per source, threshold and measure: source, threshold [mm/h], measure, value, low,
        high, days, n (number of cells).
    """
    rates = _with_all(rates, ["n"])
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
    """Measures of detection from counts (..., `COUNTS`)."""
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
    """Compute power and coherence by wavelength, and the effective resolution, of each source.

    Args:
        sums: Rows of `spectrum_sums` of all months.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        One row per source, measure and wavelength: source, measure (imerg_power, radar_power
        [(mm/h)² per tile], coherence [1], effective_resolution [km], whose wavelength is missing),
        value, low, high, days, wavelength_km, n (number of tiles). Empty if no tile counts.
    """
    columns = ["source", "measure", "value", "low", "high", "days", "wavelength_km", "n"]
    if sums.empty:
        return pd.DataFrame(columns=columns)
    sums = _with_all(sums, [*POWERS, "tiles"])
    wavelength = np.sort(sums["wavelength_km"].unique())[::-1]
    wide = _widen(sums, ["source", "day"], "wavelength_km", POWERS, wavelength)
    tiles = sums.groupby(["source", "day"])["tiles"].first()

    def measures(values: np.ndarray) -> dict[tuple[str, float], np.ndarray]:
        parts = values[..., :-1].reshape(*values.shape[:-1], len(POWERS), wavelength.size)
        imerg, radar, cross = np.moveaxis(parts, -2, 0)
        count = values[..., -1]
        resolution = _resolution(imerg, radar, cross, wavelength)
        out = {("effective_resolution", NO_CLASS): resolution}
        coherences = coherence(SpectralSums(imerg, radar, cross, count))
        for k, length in enumerate(wavelength):
            out["imerg_power", length] = ratio(imerg[..., k], count)
            out["radar_power", length] = ratio(radar[..., k], count)
            out["coherence", length] = coherences[..., k]
        return out

    daily = wide.assign(tiles=tiles).reset_index()
    table = _summary(
        daily, ["source"], [*wide.columns, "tiles"], measures, resamples=resamples, seed=seed
    )
    table = _split_keys(table, ["wavelength_km"])
    return table.assign(n=table["source"].map(tiles.groupby("source").sum()))


def _resolution(
    imerg: np.ndarray, radar: np.ndarray, cross: np.ndarray, wavelength: np.ndarray
) -> np.ndarray:
    """Effective resolution [km] from powers (..., band)."""
    flat = (part.reshape(-1, wavelength.size) for part in (imerg, radar, cross))
    resolutions = [
        effective_resolution(SpectralSums(a, b, ab, np.ones(1)), wavelength)
        for a, b, ab in zip(*flat, strict=True)
    ]
    return np.array(resolutions).reshape(imerg.shape[:-1])


def timing(sums: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Correlate IMERG with the mean of the radar over shifted and longer times, by source.

    Args:
        sums: Rows of `timing_sums` of all months.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        One row per source, measure, lag and accumulation: source, measure (correlation [1]; and
        best_lag and best_accumulation [min], where the correlation is highest), value, low, high,
        days, lag [min] (centre of the radar's time after the centre of the half-hour),
        accumulation [min] (length of the radar's time), n (number of cells). Empty if no cell has
        the radar at all offsets.
    """
    columns = ["source", "measure", "value", "low", "high", "days", "lag", "accumulation", "n"]
    if sums.empty:
        return pd.DataFrame(columns=columns)
    sums = _with_all(sums, ["value"])
    i, j = np.triu_indices(2 + len(OFFSETS))
    wide = sums.pivot(index=["source", "day"], columns=["i", "j"], values="value")
    wide = wide.reindex(columns=pd.MultiIndex.from_arrays([i, j]))
    wide.columns = pd.RangeIndex(wide.shape[1])
    table = _summary(
        wide.reset_index(),
        ["source"],
        list(wide.columns),
        timing_correlations,
        resamples=resamples,
        seed=seed,
    )
    table = _split_keys(table, ["lag", "accumulation"])
    n = wide[0].groupby("source").sum().astype(np.int64)
    return table.assign(n=table["source"].map(n))


def timing_correlations(sums: np.ndarray) -> dict[tuple[str, float, float], np.ndarray]:
    """Correlate IMERG with the mean of the radar over each range of offsets.

    Args:
        sums: Sums of products of `timing_sums`, dims (..., pair of variables).

    Returns:
        Correlations by ('correlation', lag, accumulation) [min]; and the lag and accumulation of
        the highest by ('best_lag', NaN, NaN) and ('best_accumulation', NaN, NaN).
    """
    width = 2 + len(OFFSETS)
    gram = np.empty((*sums.shape[:-1], width, width))
    i, j = np.triu_indices(width)
    gram[..., i, j] = gram[..., j, i] = sums
    out: dict[tuple[str, float, float], np.ndarray] = {}
    for first in range(2, width):
        for last in range(first, width):
            mean = np.zeros((width, 3))
            mean[0, 0] = mean[1, 1] = 1
            mean[first : last + 1, 2] = 1 / (last - first + 1)
            products = mean.T @ gram @ mean
            lag = 15.0 * (OFFSETS[first - 2] + OFFSETS[last - 2])
            out["correlation", lag, 30.0 * (last - first + 1)] = _correlation(products)
    keys = np.array([key[1:] for key in out])
    correlations = np.stack(list(out.values()), axis=-1)
    best = np.nan_to_num(correlations, nan=-np.inf).argmax(axis=-1)
    defined = np.isfinite(correlations).any(axis=-1)
    for k, name in enumerate(("best_lag", "best_accumulation")):
        out[name, NO_CLASS, NO_CLASS] = np.where(defined, keys[best, k], np.nan)
    return out


def _correlation(products: np.ndarray) -> np.ndarray:
    """Correlation of variables 1 and 2 from sums of products (..., 3, 3); variable 0 is 1."""
    n, spread = products[..., 0, 0], []
    for k in (1, 2):
        square = n * products[..., k, k] - products[..., 0, k] ** 2
        spread.append(np.sqrt(np.where(square > 1e-12 * n**2, square, np.nan)))
    covariance = n * products[..., 1, 2] - products[..., 0, 1] * products[..., 0, 2]
    return covariance / (spread[0] * spread[1])


def fss_by_scale(sums: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Compute the FSS at each threshold and window size, and the useful scale.

    Args:
        sums: Rows of `fss_sums` of all months.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        One row per threshold, measure and window: threshold [mm/h], measure (fss; reference_fss
        and asymptotic_fss [1] and useful_scale [km], whose window is missing), value, low, high,
        days, window_km. Empty if there is no valid pixel.
    """
    columns = ["threshold", "measure", "value", "low", "high", "days", "window_km"]
    if sums.empty:
        return pd.DataFrame(columns=columns)
    windows_km = np.sort(sums["window_km"].unique())
    fields = list(ScaleSums._fields)
    wide = _widen(sums, ["threshold", "day"], "window_km", fields, windows_km)

    def measures(values: np.ndarray) -> dict[tuple[str, float], np.ndarray]:
        parts = values.reshape(*values.shape[:-1], len(fields), windows_km.size)
        scale = ScaleSums(*np.moveaxis(parts, -2, 0))
        scores = scale_fss(scale)
        out = {("fss", km): scores[..., k] for k, km in enumerate(windows_km)}
        out["reference_fss", NO_CLASS] = reference_fss(scale)[..., 0]
        out["asymptotic_fss", NO_CLASS] = asymptotic_fss(scale)[..., 0]
        out["useful_scale", NO_CLASS] = useful_scale(scale, windows_km)
        return out

    table = _summary(
        wide.reset_index(),
        ["threshold"],
        list(wide.columns),
        measures,
        resamples=resamples,
        seed=seed,
    )
    return _split_keys(table, ["window_km"])[columns]


def _with_all(table: pd.DataFrame, sums: list[str]) -> pd.DataFrame:
    """The rows, and their sums over all sources under the source `ALL`."""
    keys = [name for name in table.columns if name not in {"source", *sums}]
    total = table.groupby(keys, as_index=False)[sorted(sums)].sum().assign(source=ALL)
    return pd.concat([total, table.astype({"source": str})], ignore_index=True)


def _widen(
    sums: pd.DataFrame, index: list[str], column: str, values: list[str], classes: np.ndarray
) -> pd.DataFrame:
    """Pivot to one row per `index`, with numbered columns: all classes of each of the values."""
    wide = sums.pivot(index=index, columns=column, values=values)
    wide = wide.reindex(columns=pd.MultiIndex.from_product([values, classes]))
    wide.columns = pd.RangeIndex(wide.shape[1])
    return wide


def _split_keys(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Split keys (measure, class, ...) in the column `measure` into one column each."""
    keys = pd.DataFrame(table["measure"].tolist(), columns=["measure", *classes], index=table.index)
    return table.assign(**{str(name): keys[name] for name in keys})


def _summary(
    daily: pd.DataFrame,
    by: list[str],
    columns: list,
    measures: Measures,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Measures of each group with intervals (`measured`), over all days of the table."""
    days = pd.DatetimeIndex(sorted(daily["day"].unique()))
    weights = day_weights(days.size, resamples=resamples, seed=seed)
    return measured(daily, by, columns, measures, days=days, weights=weights)
