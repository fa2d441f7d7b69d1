"""The held-out days: every method's prediction of the score beside the score found."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.baselines import ConditionalClimatology
from rainscore.calibration import calibrated
from rainscore.classes import (
    AGE_CLASSES,
    AGE_NAMES,
    QUALITY_CLASSES,
    RAIN_NAMES,
    pixel_classes,
    season_of,
)
from rainscore.dataset import ScoreMaps
from rainscore.evaluation import DaySums, pixel_statistics, skill_table
from rainscore.featurefiles import read_features
from rainscore.features import SOURCE_NAMES
from rainscore.mapscore import map_features, map_score
from rainscore.networks.unet import UNet
from rainscore.training import predict

CLIMATOLOGY = "climatology"


def _cluster_classes(clusters: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Class of each map: 0 for too little rain, 1 + cluster."""
    known = clusters.set_index("time")["cluster"]
    return known.reindex(times.astype("datetime64[ns]")).to_numpy(int) + 1


def fit_baselines(
    paths: Sequence[Path], times: np.ndarray, clusters: Mapping[str, pd.DataFrame]
) -> dict[str, ConditionalClimatology]:
    """Distribution of the score given each class, over the training days where IMERG has rain."""
    sizes = {
        CLIMATOLOGY: 1,
        "source and age": len(SOURCE_NAMES) * AGE_CLASSES,
        "quality index": QUALITY_CLASSES,
        **{f"cluster ({m})": int(c["cluster"].max()) + 2 for m, c in clusters.items()},
    }
    baselines = {name: ConditionalClimatology(size) for name, size in sizes.items()}
    for at, block in read_features(paths, times, ["inputs", "quality", "target", "wet"]):
        defined = block["wet"] & np.isfinite(block["target"])
        truth = block["target"][defined].astype(np.float64)
        for name, labels in _labels(block, at, clusters).items():
            baselines[name].add(labels[defined], truth)
    return baselines


