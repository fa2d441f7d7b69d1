"""Skill on held-out days: sums a day, and bootstrap over days."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

STATISTICS = (
    "n",
    "pinball",
    "absolute_error",
    "covered",
    "width",
    "sum_p",
    "sum_t",
    "sum_pp",
    "sum_tt",
    "sum_pt",
)


def pixel_statistics(
    quantiles: np.ndarray, truth: np.ndarray, levels: Sequence[float]
) -> np.ndarray:
    """Statistics of each prediction that add over pixels, maps and days.

    Args:
        quantiles: Predicted quantiles of the score, dims (n, level).
        truth: Score found, dims (n,), without NaN.
        levels: Increasing, symmetric about 0.5; the first and last bound the interval.

    Returns:
        Dims (n, len(STATISTICS)).
    """
    tau = np.asarray(levels, dtype=np.float64)
    error = truth[:, None] - quantiles
    # Each level stands for the part of [0, 1] that is nearer to it than to the others.
    weights = np.diff([0.0, *(tau[1:] + tau[:-1]) / 2, 1.0])
    pinball = np.maximum(tau * error, (tau - 1) * error) @ weights
    low, middle, high = quantiles[:, 0], quantiles[:, len(tau) // 2], quantiles[:, -1]
    covered = (truth >= low) & (truth <= high)
    columns = (
        np.ones_like(truth),
        pinball,
        np.abs(truth - middle),
        covered,
        high - low,
        middle,
        truth,
        middle**2,
        truth**2,
        middle * truth,
    )
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1)


class DaySums:
    """Sums of statistics by method, grouping, group and day."""

    def __init__(self) -> None:
        self._sums: dict[tuple, np.ndarray] = defaultdict(lambda: np.zeros(len(STATISTICS)))

    def add(
        self,
        method: str,
        day: str,
        split: str,
        names: Sequence[str],
        groups,
        statistics: np.ndarray,
    ) -> None:
        """Add pixels (n, statistic) whose group (n,) is an index into `names`."""
        groups = np.asarray(groups)
        for index in np.unique(groups):
            key = (method, split, names[index], day)
            self._sums[key] += statistics[groups == index].sum(axis=0)

    def table(self) -> pd.DataFrame:
        """Columns method, split, group, day and the statistics."""
        keys = pd.DataFrame(list(self._sums), columns=["method", "split", "group", "day"])
        values = np.array(list(self._sums.values())).reshape(-1, len(STATISTICS))
        return keys.join(pd.DataFrame(values, columns=list(STATISTICS)))


def measures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Measures from sums (..., len(STATISTICS)): each has the leading dims.

    crps is twice the pinball loss weighted over the levels (as `quantiles.crps_from_quantiles`);
    coverage that of the outer two quantiles;
    correlation is Pearson's between the median and the score.
    """
    s = {name: sums[..., i] for i, name in enumerate(STATISTICS)}
    with np.errstate(invalid="ignore", divide="ignore"):
        n = s["n"]
        covariance = s["sum_pt"] - s["sum_p"] * s["sum_t"] / n
        spread_p = s["sum_pp"] - s["sum_p"] ** 2 / n
        spread_t = s["sum_tt"] - s["sum_t"] ** 2 / n
        product = spread_p * spread_t
        correlation = np.where(product > 1e-12 * n**2, covariance / np.sqrt(product), np.nan)
        return {
            "crps": 2 * s["pinball"] / n,
            "mae": s["absolute_error"] / n,
            "coverage": s["covered"] / n,
            "width": s["width"] / n,
            "correlation": correlation,
        }


def skill_table(days: pd.DataFrame, *, reference: str, resamples: int, seed: int) -> pd.DataFrame:
    """Measures of every method with 95 % intervals from resampling days.

    Args:
        days: Of `DaySums.table`.
        reference: Method against which crps_skill = 1 − crps / crps(reference) is taken, on the
            same pixels and the same resampled days.
        resamples: Bootstrap samples.
        seed: Of the samples; the same samples serve all methods, so differences are paired.

    Returns:
        Columns method, measure, split, group, value, low, high, days, n. With a single day, low
        and high are NaN: nothing can be said of other days.
    """
    rows = []
    for (split, group), part in days.groupby(["split", "group"], sort=True):
        methods = sorted(part["method"].unique())
        names = np.sort(part["day"].unique())
        index = pd.MultiIndex.from_product([methods, names], names=["method", "day"])
        cube = part.set_index(["method", "day"])[list(STATISTICS)].reindex(index, fill_value=0.0)
        sums = cube.to_numpy().reshape(len(methods), names.size, -1)
        rng = np.random.default_rng([seed, names.size])
        weights = rng.multinomial(names.size, np.full(names.size, 1 / names.size), resamples)
        point = measures(sums.sum(axis=1))
        resampled = measures(np.einsum("rd,mds->rms", weights.astype(float), sums))
        for values in (point, resampled):
            base = values["crps"][..., [methods.index(reference)]]
            with np.errstate(invalid="ignore", divide="ignore"):
                values["crps_skill"] = 1 - values["crps"] / base
        for m, method in enumerate(methods):
            for measure, value in point.items():
                low, high = _interval(resampled[measure][:, m], names.size)
                count = int(sums[m, :, 0].sum())
                rows.append(
                    (method, measure, split, group, float(value[m]), low, high, names.size, count)
                )
    columns = ["method", "measure", "split", "group", "value", "low", "high", "days", "n"]
    return pd.DataFrame(rows, columns=columns)


def _interval(samples: np.ndarray, days: int) -> tuple[float, float]:
    samples = samples[np.isfinite(samples)]
    if days < 2 or samples.size < 10:
        return np.nan, np.nan
    low, high = np.percentile(samples, [2.5, 97.5])
    return float(low), float(high)
