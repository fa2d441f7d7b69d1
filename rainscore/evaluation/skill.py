"""Measures of skill from sums a day, so that days can be resampled and methods compared."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from rainscore.scores.bootstrap import day_weights, interval

STATISTICS = (
    "n",
    "pinball",
    "pinball_levels",
    "absolute_error",
    "covered",
    "width",
    "sum_p",
    "sum_t",
    "sum_pp",
    "sum_tt",
    "sum_pt",
    "sum_mean",
)


COLUMNS = ["method", "measure", "split", "group", "value", "low", "high", "days", "n"]


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
    pinball = np.maximum(tau * error, (tau - 1) * error)
    low, middle, high = quantiles[:, 0], quantiles[:, len(tau) // 2], quantiles[:, -1]
    covered = (truth >= low) & (truth <= high)
    columns = (
        np.ones_like(truth),
        pinball @ weights,
        pinball.mean(axis=1),
        np.abs(truth - middle),
        covered,
        high - low,
        middle,
        truth,
        middle**2,
        truth**2,
        middle * truth,
        quantiles @ weights,
    )
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1)


class DaySums:
    """Sums of rows by method, grouping, group and day.

    Args:
        size: Numbers in a row.
    """

    def __init__(self, size: int = len(STATISTICS)) -> None:
        self._sums: dict[tuple, np.ndarray] = defaultdict(lambda: np.zeros(size))

    def add(
        self,
        method: str,
        day: str,
        split: str,
        names: Sequence[str],
        groups: np.ndarray,
        statistics: np.ndarray,
    ) -> None:
        """Add rows (n, size) whose group (n,) is an index into `names`."""
        groups = np.asarray(groups)
        known = np.bincount(groups, minlength=len(names))
        sums = [np.bincount(groups, column, len(names)) for column in statistics.T]
        for index in np.flatnonzero(known).tolist():
            self._sums[method, split, names[index], day] += [column[index] for column in sums]

    def count(
        self,
        method: str,
        day: str,
        split: str,
        names: Sequence[str],
        groups: np.ndarray,
        places: np.ndarray,
    ) -> None:
        """Count for each value (n,) the place in its group's row, 0 … size − 1."""
        groups = np.asarray(groups)
        for index in np.unique(groups):
            row = self._sums[method, split, names[index], day]
            row += np.bincount(places[groups == index], minlength=row.size)

    def table(self) -> pd.DataFrame:
        """Columns method, split, group, day and the statistics."""
        keys = pd.DataFrame(list(self._sums), columns=["method", "split", "group", "day"])
        values = np.array(list(self._sums.values())).reshape(-1, len(STATISTICS))
        return keys.join(pd.DataFrame(values, columns=list(STATISTICS)))

    def cubes(self):
        """Each grouping's group: (split, group), methods, days, and sums (method, day, size)."""
        groups: dict[tuple[str, str], dict[tuple[str, str], np.ndarray]] = defaultdict(dict)
        for (method, split, group, day), row in self._sums.items():
            groups[split, group][method, day] = row
        for place in sorted(groups):
            rows = groups[place]
            methods = sorted({method for method, _ in rows})
            days = sorted({day for _, day in rows})
            empty = np.zeros_like(next(iter(rows.values())))
            cube = [[rows.get((method, day), empty) for day in days] for method in methods]
            yield place, methods, days, np.array(cube)