def _labels(
    block: dict[str, np.ndarray], times: np.ndarray, clusters: Mapping[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    """Class of each pixel for each baseline, dims (map, y, x)."""
    classes = pixel_classes(block["inputs"], block["quality"])
    shape = block["wet"].shape
    whole = {
        f"cluster ({m})": np.broadcast_to(_cluster_classes(c, times)[:, None, None], shape)
        for m, c in clusters.items()
    }
    return {
        CLIMATOLOGY: np.zeros(shape, int),
        "source and age": classes["source_age"],
        "quality index": classes["quality"],
        **whole,
    }


def evaluate(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
    model: UNet,
    card: dict,
    calibration: dict,
    clusters: Mapping[str, pd.DataFrame],
    *,
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Skill of every method on the test days, where IMERG has rain; of whole maps; of hidden rain.

    Returns:
        The skill table (method, measure, split, group, value, low, high, days, n): `split` is the
        grouping (all, source, age, intensity, season, regime; `map` for the map score, `hidden`
        for the probability of hidden rain, whose measure is the Brier score). And the reliability
        of the U-Net: level, share of scores at or below the predicted quantile, n.
    """
    levels = model.settings.levels
    train = splits.loc[splits["split"] == "train", "time"].to_numpy()
    test = splits.loc[splits["split"] == "test", "time"].to_numpy()
    known = {
        name: baseline.quantiles(levels)
        for name, baseline in fit_baselines(paths, train, clusters).items()
    }
    regimes = table.set_index("time")["regime"]
    data = ScoreMaps(paths, test, hidden=card["hidden"])
    days, hidden, features = DaySums(), [], []
    below, count = np.zeros(len(levels)), 0
    predictions = predict(model, data, batch=16)
    blocks = read_features(paths, test, ["inputs", "quality", "target", "wet", "truth"], maps=16)
    for (at, block), (_, (quantiles, logit)) in zip(_aligned(blocks), predictions, strict=True):
        inputs = block["inputs"].astype(np.float32)
        features.append(map_features(quantiles, expit(logit), block["wet"], inputs))
        quantiles = calibrated(quantiles, inputs, calibration)
        truth = block["target"].astype(np.float64)
        defined = block["wet"] & np.isfinite(truth)
        below += (truth[:, None] <= quantiles).transpose(1, 0, 2, 3)[:, defined].sum(axis=1)
        count += int(defined.sum())
        hidden.append(_hidden_rows(at, block, logit))
        classes = pixel_classes(block["inputs"], block["quality"])
        labels = _labels(block, at, clusters)
        for i in range(len(at)):
            if not defined[i].any():
                continue
            here = defined[i]
            predicted = {name: known[name][labels[name][i][here]] for name in known}
            predicted["U-Net"] = quantiles[i][:, here].T
            groups = {
                "all": (["all"], np.zeros(int(here.sum()), int)),
                "source": (SOURCE_NAMES, classes["source"][i][here]),
                "age": (AGE_NAMES, classes["age"][i][here]),
                "intensity": (RAIN_NAMES, classes["intensity"][i][here]),
                **_map_groups(at[i], regimes, int(here.sum())),
            }
            for method, values in predicted.items():
                statistics = pixel_statistics(values, truth[i][here], levels)
                for split, (names, places) in groups.items():
                    days.add(method, _day(at[i]), split, names, places, statistics)
    whole = map_score(np.concatenate(features), calibration["map"])
    _add_maps(days, data.times, whole, table, clusters, train, levels)
    skill = skill_table(days.table(), reference=CLIMATOLOGY, resamples=resamples, seed=seed)
    brier = _brier(pd.concat(hidden), table, train, resamples=resamples, seed=seed)
    reliability = pd.DataFrame({"level": levels, "share": below / max(count, 1), "n": count})
    return pd.concat([skill, brier], ignore_index=True), reliability


def _aligned(blocks):
    """Blocks of at most 16 maps, joined across months as the network's batches are."""
    times = np.empty(0, "datetime64[s]")
    parts: dict[str, np.ndarray] = {}
    for at, block in blocks:
        times = np.concatenate([times, at])
        parts = {k: np.concatenate([parts[k], v]) if parts else v for k, v in block.items()}
        while len(times) >= 16:
            yield times[:16], {k: v[:16] for k, v in parts.items()}
            times, parts = times[16:], {k: v[16:] for k, v in parts.items()}
    if len(times):
        yield times, parts


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))


def _map_groups(time: np.datetime64, regimes: pd.Series, n: int) -> dict:
    """Groups that a whole map belongs to: season, and regime where the world is simulated."""
    stamp = pd.Timestamp(time)
    groups = {"season": ([season_of(stamp.month)], np.zeros(n, int))}
    regime = regimes.get(stamp)
    if isinstance(regime, str):
        groups["regime"] = ([regime], np.zeros(n, int))
    return groups


def _hidden_rows(
    times: np.ndarray, block: dict[str, np.ndarray], logit: np.ndarray
) -> pd.DataFrame:
    """Sums of each map over the windows that IMERG leaves dry: n, hidden, error of the U-Net."""
    dry = block["truth"] & ~block["wet"]
    found = np.isfinite(block["target"]) & dry
    probability = expit(logit.astype(np.float64))
    error = np.where(dry, (probability - found) ** 2, 0.0)
    rows = {
        "day": times.astype("datetime64[D]").astype(str),
        "n": dry.sum(axis=(1, 2)),
        "hidden": found.sum(axis=(1, 2)),
        "error": error.sum(axis=(1, 2)),
    }
    return pd.DataFrame(rows)


def _brier(
    rows: pd.DataFrame, table: pd.DataFrame, train: np.ndarray, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Brier score of hidden rain: U-Net, and the share of hidden rain on the training days."""
    past = table[table["time"].isin(train)]
    dry = (past["windows"] - past["imerg_wet_windows"]).sum()
    share = (past["defined"] - past["imerg_wet_windows"]).sum() / max(dry, 1)
    sums = rows.groupby("day")[["n", "hidden", "error"]].sum()
    constant = sums["hidden"] * (1 - share) ** 2 + (sums["n"] - sums["hidden"]) * share**2
    rng = np.random.default_rng([seed, len(sums)])
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), resamples)
    out = []
    for method, error in ((CLIMATOLOGY, constant), ("U-Net", sums["error"])):
        drawn = (weights @ error.to_numpy()) / np.maximum(weights @ sums["n"].to_numpy(), 1)
        low, high = np.percentile(drawn, [2.5, 97.5]) if len(sums) > 1 else (np.nan, np.nan)
        value = error.sum() / max(sums["n"].sum(), 1)
        row = (method, "brier", "hidden", "all", value, low, high, len(sums), int(sums["n"].sum()))
        out.append(row)
    names = ["method", "measure", "split", "group", "value", "low", "high", "days", "n"]
    return pd.DataFrame(out, columns=names)


def _add_maps(
    days: DaySums,
    times: np.ndarray,
    whole: pd.DataFrame,
    table: pd.DataFrame,
    clusters: Mapping[str, pd.DataFrame],
    train: np.ndarray,
    levels: Sequence[float],
) -> None:
    """Add the predictions of the map score: U-Net, clusters, climatology."""
    truth = table.set_index("time")["map_score"]
    past = truth[truth.index.isin(train)].dropna()
    found = truth.reindex(times.astype("datetime64[ns]")).to_numpy()
    value, low, high = (whole[name].to_numpy() for name in ("value", "low", "high"))
    quantiles = {
        "U-Net": np.stack(
            [np.interp(levels, (0.05, 0.5, 0.95), q) for q in zip(low, value, high, strict=True)]
        ),
        CLIMATOLOGY: np.broadcast_to(
            past.quantile(list(levels)).to_numpy(), (len(times), len(levels))
        ),
    }
    for method, assigned in clusters.items():
        labels = assigned.set_index("time")["cluster"]
        scores = pd.DataFrame({"cluster": labels, "score": past}).dropna()
        known = scores.groupby("cluster")["score"].quantile(np.array(levels)).unstack()
        here = labels.reindex(times.astype("datetime64[ns]"))
        rows = known.reindex(here).to_numpy()
        quantiles[f"cluster ({method})"] = np.where(np.isfinite(rows), rows, quantiles[CLIMATOLOGY])
    defined = np.isfinite(found) & np.isfinite(value)
    for method, rows in quantiles.items():
        statistics = pixel_statistics(rows[defined], found[defined], levels)
        for time, row in zip(times[defined], statistics, strict=True):
            days.add(method, _day(time), "map", ["all"], np.zeros(1, int), row[None])
