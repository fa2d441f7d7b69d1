"""Sets of maps that are clustered, with their auto-encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.base import ENCODE_BATCH
from rainscore.training.autoencoder import AutoEncoder, load_autoencoder
from rainscore.training.dataset import RainMaps


@dataclass(frozen=True)
class MapSet:
    """Maps with enough rain, in order of time.

    Attributes:
        rain: Log-rain maps, dims (n, 1, y, x), float16, nothing missing.
        table: One row per map: time, split, and further columns.
        encoder: Auto-encoder that was trained on maps of this kind.
    """

    rain: np.ndarray
    table: pd.DataFrame
    encoder: AutoEncoder

    @property
    def training_rows(self) -> np.ndarray:
        """Row numbers of the maps of the training split."""
        return np.flatnonzero(self.table["split"] == "train")


def read_maps(
    features: Sequence[Path | str], table: pd.DataFrame, encoder: Path, *, min_wet_share: float
) -> MapSet:
    """Read the maps whose wet share is large enough from training files.

    Args:
        features: Training files.
        table: One row per map: time, split, wet_share, and further columns.
        encoder: Path of the auto-encoder without suffix.
        min_wet_share: Minimum wet share of a map [1].
    """
    rainy = with_enough_rain(table, min_wet_share)
    rain = read_rain(sorted(Path(path) for path in features), rainy["time"].to_numpy())
    return MapSet(rain, rainy, load_autoencoder(encoder)[0])


def scored_maps(latents: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Join the maps with their scores.

    Args:
        latents: Table of all maps: time, split, wet_share.
        scores: Score tables: time, map_score, regime.

    Returns:
        time, split, wet_share, map_score and regime, in order of time; NaN where a map has no
        score or no known regime.
    """
    columns = scores[["time", "map_score", "regime"]]
    maps = latents[["time", "split", "wet_share"]].merge(columns, on="time", how="left")
    return maps.sort_values("time", ignore_index=True)


def with_enough_rain(table: pd.DataFrame, min_wet_share: float) -> pd.DataFrame:
    """Rows whose wet share is at least `min_wet_share`, in order of time, renumbered."""
    rainy = table[table["wet_share"] >= min_wet_share]
    return rainy.sort_values("time", ignore_index=True)


def read_rain(paths: Sequence[Path], times: np.ndarray) -> np.ndarray:
    """Read log-rain maps in half precision, as the training files store them.

    Args:
        paths: Training files.
        times: Half-hours, in order of time.

    Returns:
        Dims (n, 1, y, x), float16.

    Raises:
        ValueError: A half-hour is in no file.
    """
    data = RainMaps(paths, times)
    if len(data) != len(times):
        raise ValueError(f"{len(times) - len(data)} of {len(times)} half-hours are in no file")
    parts = np.array_split(np.arange(len(data)), max(len(data) // ENCODE_BATCH, 1))
    return np.concatenate([data.read(rows)[0].numpy().astype(np.float16) for rows in parts])


def thinned(rows: np.ndarray, max_rows: int) -> np.ndarray:
    """Select at most `max_rows` of the rows, evenly spaced, with both ends.

    >>> thinned(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    if len(rows) <= max_rows:
        return rows
    return rows[np.linspace(0, len(rows) - 1, max_rows).round().astype(int)]
