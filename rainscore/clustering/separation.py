"""Are there clusters? A test of vectors against any distribution with a single mode.

Groups that are apart make the distribution of the vectors multimodal in some direction. The
direction is the one of lowest kurtosis on half of the days (Peña and Prieto 2001,
doi:10.1198/016214501753382345); the dip test (Hartigan and Hartigan 1985,
doi:10.1214/aos/1176346577) is applied to the other half. The test asks whether groups exist, not
how unique a partition is: a continuum is cut reproducibly as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import diptest
import numpy as np
import pandas as pd

from rainscore.clustering.labels import EXCLUDED_SPLITS

COMPONENTS = 4
"""Number of principal components of the vectors that are searched; more hide a group from the
search, because the days are few."""

STARTS, ITERATIONS = 10, 40
"""Random directions from which the search starts, and its iterations."""

SPLITS = 2
"""Random halvings of the days; each half is tested with the direction of the other one."""

SEPARATIONS = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Distances between planted groups, in standard deviations within a group."""

TRIALS = 20
"""Number of trials of each kind in the run."""

LEVEL = 0.05
"""p-value below which groups are reported."""


@dataclass(frozen=True)
class Separation:
    """Result of the test.

    Attributes:
        p_value: Smallest p-value of the dip tests times their number, at most 1 (Bonferroni):
            valid whatever their dependence.
        maps: Number of maps.
        days: Number of days.
    """

    p_value: float
    maps: int
    days: int

    @property
    def found(self) -> bool:
        """Whether groups are reported."""
        return self.p_value < LEVEL


def separation_of(vectors: np.ndarray, days: np.ndarray, *, seed: int) -> Separation:
    """Test whether vectors fall into groups.

    Args:
        vectors: Dims (map, L).
        days: Day of each map, dims (map,).
        seed: Random seed of the halvings and of the search.

    Returns:
        The result; the p-value is 1 with fewer than four days.
    """
    names, day = np.unique(days, return_inverse=True)
    if len(names) < 4:
        return Separation(1.0, len(vectors), len(names))
    scaled = whitened(vectors)
    rng = np.random.default_rng(seed)
    p_values = []
    for _ in range(SPLITS):
        first = np.isin(day, rng.permutation(len(names))[: len(names) // 2])
        for learned, tested in ((first, ~first), (~first, first)):
            projection = scaled[tested] @ _direction(scaled[learned], rng)
            p_values.append(diptest.diptest(projection.astype(np.float64))[1])
    p_value = min(len(p_values) * min(p_values), 1.0)
    return Separation(float(p_value), len(vectors), len(names))


def power_table(
    vectors: np.ndarray,
    days: np.ndarray,
    *,
    trials: int,
    seed: int,
    groups: tuple[int, ...] = (2, 4),
) -> pd.DataFrame:
    """Share of trials in which the test finds groups that were planted.

    A trial draws Gaussian vectors without groups that have the covariance of the given ones between
    days and within a day, and moves the members of each group along a direction of its own. The
    weather of a day belongs to one group, except half of its maps, which are drawn at random.

    Args:
        vectors, days: As in `separation_of`.
        trials: Number of trials of each kind.
        seed: Random seed.
        groups: Numbers of planted groups.

    Returns:
        groups, separation, found (share of trials), trials; with separation 0 the share of false
        alarms.
    """
    scaled = whitened(vectors)
    _, day = np.unique(days, return_inverse=True)
    count = day.max() + 1
    sums = np.stack([np.bincount(day, column, count) for column in scaled.T], axis=1)
    means = sums / np.bincount(day)[:, None]
    between, within = (np.cov(part.T, ddof=0) for part in (means, scaled - means[day]))
    rng = np.random.default_rng(seed)
    rows = []
    for number, separation in [(1, 0.0), *((g, s) for g in groups for s in SEPARATIONS)]:
        found = 0
        for _ in range(trials):
            drawn = _normal(between, count, rng)[day] + _normal(within, len(day), rng)
            drawn = whitened(drawn) + _shifts(day, number, separation, drawn.shape[1], rng)
            found += separation_of(drawn, day, seed=int(rng.integers(2**31))).found
        rows.append((number, separation, found / trials, trials))
    return pd.DataFrame(rows, columns=["groups", "separation", "found", "trials"])


def separation_table(
    vectors: Mapping[str, tuple[pd.DataFrame, np.ndarray]], *, seed: int
) -> pd.DataFrame:
    """Test of the maps of all days but the test days, with the power of the test.

    Args:
        vectors: Maps (time, split) and their vectors, dims (map, L), by name of the latent space.
        seed: Random seed.

    Returns:
        space, groups, separation, found, trials (as `power_table`, for two groups); the test of the
        maps themselves has groups 0 and its p_value, which is NaN in the other rows.
    """
    tables = []
    for name, (maps, values) in vectors.items():
        used = ~maps["split"].isin(EXCLUDED_SPLITS).to_numpy()
        days = maps["time"].to_numpy()[used].astype("datetime64[D]")
        result = separation_of(values[used], days, seed=seed)
        own = {"groups": 0, "separation": np.nan, "found": float(result.found), "trials": 1}
        power = power_table(values[used], days, trials=TRIALS, seed=seed, groups=(2,))
        rows = pd.concat([pd.DataFrame([{**own, "p_value": result.p_value}]), power])
        tables.append(rows.assign(space=name, maps=result.maps, days=result.days))
    return pd.concat(tables, ignore_index=True)


def _shifts(
    day: np.ndarray, groups: int, separation: float, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Shift of each map, dims (map, size); the centres of any two groups are equally far apart."""
    if groups == 1:
        return np.zeros((len(day), size))
    axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
    return separation / np.sqrt(2) * axes[planted_groups(day, groups, rng) % size]


def planted_groups(day: np.ndarray, groups: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the group of each map, dims (map,): that of its day, for half of the maps any group.

    Args:
        day: Number of the day of each map, dims (map,).
        groups: Number of groups.
        rng: Random generator.
    """
    label = rng.integers(0, groups, day.max() + 1)[day]
    return np.where(rng.random(len(day)) < 0.5, label, rng.integers(0, groups, len(day)))


def _normal(covariance: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    values, axes = np.linalg.eigh(np.atleast_2d(covariance))
    scale = np.sqrt(np.maximum(values, 0))
    return rng.standard_normal((count, len(values))) * scale @ axes.T


def whitened(vectors: np.ndarray) -> np.ndarray:
    """Leading principal components with variance 1, dims (map, at most COMPONENTS).

    Args:
        vectors: Dims (map, L).
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    kept = np.flatnonzero(strength > 1e-6 * max(strength[0], 1e-12))[:COMPONENTS]
    return left[:, kept] * np.sqrt(len(vectors))


def _direction(scaled: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Direction of lowest kurtosis, dims (component,), by the shifted power method."""
    axes = rng.standard_normal((scaled.shape[1], STARTS))
    axes /= np.linalg.norm(axes, axis=0)
    for _ in range(ITERATIONS):
        projected = scaled @ axes
        # Products, because powers of arrays are slow.
        axes = 6 * axes - scaled.T @ (projected * projected * projected) / len(scaled)
        axes /= np.linalg.norm(axes, axis=0)
    squared = (scaled @ axes) ** 2
    return axes[:, (squared * squared).mean(axis=0).argmin()]
