"""Summaries of the channels in each window, for the predictability of candidate scores."""

from pathlib import Path

import numpy as np

from rainscore.scores.scoremaps import ScoreSettings
from rainscore.training.channels import CHANNELS
from rainscore.training.features import read_features

NAMES = (*CHANNELS, "rain_max", "rain_std", "rain_around")
"""Mean of each channel in the window; maximum and standard deviation of the scaled rain in the
window; mean of the scaled rain over the map."""


def window_inputs(path: Path, times: np.ndarray, settings: ScoreSettings) -> dict[str, np.ndarray]:
    """Summarise the channels in adjacent windows.

    Args:
        path: Training file of a month.
        times: Half-hour starts, dims (time,), all in the file.
        settings: Settings of the score, for the size of the window.

    Returns:
        Arrays by name (`NAMES`), dims (time, row, column), float32.
    """
    side = round(settings.window_km / settings.learning_step_km)
    rain_channel = CHANNELS.index("rain")
    blocks = []
    for _, read in read_features([path], times, ["inputs"]):
        inputs = read["inputs"].astype(np.float32)
        rows, columns = (n - n % side for n in inputs.shape[-2:])
        cut = inputs[..., :rows, :columns]
        n, channels, ny, nx = cut.shape
        tiles = cut.reshape(n, channels, ny // side, side, nx // side, side)
        rain = tiles[:, rain_channel]
        around = inputs[:, rain_channel].mean(axis=(1, 2))
        more = [rain.max(axis=(2, 4)), rain.std(axis=(2, 4))]
        more.append(np.broadcast_to(around[:, None, None], more[0].shape))
        blocks.append(np.concatenate([tiles.mean(axis=(3, 5)), np.stack(more, axis=1)], axis=1))
    values = np.concatenate(blocks)
    return {name: values[:, i] for i, name in enumerate(NAMES)}
