"""Small synthetic pairs, scores and training files for the tests."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.config import load_config
from rainscore.grids import MOSAIC, Domain, imerg_cells, study_grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.reader import FIELDS
from rainscore.imerg.writer import write_granule
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import RadarSettings
from rainscore.scores.scoremaps import ScoreSettings, score_month
from rainscore.times import steps
from rainscore.training.cards import AutoEncoderCard, UNetCard
from rainscore.training.channels import CHANNELS, NORMALISATION
from rainscore.training.features import write_features
from rainscore.training.timecontext import input_channels


def radar_settings(radar: dict | None = None) -> RadarSettings:
    """Radar settings of a `radar` section of the configuration, by default of the default one."""
    section = load_config()["radar"] if radar is None else radar
    return RadarSettings(**{f.name: section[f.name] for f in fields(RadarSettings)})


GRID = study_grid(centre=(2.5, 46.6), size_km=320, step_km=8)
CELLS = imerg_cells(GRID)
LEARNING = GRID.coarsen(2)
TO_CELLS = overlap_weights(GRID, CELLS)
SCORE = ScoreSettings(
    name="affinity", wet_threshold_mm_h=0.2, window_km=48, min_valid_share=0.5, learning_step_km=16
)


DOMAIN = Domain(
    name="test", centre=(2.5, 46.6), size_km=320, step_km=8, learning_step_km=16, crs=MOSAIC
)


COMMON_CARD: dict[str, Any] = {
    "settings": {},
    "training": {},
    "normalisation": NORMALISATION,
    "grid": LEARNING,
    "score": SCORE,
    "splits": {},
    "data_sha256": {},
    "best_epoch": 1,
    "best_loss": 0.0,
    "maps": {},
}


def unet_card(**changes: Any) -> UNetCard:
    """Card of a U-Net of this world, with changed entries."""
    channels = tuple(input_channels(CHANNELS))
    card = UNetCard(**COMMON_CARD, channels=channels, hidden=(), run="final", domain=DOMAIN)
    return replace(card, **changes)


def autoencoder_card(**changes: Any) -> AutoEncoderCard:
    """Card of an auto-encoder of this world, with changed entries."""
    card = AutoEncoderCard(**COMMON_CARD, channels=("rain",), min_wet=0.02)
    return replace(card, **changes)


def month_pair(start: str, end: str, *, seed: int = 0) -> xr.Dataset:
    """Pairs of smooth random rain; IMERG is exact with microwave and blurred without."""
    times = steps(start, end)
    shape = (times.size, *CELLS.shape)
    numbers = times.astype("datetime64[m]").astype(int) // 30
    phase = np.stack([np.random.default_rng([seed, n]).uniform(0, 6, 3) for n in numbers], axis=1)
    y, x = np.meshgrid(np.linspace(0, 6, CELLS.ny), np.linspace(0, 6, CELLS.nx), indexing="ij")
    wave = sum(
        np.sin((i + 1) * x + p[:, None, None]) * np.cos(i * y + p[0]) for i, p in enumerate(phase)
    )
    truth = np.maximum(wave, 0).astype(np.float32)
    microwave = numbers % 3 == 0
    blurred = np.roll(truth, 4, axis=2) * 0.5
    rain = np.where(microwave[:, None, None], truth, blurred).astype(np.float32)
    maps = {name: np.full(shape, np.nan, np.float32) for name in FIELDS}
    maps["precipitation"] = rain
    maps["mw_source"] = np.where(microwave[:, None, None], 9, 0) * np.ones(shape, np.float32)
    maps["mw_precipitation"][microwave] = rain[microwave]
    maps["ir_influence"] = np.where(microwave[:, None, None], 0, 60) * np.ones(shape, np.float32)
    maps["liquid_probability"][:] = 100
    maps["quality_index"] = np.where(microwave[:, None, None], 0.9, 0.4) * np.ones(
        shape, np.float32
    )
    weights = overlap_weights(CELLS, GRID)
    coords = {"time": times, "y": GRID.y, "x": GRID.x, "lat": CELLS.y, "lon": CELLS.x}
    variables: dict = {name: (("time", "lat", "lon"), values) for name, values in maps.items()}
    variables["imerg"] = (("time", "y", "x"), weights.apply(rain)[0])
    variables["radar"] = (("time", "y", "x"), weights.apply(truth)[0])
    variables["radar_valid"] = (("time", "y", "x"), np.ones((times.size, *GRID.shape), np.float32))
    variables["imerg_state"] = variables["radar_state"] = (("time",), np.zeros(times.size, np.int8))
    attrs = {"grid": GRID.to_json(), "cells": CELLS.to_json()}
    return xr.Dataset(variables, coords, attrs)


def training_file(
    folder: Path, start: str, end: str, *, seed: int = 0
) -> tuple[Path, pd.DataFrame]:
    """Training file of the pairs of `month_pair`, and the score table of its maps."""
    pair = month_pair(start, end, seed=seed)
    maps, table = score_month(pair, TO_CELLS, SCORE)
    path = folder / f"{start[:7]}.h5"
    write_features(pair, maps, overlap_weights(CELLS, LEARNING), path)
    return path, table


def write_granules(folder: Path, pair: xr.Dataset) -> list[Path]:
    """Write a granule of the Final run for each half-hour of a pair; return their paths."""
    pair = pair.drop_vars(["imerg", "radar", "x", "y"])
    pair["precipitation_uncal"] = pair["precipitation"]
    paths = []
    for index, time in enumerate(pair["time"].values):
        paths.append(folder / granule_name("final", time, "V07B"))
        write_granule(paths[-1], pair.isel(time=index), run="final")
    return paths
