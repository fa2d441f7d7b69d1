"""Importance of the input channels for the predictions of the U-Net."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.evaluation.blocks import CHANNEL_NAMES
from rainscore.evaluation.daysums import DaySums, single_group
from rainscore.evaluation.skill import STATISTICS, measures, score_statistics
from rainscore.imerg.passes import SOURCES
from rainscore.scores.distribution import CENTRES
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import forward
from rainscore.training.unet import UNet

MAPS = 160
"""Maximum number of test maps."""

BATCH = 16
"""Maps per batch."""

INTACT = "intact"
"""Name of the predictions from unchanged inputs."""

CHANNEL_GROUPS = {
    "rain": ("rain", "valid"),
    "change over the half-hours around": (
        "change_previous",
        "change_next",
        "previous_known",
        "next_known",
    ),
    "microwave-only rain": ("mw_rain",),
    "microwave source": tuple(SOURCES),
    "time from microwave passes": ("age_last", "age_next", "age_known"),
    "weight of the infrared": ("ir_influence",),
    "phase": ("liquid",),
    "quality index": ("quality_index",),
}
"""Channels that are exchanged together."""


def permutation_importance(
    model: UNet,
    card: UNetCard,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Increase of the CRPS when a group of channels is replaced by that of another map.

    Permutation importance (Breiman 2001, doi:10.1023/A:1010933404324) map by map: a group keeps
    its spatial pattern and loses its relation to the other channels. At most `MAPS` test maps at
    equal distances are used; the replacement is a map of another day. Groups share information, so
    a small value does not mean that a group is uninformative.

    Args:
        model: The U-Net.
        card: Card of its model file.
        paths: Training files.
        splits: Split of each half-hour (`splits.split_blocks`).
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples and of the replacement maps.

    Returns:
        Columns group; value: relative increase of the CRPS over that of the intact inputs; low,
        high (95 % interval, paired; NaN with a single block of weather); days; n.
    """
    test = splits.loc[splits["split"] == "test", "time"].to_numpy()
    data = ScoreMaps(paths, test, hidden=card.hidden)
    rows = np.unique(np.linspace(0, len(data) - 1, MAPS).astype(int))
    donors = _donors(data.times[rows], np.random.default_rng([seed, 2]))
    inputs, target, wet, _ = (array.numpy() for array in data.read(rows))
    target = np.where(wet, target, np.nan)
    days = data.times[rows].astype("datetime64[D]")
    sums = DaySums(len(STATISTICS))
    for name, channels in {INTACT: (), **CHANNEL_GROUPS}.items():
        exchanged = [CHANNEL_NAMES.index(channel) for channel in channels]
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            changed = inputs[part].copy()
            changed[:, exchanged] = inputs[donors[part]][:, exchanged]
            masses, _ = forward(model, changed)
            for i, values in enumerate(masses, start):
                window = np.isfinite(target[i])
                scores = target[i][window].astype(np.float64)
                statistics = score_statistics(values[:, window].T, scores)
                n = len(scores)
                sums.add(name, np.full(n, days[i]), {"all": single_group(n)}, statistics)
    return _increase_table(sums, resamples=resamples, seed=seed)


def _donors(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Position of a random map of another day for each map; its own if there is no other day."""
    days = times.astype("datetime64[D]")
    others = [np.flatnonzero(days != day) for day in days]
    return np.array([rng.choice(o) if o.size else i for i, o in enumerate(others)])


def _increase_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Relative increase of the CRPS of each group of channels over the intact inputs."""
    rows = []
    for group in sums.groups():
        days, intact = len(group.days), group.methods.index(INTACT)
        values = measures(group.total())["crps"]
        samples = measures(group.resampled(resamples=resamples, seed=seed))["crps"]
        for m, name in enumerate(group.methods):
            if m != intact:
                low, high = group.interval(samples[:, m] / samples[:, intact] - 1)
                n = int(group.sums[m, :, 0].sum())
                rows.append((name, values[m] / values[intact] - 1, low, high, days, n))
    table = pd.DataFrame(rows, columns=["group", "value", "low", "high", "days", "n"])
    return table.sort_values("value", ascending=False, ignore_index=True)


def sensitivity(
    model: UNet, inputs: np.ndarray, pixel: tuple[int, int], spread: np.ndarray
) -> dict[str, np.ndarray]:
    """Gradients of the predicted mean score of one window with respect to the inputs.

    Args:
        model: The U-Net.
        inputs: Channels of one map, dims (channel, y, x).
        pixel: Row and column of the window.
        spread: Standard deviation of each channel, dims (channel,), to make them comparable.

    Returns:
        For each group of `CHANNEL_GROUPS`, dims (y, x): Σ |∂ mean / ∂ channel| · spread over its
        channels, the change of the score [1] when the channels of a pixel change by one standard
        deviation.
    """
    device = next(model.parameters()).device
    tensor = torch.from_numpy(inputs)[None].to(device).requires_grad_()
    masses, _ = model.eval()(tensor)
    (masses[0, :, pixel[0], pixel[1]] @ torch.from_numpy(CENTRES).to(masses)).backward()
    assert tensor.grad is not None
    change = tensor.grad[0].abs().cpu().numpy() * spread[:, None, None]
    return {
        name: change[[CHANNEL_NAMES.index(channel) for channel in channels]].sum(axis=0)
        for name, channels in CHANNEL_GROUPS.items()
    }