def share_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Shares with 95 % intervals from resampling days.

    Args:
        sums: Of one method and group; rows of counts and, in the last place, what they are of.

    Returns:
        One row a count: share, low, high, n (what it is of), days.
    """
    rows = []
    for _, _, days, cube in sums.cubes():
        total = cube[0].sum(axis=0)
        drawn = day_weights(len(days), resamples=resamples, seed=seed) @ cube[0]
        for i, counted in enumerate(total[:-1]):
            low, high = interval(drawn[:, i] / np.maximum(drawn[:, -1], 1), len(days))
            share = counted / max(total[-1], 1)
            rows.append((share, low, high, int(total[-1]), len(days)))
    return pd.DataFrame(rows, columns=["share", "low", "high", "n", "days"])


def measures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Measures from sums (..., len(STATISTICS)): each has the leading dims.

    - crps: twice the pinball loss weighted over the levels (as `quantiles.crps_from_quantiles`);
      pinball: its plain mean over the levels;
    - mae, r2, correlation (Pearson's): of the median; r2 = 1 − Σ error² / Σ (score − mean)²;
    - coverage, width: of the interval between the outer two quantiles;
    - predicted, found: means of the predicted distributions and of the scores.
    """
    s = {name: sums[..., i] for i, name in enumerate(STATISTICS)}
    with np.errstate(invalid="ignore", divide="ignore"):
        n = s["n"]
        covariance = s["sum_pt"] - s["sum_p"] * s["sum_t"] / n
        spread_p = s["sum_pp"] - s["sum_p"] ** 2 / n
        spread_t = s["sum_tt"] - s["sum_t"] ** 2 / n
        product = spread_p * spread_t
        correlation = np.where(product > 1e-12 * n**2, covariance / np.sqrt(product), np.nan)
        squared = s["sum_pp"] - 2 * s["sum_pt"] + s["sum_tt"]
        return {
            "crps": 2 * s["pinball"] / n,
            "pinball": s["pinball_levels"] / n,
            "mae": s["absolute_error"] / n,
            "r2": np.where(spread_t > 1e-9 * n, 1 - squared / spread_t, np.nan),
            "correlation": correlation,
            "coverage": s["covered"] / n,
            "width": s["width"] / n,
            "predicted": s["sum_mean"] / n,
            "found": s["sum_t"] / n,
        }


def skill_table(sums: DaySums, *, reference: str, resamples: int, seed: int) -> pd.DataFrame:
    """Measures of every method with 95 % intervals from resampling days.

    Args:
        sums: Of `pixel_statistics`.
        reference: Method against which crps_skill = 1 − crps / crps(reference), and likewise
            pinball_skill, is taken, on the same pixels and the same resampled days.
        resamples: Bootstrap samples.
        seed: Of the samples; the same samples serve all methods, so differences are paired.

    Returns:
        Columns method, measure, split, group, value, low, high, days, n. With a single day, low
        and high are NaN: nothing can be said of other days.
    """
    rows = []
    for (split, group), methods, days, cube in sums.cubes():
        point = measures(cube.sum(axis=1))
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        drawn = measures(np.einsum("rd,mds->rms", weights, cube))
        for values in (point, drawn):
            for name in ("crps", "pinball"):
                base = values[name][..., [methods.index(reference)]]
                with np.errstate(invalid="ignore", divide="ignore"):
                    values[f"{name}_skill"] = 1 - values[name] / base
        for m, method in enumerate(methods):
            n = int(cube[m, :, 0].sum())
            for measure, value in point.items():
                low, high = interval(drawn[measure][:, m], len(days))
                rows.append(
                    (method, measure, split, group, float(value[m]), low, high, len(days), n)
                )
    return pd.DataFrame(rows, columns=COLUMNS)


def paired_table(
    sums: DaySums, *, splits: Sequence[str], resamples: int, seed: int
) -> pd.DataFrame:
    """Every pair of methods on the same windows and the same resampled days.

    Args:
        sums: Of `pixel_statistics`.
        splits: Groupings to compare in.
        resamples, seed: As in `skill_table`.

    Returns:
        Columns method, other, split, group; skill = 1 − crps / crps(other), skill_low, skill_high;
        difference = crps − crps(other), low, high (95 % intervals); p, that of no difference: twice
        the smaller share of the samples on one side of zero; days, n. NaN with a single day.
    """
    rows = []
    for (split, group), methods, days, cube in sums.cubes():
        if split not in splits:
            continue
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        point = measures(cube.sum(axis=1))["crps"]
        drawn = measures(np.einsum("rd,mds->rms", weights, cube))["crps"]
        for (m, method), (o, other) in permutations(enumerate(methods), 2):
            samples = drawn[:, m] - drawn[:, o]
            sides = min((samples <= 0).sum(), (samples >= 0).sum())
            with np.errstate(invalid="ignore", divide="ignore"):
                skill = 1 - point[m] / point[o]
                low, high = interval(1 - drawn[:, m] / drawn[:, o], len(days))
            row = {"method": method, "other": other, "split": split, "group": group}
            row |= {"skill": skill, "skill_low": low, "skill_high": high}
            row["difference"] = point[m] - point[o]
            row["low"], row["high"] = interval(samples, len(days))
            chance = min(2 * (sides + 1) / (resamples + 1), 1.0)
            row["p"] = chance if len(days) > 1 else np.nan
            rows.append({**row, "days": len(days), "n": int(cube[m, :, 0].sum())})
    return pd.DataFrame(rows)
