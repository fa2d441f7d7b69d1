"""The table of all methods, on the real maps and on maps without clusters."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rainscore.clustering.comparison import (
    ALL_SEEDS,
    COLUMNS,
    HELD_OUT,
    YARDSTICK,
    Days,
    Runs,
    adjusted_rand,
    by_wet_share,
    explained,
    mutual_information,
    stability,
    with_interval,
)

Samples = dict[tuple[str, int, str, str], np.ndarray]
"""Value and draws (1 + resamples,) by method, seed, measure and group."""


def method_table(
    runs: Runs,
    maps: pd.DataFrame,
    null_runs: Runs,
    null_maps: pd.DataFrame,
    *,
    k: int,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare methods.

    Args:
        runs: On the real maps, by method and seed.
        maps: Those maps: time, split, wet_share, map_score, regime (NaN where unknown).
        null_runs, null_maps: The same of maps without clusters; they have no regime.
        k: Number of clusters.
        resamples: Draws of days for the 95 % intervals.
        seed: Of the draws.

    Returns:
        method, k, seed (−1: over all seeds), measure, group (a split), value, low, high, null (the
        value on maps without clusters). Measures: stability_seeds, stability_days (mean ARI),
        eta2, crps_skill, ari_regimes, nmi_regimes, balance (entropy over log k), smallest (share
        of the smallest cluster), empty, revived, seconds; stability_seeds_over_null and
        stability_days_over_null; and, beside k-means on the same days, each with
        `_over_kmeans`.
    """
    options = {"k": k, "resamples": resamples}
    real = _samples(runs, maps, **options, seed=seed)
    null = _samples(null_runs, null_maps, **options, seed=seed + 1)
    days = maps["time"].dt.normalize().groupby(maps["split"]).nunique()
    rows = [
        (
            method,
            k,
            run,
            measure,
            group,
            *with_interval(found, days[group]),
            _first(null, (method, run, measure, group)),
        )
        for (method, run, measure, group), found in real.items()
    ]
    for (method, run, measure, group), found in real.items():
        key = (method, run, measure, group)
        if measure.startswith("stability"):
            gain = with_interval(found - null[key], days[group])
            rows.append((method, k, run, f"{measure}_over_null", group, *gain, np.nan))
        other = ("kmeans", run, measure, group)
        if method != "kmeans" and other in real and run == ALL_SEEDS:
            gain = with_interval(found - real[other], days[group])
            rows.append((method, k, run, f"{measure}_over_kmeans", group, *gain, np.nan))
    for (method, run), table in runs.items():
        plain = _plain(table, k)
        without = _plain(null_runs[method, run], k)
        rows += [
            (method, k, run, name, "train", value, np.nan, np.nan, without[name])
            for name, value in plain.items()
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _samples(runs: Runs, maps: pd.DataFrame, *, k: int, resamples: int, seed: int) -> Samples:
    """All measures that have draws of days; the mean over the seeds stands at ALL_SEEDS."""
    train = np.flatnonzero(maps["split"] == "train")
    found: Samples = {}
    days = Days.drawn(maps["time"].iloc[train], resamples, seed)
    for method in dict.fromkeys(method for method, _ in runs):
        own = [table.iloc[train] for (name, _), table in runs.items() if name == method]
        for of in ("seeds", "days"):
            found[method, ALL_SEEDS, f"stability_{of}", "train"] = stability(
                own, days, of=of, seed=seed
            )
    labels = {key: table["cluster"].to_numpy() for key, table in runs.items()}
    labels[YARDSTICK, ALL_SEEDS] = by_wet_share(maps, k)
    for group in HELD_OUT:
        for (method, run), clusters in labels.items():
            for measure, samples in _held_out(clusters, maps, train, group, resamples, seed):
                found[method, run, measure, group] = samples
    for method, _, measure, group in list(found):
        if (method, ALL_SEEDS, measure, group) not in found:
            seeds = [
                x for (m, _, n, g), x in found.items() if (m, n, g) == (method, measure, group)
            ]
            found[method, ALL_SEEDS, measure, group] = np.mean(seeds, axis=0)
    return found


def _held_out(
    clusters: np.ndarray,
    maps: pd.DataFrame,
    train: np.ndarray,
    group: str,
    resamples: int,
    seed: int,
) -> Iterator[tuple[str, np.ndarray]]:
    """Measures on the held-out maps of a split."""
    scores = maps["map_score"].to_numpy()
    held = (maps["split"] == group).to_numpy()
    rows = np.flatnonzero(held & np.isfinite(scores))
    if len(rows):
        days = Days.drawn(maps["time"].iloc[rows], resamples, seed)
        for name, sums in explained(clusters, scores, train, rows, days).items():
            yield name, sums.value(days.weights)
    regimes = maps["regime"] if "regime" in maps else pd.Series(np.nan, maps.index)
    known = np.flatnonzero(held & regimes.notna())
    if len(known):
        days = Days.drawn(maps["time"].iloc[known], resamples, seed)
        tables = days.tables(regimes.iloc[known].to_numpy(str), clusters[known])
        yield "ari_regimes", adjusted_rand(tables)
        yield "nmi_regimes", mutual_information(tables)


def _plain(table: pd.DataFrame, k: int) -> dict[str, float]:
    """What needs no draws: the sizes of the clusters on the training maps, revivals, time."""
    train = table[table["split"] == "train"]
    shares = np.bincount(train["cluster"], minlength=k) / len(train)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum()
    return {
        "balance": float(entropy / np.log(k)) if k > 1 else np.nan,
        "smallest": float(shares.min()),
        "empty": float((shares == 0).sum()),
        "revived": float(table["revived"].iloc[0]),
        "seconds": float(table["seconds"].iloc[0]),
    }


def _first(samples: Samples, key: tuple[str, int, str, str]) -> float:
    return float(samples[key][0]) if key in samples else np.nan
