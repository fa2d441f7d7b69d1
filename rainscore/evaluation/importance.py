"""Which inputs the U-Net's predictions depend on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.evaluation.skill import DaySums, measures, pixel_statistics
from rainscore.imerg.passes import SOURCES
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps, input_channels
from rainscore.training.inference import forward
from rainscore.training.unet import UNet

MAPS = 160


BATCH = 16


INTACT = "intact"


GROUPS = {
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
}
"""Channels that are exchanged together, by what they tell."""


NAMES = input_channels(CHANNELS)


def permutation_importance(
    model: UNet,
    card: dict,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """How much worse the U-Net predicts when a group of channels is that of another map.

    Breiman 2001 (doi:10.1023/A:1010933404324), map by map, so that a group keeps its own pattern
    and loses only what it has to do with the rest. At most `MAPS` test maps are used, at equal
    distances; the others' channels come from another day. What one group tells, another may tell
    too (the rain half an hour ago is nearly the rain now): a small value does not mean that the
    group holds nothing.

    Args:
        model, card: The U-Net and its card.
        paths: Training files.
        splits: Of `period.split_blocks`.
        resamples: Bootstrap samples of days.
        seed: Of the samples and of the exchange.

    Returns:
        Columns group, value: increase of the CRPS over that of the intact inputs, as its share;
        low, high (95 % interval, paired by days), days, n. The interval of one day is NaN.
    """
    test = splits.loc[splits["split"] == "test", "time"].to_numpy()
    data = ScoreMaps(paths, test, hidden=card["hidden"])
    rows = np.unique(np.linspace(0, len(data) - 1, MAPS).astype(int))
    donors = _donors(data.times[rows], np.random.default_rng([seed, 2]))
    inputs, target, wet, _ = (array.numpy() for array in data.read(rows))
    days = np.datetime_as_string(data.times[rows], "D")
    judged = wet & np.isfinite(target)
    sums = DaySums()
    for name, channels in {INTACT: (), **GROUPS}.items():
        place = [NAMES.index(channel) for channel in channels]
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            shown = inputs[part].copy()
            shown[:, place] = inputs[donors[part]][:, place]
            quantiles, _ = forward(model, shown)
            for i, values in enumerate(quantiles, start):
                found = target[i][judged[i]].astype(np.float64)
                rows_of = pixel_statistics(values[:, judged[i]].T, found, model.settings.levels)
                zeros = np.zeros(len(found), int)
                sums.add(name, days[i], "all", ["all"], zeros, rows_of)
    return _increase(sums, resamples=resamples, seed=seed)


def _donors(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each map another one, drawn from the other days; itself where there is no other day."""
    days = times.astype("datetime64[D]")
    others = [np.flatnonzero(days != day) for day in days]
    return np.array([rng.choice(o) if o.size else i for i, o in enumerate(others)])


def _increase(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Relative increase of the CRPS of each group over the intact inputs."""
    rows = []
    for _, methods, days, cube in sums.cubes():
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        point = measures(cube.sum(axis=1))["crps"]
        drawn = measures(np.einsum("rd,mds->rms", weights, cube))["crps"]
        base = methods.index(INTACT)
        for m, name in enumerate(methods):
            if m != base:
                low, high = interval(drawn[:, m] / drawn[:, base] - 1, len(days))
                value = point[m] / point[base] - 1
                rows.append((name, value, low, high, len(days), int(cube[m, :, 0].sum())))
    table = pd.DataFrame(rows, columns=["group", "value", "low", "high", "days", "n"])
    return table.sort_values("value", ascending=False, ignore_index=True)


def sensitivity(
    model: UNet, inputs: np.ndarray, pixel: tuple[int, int], spread: np.ndarray
) -> dict[str, np.ndarray]:
    """Where and on what the predicted median of one window depends: gradients of the network.

    Args:
        model: The U-Net.
        inputs: Channels of one map, dims (channel, y, x).
        pixel: The window's row and column.
        spread: Standard deviation of each channel, dims (channel,), to make them comparable.

    Returns:
        For each group of `GROUPS`, dims (y, x): Σ |∂ median / ∂ channel| · spread of its channels,
        the change of the score [1] when the channels of a pixel change by their usual spread.
    """
    device = next(model.parameters()).device
    given = torch.from_numpy(inputs)[None].to(device).requires_grad_()
    quantiles, _ = model.eval()(given)
    quantiles[0, quantiles.shape[1] // 2, pixel[0], pixel[1]].backward()
    assert given.grad is not None
    change = given.grad[0].abs().cpu().numpy() * spread[:, None, None]
    return {
        name: change[[NAMES.index(channel) for channel in channels]].sum(axis=0)
        for name, channels in GROUPS.items()
    }
