"""A tiny world made in memory: month pairs, scores and training files for the tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.features.files import write_features
from rainscore.grids import imerg_cells, study_grid
from rainscore.imerg import FIELDS
from rainscore.period import steps
from rainscore.regridding.conservative import overlap_weights
from rainscore.scoremaps import ScoreSettings, score_month

GRID = study_grid(centre=(2.5, 46.6), size_km=320, step_km=8)
CELLS = imerg_cells(GRID)
LEARNING = GRID.coarsen(2)
SCORE = ScoreSettings(
    name="amount", threshold=0.2, window_km=48, min_valid=0.5, learning_step_km=16
)


def month_pair(start: str, end: str, *, seed: int = 0) -> xr.Dataset:
    """Pairs of smooth random rain: IMERG sees it well with microwave, badly without."""
    times = steps(start, end)
    shape = (times.size, *CELLS.shape)
    numbers = times.astype("datetime64[m]").astype(int) // 30
    phase = np.stack([np.random.default_rng([seed, n]).uniform(0, 6, 3) for n in numbers], axis=1)
    y, x = np.meshgrid(np.linspace(0, 6, CELLS.ny), np.linspace(0, 6, CELLS.nx), indexing="ij")
    wave = sum(
        np.sin((i + 1) * x + p[:, None, None]) * np.cos(i * y + p[0]) for i, p in enumerate(phase)
    )
    truth = np.maximum(wave, 0).astype(np.float32)
    seen = numbers % 3 == 0
    blurred = np.roll(truth, 4, axis=2) * 0.5
    rain = np.where(seen[:, None, None], truth, blurred).astype(np.float32)
    fields = {name: np.full(shape, np.nan, np.float32) for name in FIELDS}
    fields["precipitation"] = rain
    fields["mw_source"] = np.where(seen[:, None, None], 9, 0) * np.ones(shape, np.float32)
    fields["mw_precipitation"][seen] = rain[seen]
    fields["ir_influence"] = np.where(seen[:, None, None], 0, 60) * np.ones(shape, np.float32)
    fields["liquid_probability"][:] = 100
    fields["quality_index"] = np.where(seen[:, None, None], 0.9, 0.4) * np.ones(shape, np.float32)
    weights = overlap_weights(CELLS, GRID)
    coords = {"time": times, "y": GRID.y, "x": GRID.x, "lat": CELLS.y, "lon": CELLS.x}
    variables: dict = {name: (("time", "lat", "lon"), values) for name, values in fields.items()}
    variables["imerg"] = (("time", "y", "x"), weights.apply(rain)[0])
    variables["radar"] = (("time", "y", "x"), weights.apply(truth)[0])
    variables["imerg_state"] = variables["radar_state"] = (("time",), np.zeros(times.size, np.int8))
    attrs = {"grid": json.dumps(GRID.as_dict()), "cells": json.dumps(CELLS.as_dict())}
    return xr.Dataset(variables, coords, attrs)


def training_file(
    folder: Path, start: str, end: str, *, seed: int = 0
) -> tuple[Path, pd.DataFrame]:
    """A training file of such pairs, and the score table of its maps."""
    pair = month_pair(start, end, seed=seed)
    maps, table = score_month(pair, SCORE)
    path = folder / f"{start[:7]}.h5"
    write_features(pair, maps, overlap_weights(CELLS, LEARNING), path)
    return path, table
