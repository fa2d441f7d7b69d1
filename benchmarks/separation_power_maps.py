"""Power of the test for groups of maps where real maps are altered and pass through the encoders.

The maps of one of two groups are altered, and both groups are encoded. A trial draws four fifths of
the days and the group of each map (that of its day, for half of the maps any group). Nothing is
planted where all maps are as they are, where all are altered alike, and where their rain is
multiplied by factors from a continuum.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.alteredmaps import ALTERATIONS, RunMaps, multiplied
from rainscore.clustering.separation import planted_groups, separation_of, whitened

ROOT = Path(__file__).resolve().parents[1]

SHARE = 0.8
"""Share of the days that a trial draws, without replacement: a day that is drawn twice would be a
group of equal maps."""

RIDGE = 1e-3
"""Share of the mean variance that is added to each component, for more components than days."""

CONTINUA = (
    ("continuum of days", 0.5, 10.0),
    ("continuum of days", 0.5, 50.0),
    ("continuum of maps", 0.0, 50.0),
)
"""Continua: name, share of the maps that have the factor of their day, and the factor of the two
groups with the same mean and spread of the logarithm."""

Vectors = Callable[[np.random.Generator, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Function of a random generator and the number of the day of each map: vectors and groups."""


def main() -> None:
    """Write the share of trials in which planted groups are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the results of a run")
    parser.add_argument("--trials", type=int, default=100, help="number of trials of each kind")
    parser.add_argument("--seed", type=int, default=20190101)
    parser.add_argument("--min-wet-share", type=float, default=0.02)
    parser.add_argument("--spaces", nargs="+", default=["auto-encoder", "codes"])
    parser.add_argument("--out", type=Path, default=ROOT / "docs/study/separation_power_maps.csv")
    options = parser.parse_args()
    maps = RunMaps.read(options.results, min_wet_share=options.min_wet_share)
    _, day = np.unique(maps.table["time"].dt.normalize(), return_inverse=True)
    rows = []
    for space in options.spaces:
        for number, (entries, draw) in enumerate(_cases(maps, space, day)):
            rng = np.random.default_rng([options.seed, number])
            rows.append({"space": space, **entries, **_trials(draw, day, options.trials, rng)})
            print(rows[-1], flush=True)
    pd.DataFrame(rows).to_csv(options.out, index=False, float_format="%.4g")


def _cases(maps: RunMaps, space: str, day: np.ndarray) -> Iterator[tuple[dict, Vectors]]:
    """What is planted, and the function that draws its vectors."""
    encode = maps.latents if space == "auto-encoder" else maps.compositions
    plain = encode(multiplied, 1.0)
    yield {"planted": "nothing", "alteration": "none", "strength": 0.0}, _alike(plain)
    if space == "auto-encoder":
        for planted, daily, factor in CONTINUA:
            entries = {"planted": planted, "alteration": "rain multiplied", "strength": factor}
            yield entries, _continuum(maps, factor, daily)
    for name, (alteration, strengths) in ALTERATIONS.items():
        for strength in strengths:
            altered = encode(alteration, strength)
            entries = {"alteration": name, "strength": strength}
            yield {"planted": "two groups", **entries}, _two_groups(plain, altered)
            yield {"planted": "nothing", **entries}, _alike(altered)


def _alike(vectors: np.ndarray) -> Vectors:
    return lambda rng, day: (vectors, np.zeros(len(day), np.int64))


def _two_groups(plain: np.ndarray, altered: np.ndarray) -> Vectors:
    def draw(rng: np.random.Generator, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        group = planted_groups(day, 2, rng)
        return np.where(group[:, None] == 1, altered, plain), group

    return draw


def _continuum(maps: RunMaps, factor: float, daily: float) -> Vectors:
    def draw(rng: np.random.Generator, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own, of_day = rng.standard_normal(len(day)), rng.standard_normal(day.max() + 1)[day]
        normal = np.where(rng.random(len(day)) < daily, of_day, own)
        factors = np.exp(np.log(factor) / 2 * (1 + normal))
        return maps.latents(multiplied, factors), np.zeros(len(day), np.int64)

    return draw


def _trials(draw: Vectors, day: np.ndarray, trials: int, rng: np.random.Generator) -> dict:
    """Separation of the groups and share of the trials in which the test finds them."""
    found: list[bool] = []
    distances: list[list[float]] = []
    count = day.max() + 1
    for _ in range(trials):
        vectors, group = draw(rng, day)
        used = np.isin(day, rng.permutation(count)[: round(SHARE * count)])
        drawn, days, group = vectors[used], day[used], group[used]
        found.append(separation_of(drawn, days, seed=int(rng.integers(2**31))).found)
        if group.any() and len(distances) < 20:
            half = np.isin(days, rng.permutation(count)[: count // 2])
            distances.append([distance(v, group, half) for v in (whitened(drawn), drawn)])
    searched, whole = np.mean(distances, axis=0) if distances else (np.nan, np.nan)
    entries = {"separation": searched, "separation_all": whole, "found": np.mean(found)}
    return {**entries, "trials": trials, "days": round(SHARE * count), "maps": len(day)}


def distance(vectors: np.ndarray, group: np.ndarray, learned: np.ndarray) -> float:
    """Distance of the means of two groups in standard deviations within them.

    It is measured along the discriminant direction, which is learned on other maps.

    Args:
        vectors: Dims (map, L).
        group: 0 or 1 for each map.
        learned: Whether the direction is learned on each map; the others are measured.
    """
    first, second = (vectors[learned & (group == g)] for g in (0, 1))
    within = np.concatenate([part - part.mean(axis=0) for part in (first, second)])
    covariance = np.atleast_2d(np.cov(within.T))
    ridge = RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    axis = np.linalg.solve(covariance + ridge, second.mean(axis=0) - first.mean(axis=0))
    low, high = (vectors[~learned & (group == g)] @ axis for g in (0, 1))
    spread = np.concatenate([low - low.mean(), high - high.mean()]).std()
    return float((high.mean() - low.mean()) / spread)


if __name__ == "__main__":
    main()
