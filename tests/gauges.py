"""Scored maps for tests of the verification with gauges."""

import json
from pathlib import Path

import numpy as np

from rainscore.grids import Grid, window_grid
from rainscore.io import write_netcdf
from rainscore.prediction.fields import window_dataset

GRID = window_grid(centre=(-50, -25), size_km=(160, 160), step_km=8)

ATTRIBUTES = {
    "score": json.dumps({"name": "affinity", "wet_threshold_mm_h": 0.1, "window_km": 48}),
    "world": "real",
    "version": "early V06E",
    "trained_on": "a simulated world",
    "model_unet_sha256": "abc",
}


def write_map(
    folder: Path,
    time: str,
    rain: float | np.ndarray,
    *,
    score: float | np.ndarray = np.nan,
    hidden: float | np.ndarray = np.nan,
    grid: Grid = GRID,
    name: str | None = None,
    **attributes: str,
) -> Path:
    """Write a scored map as `rainscore score` does; numbers fill the whole map."""
    values = {"precipitation": rain, "score": score, "hidden_rain_probability": hidden}
    maps = {key: np.broadcast_to(value, grid.shape) for key, value in values.items()}
    dataset = window_dataset(maps, {}, grid, np.datetime64(time, "ns"))
    dataset["score_copy"] = dataset["score"]  # a further variable
    dataset.attrs |= ATTRIBUTES | attributes
    path = folder / (name or f"{time.replace(':', '')}.nc")
    write_netcdf(dataset, path)
    return path
