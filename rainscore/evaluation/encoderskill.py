"""Skill of the codes of windows by encoder, method and number of codes, next to the U-Net."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.clustering.codebook import code_masses
from rainscore.clustering.windowsamples import WindowSample
from rainscore.evaluation.daysums import DaySums, GroupSums, single_group
from rainscore.evaluation.skill import CLIMATOLOGY, UNET
from rainscore.scores.bootstrap import weather_blocks
from rainscore.scores.distribution import MASSES, crps, masses_of

LABELLED = ("train", "calibration")
"""Samples from which the codes are labelled."""

COLUMNS = [
    *("kind", "encoder", "method", "codes", "measure"),
    *("value", "low", "high", "seeds", "spread", "blocks", "n"),
]
"""Columns of the table."""


class CodesRun(NamedTuple):
    """One clustering of the windows.

    Attributes:
        encoder: Name of the encoder.
        method: Name of the method.
        codes: Number of codes asked for.
        seed: Random seed.
    """

    encoder: str
    method: str
    codes: int
    seed: int

    def __str__(self) -> str:
        return "/".join(map(str, self))

    @classmethod
    def parse(cls, text: str) -> "CodesRun":
        """Inverse of `str`."""
        encoder, method, codes, seed = text.split("/")
        return cls(encoder, method, int(codes), int(seed))


@dataclass(frozen=True)
class EvaluatedWindows:
    """Windows on which the codes are evaluated.

    Attributes:
        kind: Kind of the case, such as `test days`.
        name: Name of the case.
        windows: Its windows.
    """

    kind: str
    name: str
    windows: WindowSample


def compare_encoders(
    labelled: Mapping[str, WindowSample],
    evaluated: Sequence[EvaluatedWindows],
    runs: Mapping[CodesRun, Mapping[str, np.ndarray]],
    *,
    reference: str,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare clusterings of windows on days that none has learnt from.

    Args:
        labelled: Samples LABELLED, from which each code gets its distribution
            (`codebook.code_masses`).
        evaluated: Windows of the test days and of the unseen worlds.
        runs: Code of each window by sample, for each clustering; those of the evaluated windows
            have the name of the case.
        reference: Method with which the others of the same encoder are compared.
        resamples: Number of bootstrap samples of two-day blocks.
        seed: Random seed of the bootstrap.

    Returns:
        COLUMNS; `measure` is crps_skill against the scores of the training windows, of_unet (its
        share of that of the calibrated U-Net), and over_{reference} (the skill minus that of the
        reference method with the same encoder, number of codes and seed, or with all seeds where
        it lacks that one), each the mean over the seeds with a 95 % interval over the same
        resampled blocks and over resampled seeds; `spread` is the range over the seeds.
    """
    climatology = masses_of(labelled["train"].scores)
    used = {name: labelled[name] for name in LABELLED}
    sums: dict[str, DaySums] = {}
    for case in evaluated:
        windows = case.windows
        blocks = np.char.add(f"{case.name} ", weather_blocks(windows.days).astype(str))
        predicted = _predictions(case, used, runs)
        for method, masses in (
            (CLIMATOLOGY, np.broadcast_to(climatology, (len(blocks), MASSES))),
            (UNET, windows.predicted),
            *predicted,
        ):
            loss = crps(masses, windows.scores)
            rows = np.stack([np.ones_like(loss), loss], axis=1)
            total = sums.setdefault(case.kind, DaySums(2))
            total.add(method, blocks, {"all": single_group(len(loss))}, rows)
    measured = [
        (kind, *row)
        for kind, total in sums.items()
        for group in total.groups()
        for row in _measures(group, reference, resamples=resamples, seed=seed)
    ]
    return pd.DataFrame(measured, columns=COLUMNS)


def _predictions(
    case: EvaluatedWindows,
    labelled: Mapping[str, WindowSample],
    runs: Mapping[CodesRun, Mapping[str, np.ndarray]],
) -> Iterator[tuple[str, np.ndarray]]:
    """Distributions of the scores of the windows of a case by clustering, dims (n, mass)."""
    for run, codes in runs.items():
        count = max(int(codes[name].max()) for name in (*labelled, case.name)) + 1
        masses = code_masses({name: codes[name] for name in labelled}, labelled, count)
        yield str(run), masses[codes[case.name]]


def _measures(
    group: GroupSums, reference: str, *, resamples: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Rows encoder, method, codes, measure, value, low, high, seeds, spread, blocks, n."""
    drawn = group.resampled(resamples=resamples, seed=seed)
    losses = np.concatenate([group.total()[None], drawn])[..., 1]  # (1 + resample, method)
    place = {name: i for i, name in enumerate(group.methods)}
    skill = 1 - losses / losses[:, [place[CLIMATOLOGY]]]
    unet = skill[:, place[UNET]]
    parts = [CodesRun.parse(name) for name in place if name not in (CLIMATOLOGY, UNET)]
    of_seed = {run: skill[:, place[str(run)]] for run in parts}
    ending = (len(group.days), int(group.total()[0, 0]))

    def row(key: tuple, measure: str, values: np.ndarray) -> tuple[object, ...]:
        mean = values.mean(axis=1)
        ends = group.interval(resampled_seeds(values[1:], seed=seed))
        spread = float(np.ptp(values[0]))
        return (*key, measure, float(mean[0]), *ends, values.shape[1], spread, *ending)

    yield row((UNET, "", 0), "crps_skill", unet[:, None])
    for key in dict.fromkeys(run[:3] for run in parts):
        encoder, method, codes = key
        values = _seeds(of_seed, key)
        stacked = np.stack(list(values.values()), axis=1)  # (1 + resample, seed)
        yield row(key, "crps_skill", stacked)
        yield row(key, "of_unet", stacked / unet[:, None])
        base = _seeds(of_seed, (encoder, reference, codes))
        if base and method != reference:
            mean = np.mean(list(base.values()), axis=0)
            gains = [value - base.get(number, mean) for number, value in values.items()]
            yield row(key, f"over_{reference}", np.stack(gains, axis=1))


def _seeds(
    of_seed: Mapping[CodesRun, np.ndarray], key: tuple[str, str, int]
) -> dict[int, np.ndarray]:
    """Skills of the runs of one encoder, method and number of codes, by their seed."""
    return {run.seed: skill for run, skill in of_seed.items() if run[:3] == key}


def resampled_seeds(values: np.ndarray, *, seed: int) -> np.ndarray:
    """Means over seeds that are drawn with replacement, one draw per resample of the blocks.

    Deviations from the mean of all n seeds are multiplied by √(n / (n − 1)): a bootstrap of few
    values has a variance that is too small by this factor squared. A single seed has no variation.

    Args:
        values: Dims (resample, seed).
        seed: Random seed of the draws.

    Returns:
        Dims (resample,).
    """
    count = values.shape[1]
    mean = values.mean(axis=1)
    if count == 1:
        return mean
    drawn = np.random.default_rng(seed).integers(count, size=values.shape)
    chosen = np.take_along_axis(values, drawn, axis=1).mean(axis=1)
    return mean + np.sqrt(count / (count - 1)) * (chosen - mean)
