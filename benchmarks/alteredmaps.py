"""Rain maps of a run that are altered, and what its encoders make of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codemaps import count_codes
from rainscore.clustering.compositions import composition_vectors
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.latents import latent_columns
from rainscore.clustering.mapsets import read_rain, with_enough_rain
from rainscore.io import read_table
from rainscore.training.autoencoder import load_autoencoder
from rainscore.training.channels import CHANNELS, scale_rain, unscale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import forward, predict
from rainscore.training.unet import load_unet

Alteration = Callable[[np.ndarray, np.ndarray, float | np.ndarray], np.ndarray]
"""Function of rain (map, y, x) [mm/h], the number of the half-hour of each map, and a strength."""

BATCH = 64
"""Maps per batch of the auto-encoder."""

CELL_RATE = 30.0
"""Rain of a pixel before it is smoothed to a cell, whose peak is a sixth of it [mm/h]."""


def multiplied(rain: np.ndarray, numbers: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """Rain times a factor, one for all maps or one per map."""
    return rain * np.reshape(factor, (-1, 1, 1))


def with_cells(rain: np.ndarray, numbers: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Rain with added cells of 5 mm/h, in other places in each half-hour; share of pixels [1]."""
    cells = [np.random.default_rng(int(n)).random(rain.shape[1:]) < share for n in numbers]
    return rain + CELL_RATE * gaussian_filter(np.stack(cells).astype(np.float32), (0, 1, 1))


def without_weak(rain: np.ndarray, numbers: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
    """Rain without pixels below a rate [mm/h]."""
    return np.where(rain < rate, 0, rain)


def smoothed(rain: np.ndarray, numbers: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Rain smoothed with a Gaussian; standard deviation in pixels."""
    return gaussian_filter(rain, (0, width, width))


ALTERATIONS: dict[str, tuple[Alteration, tuple[float, ...]]] = {
    "rain multiplied": (multiplied, (5, 10, 30, 50, 100)),
    "cells added": (with_cells, (0.002, 0.004, 0.006, 0.008, 0.01)),
    "weak rain removed": (without_weak, (1, 2, 4)),
    "rain smoothed": (smoothed, (2, 4, 8, 16)),
}
"""Alterations, and the strengths that are tried."""


def alter_scaled(
    scaled: np.ndarray, numbers: np.ndarray, alteration: Alteration, strength: float | np.ndarray
) -> np.ndarray:
    """Alter scaled rain, and round it to half precision, as the training files store it.

    Args:
        scaled: Scaled rain, dims (map, y, x).
        numbers: Number of the half-hour of each map.
        alteration: The alteration.
        strength: Its strength, for all maps or for each.

    Returns:
        Dims (map, y, x), float32.
    """
    rain = alteration(unscale_rain(scaled), numbers, strength)
    return scale_rain(rain).astype(np.float16).astype(np.float32)


@dataclass(frozen=True)
class RunMaps:
    """Maps of a run with enough rain, on all days but the test days and the gaps.

    Attributes:
        results: Folder of the results.
        table: One row per map: time, split.
        rain: Scaled rain, dims (map, y, x), float32.
        numbers: Number of the half-hour of each map, since 1970.
    """

    results: Path
    table: pd.DataFrame
    rain: np.ndarray
    numbers: np.ndarray

    @classmethod
    def read(cls, results: Path, *, min_wet_share: float) -> "RunMaps":
        """Read the maps of a run."""
        maps = with_enough_rain(read_table(results / "latents.parquet"), min_wet_share)
        maps = maps[~maps["split"].isin(EXCLUDED_SPLITS)].reset_index(drop=True)
        rain = read_rain(_features(results), maps["time"].to_numpy())[:, 0].astype(np.float32)
        return cls(results, maps, rain, _numbers(maps["time"].to_numpy()))

    def latents(self, alteration: Alteration, strength: float | np.ndarray) -> np.ndarray:
        """Vectors of the auto-encoder, scaled as `latents.scaled_latents`, dims (map, L)."""
        model, _ = load_autoencoder(self.results / "models" / "autoencoder")
        rain = alter_scaled(self.rain, self.numbers, alteration, strength)[:, None]
        parts = [rain[i : i + BATCH] for i in range(0, len(rain), BATCH)]
        vectors = np.concatenate(
            [
                forward(model, part, call=lambda x: (model.encode(x, summary="invariant"),))[0]
                for part in parts
            ]
        )
        train = latent_columns(self.table)[(self.table["split"] == "train").to_numpy()]
        return (vectors - train.mean(axis=0)) / np.maximum(train.std(axis=0), 1e-6)

    def compositions(self, alteration: Alteration, strength: float | np.ndarray) -> np.ndarray:
        """Compositions of the codes of the U-Net, dims (map, family + 1).

        The half-hours before and after are altered as well; the windows with rain are those of the
        maps as they are.
        """
        model, card = load_unet(self.results / "models" / "unet")
        book = CodeBook.load(self.results / "models" / "codebook")
        times = self.table["time"].to_numpy()
        data = AlteredMaps(_features(self.results), times, hidden=card.hidden)
        data.alter = partial(alter_scaled, alteration=alteration, strength=strength)
        counts = [
            count_codes(book.assign_maps(maps, wet), len(book.centres))
            for (_, _, wet, _), (maps,) in predict(model, data, call=model.features)
        ]
        return composition_vectors(np.concatenate(counts), book.family)


class AlteredMaps(ScoreMaps):
    """Input channels with altered rain; the microwave rain is altered where it is observed.

    Attributes:
        alter: Function of scaled rain (map, y, x) and the number of the half-hour of each map.
    """

    alter: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def _map(self, position: int, name: str, channel: int | None = None) -> np.ndarray:
        values = super()._map(position, name, channel)
        rain = CHANNELS.index("rain")
        if name != "inputs" or channel not in (None, rain):
            return values
        number = _numbers(self._times[[position]])
        if channel == rain:
            return self.alter(values[None].astype(np.float32), number)[0].astype(np.float16)
        values = values.astype(np.float32)
        seen = values[[CHANNELS.index(f"source_{kind}") for kind in ("imager", "ssmis", "sounder")]]
        microwave = CHANNELS.index("mw_rain")
        altered = self.alter(values[[rain, microwave]], np.repeat(number, 2))
        values[rain] = altered[0]
        values[microwave] = np.where(seen.any(axis=0), altered[1], values[microwave])
        return values.astype(np.float16)


def _features(results: Path) -> Sequence[Path]:
    return sorted((results / "features").glob("*.h5"))


def _numbers(times: np.ndarray) -> np.ndarray:
    return times.astype("datetime64[m]").astype(np.int64) // 30
