"""The candidates tried on a month: IMERG, known faults, worlds of one error, the radar's noise."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.choice.candidates import whole_windows, window_scores
from rainscore.choice.faults import FAULTS, faulty, thinning_draws
from rainscore.features.channels import CHANNELS
from rainscore.features.files import read_features
from rainscore.grids import Grid
from rainscore.pairs import RadarReader
from rainscore.period import HALF_HOUR
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights
from rainscore.scoremaps import ScoreSettings
from rainscore.world.errors import ERRORS
from rainscore.world.one_error import simulate_estimate

MAPS = 240
"""Half-hours of a month, evenly, on which IMERG is scored."""

FAULTY = 72
"""Those of them on which the radar is given faults, evenly."""

SIMULATED = 36
"""Those that simulated satellites with one kind of error see, evenly."""

NOISY = 40
"""Those of which the frames are read again for the radar's noise, evenly."""

WORLDS = tuple(name for name in ERRORS if name not in ("all", "perfect"))
"""Worlds whose satellites commit one kind of error."""

MAPS_A_CHUNK = 12
FEATURES = (*CHANNELS, "rain_max", "rain_std", "rain_around")


def try_scores(
    pair: xr.Dataset,
    features: Path,
    radar: RadarReader,
    settings: ScoreSettings,
    weights: tuple[Weights, Weights],
    *,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Try every candidate on a sample of a month's half-hours.

    Args:
        pair: The month's pairs; NaN is missing.
        features: Training file of the month, for what IMERG alone shows of each window.
        radar: Reader of the radar's frames onto the study grid.
        settings: How the score is taken.
        weights: From the study grid onto IMERG's cells, and back.
        seed: Of the thinning, and of the errors of the worlds.

    Returns:
        Sums (day, case, level, score, windows, total): total of the score over the windows where it
        is defined, when the radar is compared with itself under a fault (`case`, `level`); case
        `{fault} monotone` totals the windows whose score never rises with the level, `noise` that
        of even against odd frames, `world …` that of the simulated IMERG of the radar's own
        rain with one kind of error, `world … seen` the windows whose score is then below that of
        the simulated IMERG without error, `rainy` the windows with rain in either (score "").
        And the windows with rain in either product (time, imerg_wet, radar_share, the candidates
        of IMERG against the radar, `FEATURES`).
    """
    window = settings.pixels(Grid(**json.loads(pair.attrs["grid"])))[0]
    options: dict[str, Any] = {
        "threshold": settings.threshold,
        "window": window,
        "min_valid": settings.min_valid,
    }
    step_km = settings.window_km / window
    sums: list[pd.DataFrame] = []
    windows: list[pd.DataFrame] = []
    for times, imerg, truth in _maps(pair, MAPS, window):
        scores, f, o = window_scores(imerg, truth, **options)
        rainy = (f > 0) | (o > 0)
        sums.append(_sums(times, {"": np.where(np.isfinite(f), rainy, np.nan)}, "rainy"))
        shown = _window_features(features, times, settings)
        place = np.nonzero(rainy)
        columns = {"time": times[place[0]], "imerg_wet": f[place] > 0, "radar_share": o[place]}
        columns |= {name: value[place].astype(np.float32) for name, value in scores.items()}
        columns |= {name: shown[:, i][place] for i, name in enumerate(FEATURES)}
        windows.append(pd.DataFrame(columns))
    sums.extend(_world_sums(pair, window, options, weights, seed))
    for times, _, truth in _maps(pair, FAULTY, window):
        draws = thinning_draws(times, truth.shape[1:], step_km=step_km, seed=seed)
        for fault, levels in FAULTS.items():
            steps = [
                window_scores(
                    faulty(truth, fault, level, step_km=step_km, draws=draws), truth, **options
                )[0]
                for level in levels
            ]
            for level, step in zip(levels, steps, strict=True):
                sums.append(_sums(times, step, fault, level))
            series = {name: np.stack([step[name] for step in steps]) for name in steps[0]}
            sums.append(
                _sums(times, {n: _never_rises(v) for n, v in series.items()}, f"{fault} monotone")
            )
    for time in _sample(pair["time"].values, NOISY):
        halves = even_and_odd(radar, time)
        if halves is not None:
            even, odd = (whole_windows(half[None], window) for half in halves)
            sums.append(_sums(np.array([time]), window_scores(even, odd, **options)[0], "noise"))
    keys = ["day", "case", "level", "score"]
    table = pd.concat(sums).groupby(keys, as_index=False)[["windows", "total"]].sum()
    return table, pd.concat(windows, ignore_index=True)


def _world_sums(
    pair: xr.Dataset, window: int, options: dict[str, Any], weights: tuple[Weights, Weights], seed
) -> Iterator[pd.DataFrame]:
    """Sums of the scores in worlds with one kind of error, and of the windows that show it."""
    onto_cells, onto_study = weights
    # Whole fields: the satellites see more than the windows that lie side by side.
    for times, _, truth in _maps(pair, SIMULATED, 1):
        rain = onto_cells.apply(truth)[0]

        def scores(errors: str, times=times, truth=truth, rain=rain) -> dict[str, np.ndarray]:
            at, estimate = simulate_estimate(
                rain, times, onto_cells.target, errors=errors, seed=seed
            )
            seen = onto_study.apply(estimate[np.isin(at, times)])[0]
            pairs = (whole_windows(field, window) for field in (seen, truth))
            return window_scores(*pairs, **options)[0]

        perfect = scores("perfect")
        yield _sums(times, perfect, "world perfect")
        for world in WORLDS:
            found = scores(world)
            yield _sums(times, found, f"world {world}")
            yield _sums(
                times, {n: _below(v, perfect[n]) for n, v in found.items()}, f"world {world} seen"
            )


def _below(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Whether a score is below a reference, 1 or 0; NaN where either is undefined."""
    known = np.isfinite(values) & np.isfinite(reference)
    return np.where(known, values < reference - 1e-6, np.nan)


def even_and_odd(radar: RadarReader, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
    """Means of every other frame of a half-hour and of those between, on the reader's grid.

    None where a frame is missing or the half-hour has one frame only.
    """
    _, rates = radar.frames(start, start + HALF_HOUR)
    expected = 30 // radar.step_minutes
    if expected < 2 or len(rates) < expected or radar.weights is None:
        return None
    even, odd = (
        radar.weights.apply(
            half_hour_mean(rates[k::2], expected=len(rates[k::2]), min_fraction=1)[0],
            min_valid=0.5,
        )[0]
        for k in (0, 1)
    )
    return even, odd


def _sample(times: np.ndarray, number: int) -> np.ndarray:
    """At most `number` of the times, evenly."""
    return times[np.unique(np.linspace(0, times.size - 1, min(number, times.size)).astype(int))]


def _maps(
    pair: xr.Dataset, number: int, window: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Times and both products of a sample of the maps, some at a time."""
    times = _sample(pair["time"].values, number)
    for start in range(0, times.size, MAPS_A_CHUNK):
        part = pair[["imerg", "radar"]].sel(time=times[start : start + MAPS_A_CHUNK]).load()
        imerg, radar = (whole_windows(part[name].values, window) for name in ("imerg", "radar"))
        yield part["time"].values, imerg, radar


def _never_rises(values: np.ndarray) -> np.ndarray:
    """Whether the score falls or stays from level to level; values (level, ...), NaN undefined."""
    known = np.isfinite(values).all(axis=0)
    falls = (np.diff(values, axis=0, prepend=1) <= 1e-6).all(axis=0)
    return np.where(known, falls, np.nan)


def _sums(
    times: np.ndarray, values: dict[str, np.ndarray], case: str, level: float = 0
) -> pd.DataFrame:
    """Number and total of the defined values (time, ...), one row a map and score."""
    table = {
        "day": np.tile(times.astype("datetime64[D]").astype("datetime64[ns]"), len(values)),
        "case": case,
        "level": float(level),
        "score": np.repeat(list(values), times.size),
        "windows": np.concatenate([np.isfinite(v).sum(axis=(1, 2)) for v in values.values()]),
        "total": np.concatenate([np.nansum(v, axis=(1, 2)) for v in values.values()]),
    }
    return pd.DataFrame(table)


def _window_features(path: Path, times: np.ndarray, settings: ScoreSettings) -> np.ndarray:
    """What IMERG alone shows of each window: `FEATURES`, dims (time, feature, row, column)."""
    side = round(settings.window_km / settings.learning_step_km)
    blocks = []
    for _, read in read_features([path], times, ["inputs"]):
        inputs = read["inputs"].astype(np.float32)
        cut = whole_windows(inputs, side)
        n, channels, ny, nx = cut.shape
        tiles = cut.reshape(n, channels, ny // side, side, nx // side, side)
        rain = tiles[:, CHANNELS.index("rain")]
        around = inputs[:, CHANNELS.index("rain")].mean(axis=(1, 2))
        more = [rain.max(axis=(2, 4)), rain.std(axis=(2, 4))]
        more.append(np.broadcast_to(around[:, None, None], more[0].shape))
        blocks.append(np.concatenate([tiles.mean(axis=(3, 5)), np.stack(more, axis=1)], axis=1))
    return np.concatenate(blocks)
