"""The candidates tried on a month: IMERG, known faults, worlds of one error, the radar's noise."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights
from rainscore.regridding.radarreader import RadarReader
from rainscore.scores.choice.candidates import whole_windows, window_scores
from rainscore.scores.choice.faults import FAULTS, faulty, thinning_draws
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.times import HALF_HOUR

MAPS = 240
"""Half-hours of a month, evenly, on which IMERG is scored."""


FAULTY = 72
"""Those of them on which the radar is given faults, evenly."""


SIMULATED = 36
"""Those that simulated satellites with one kind of error see, evenly."""


NOISY = 40
"""Those of which the frames are read again for the radar's noise, evenly."""


Estimate = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From true rain on IMERG's cells (time, lat, lon) [mm/h] and its half-hour starts (time,) to the
estimate of simulated satellites, same dims."""

PERFECT = "perfect"
"""Name of the estimate whose satellites make no error."""


MAPS_PER_CHUNK = 12


def try_scores(
    pair: xr.Dataset,
    predictors: Callable[[np.ndarray], dict[str, np.ndarray]],
    radar: RadarReader,
    settings: ScoreSettings,
    weights: tuple[Weights, Weights],
    estimates: Mapping[str, Estimate],
    *,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Try every candidate on a sample of a month's half-hours.

    Args:
        pair: The month's pairs; NaN is missing.
        predictors: From half-hour starts (time,) to what IMERG alone shows of each window, by
            name, each (time, row, column) of the windows side by side.
        radar: Reader of the radar's frames onto the study grid.
        settings: How the score is taken.
        weights: From the study grid onto IMERG's cells, and back.
        estimates: Simulated satellites by the name of their error: `PERFECT`, and those that make
            one kind of error each.
        seed: Random seed of the thinned radar.

    Returns:
        Sums (day, case, level, score, windows, total): total of the score over the windows where it
        is defined, when the radar is compared with itself under a fault (`case`, `level`); case
        `{fault} monotone` totals the windows whose score never rises with the level, `noise` that
        of even against odd frames, `world …` that of the simulated IMERG of the radar's own
        rain with one kind of error, `world … seen` the windows whose score is then below that of
        the simulated IMERG without error, `rainy` the windows with rain in either (score "").
        And the windows with rain in either product (time, imerg_wet, radar_share, the candidates
        of IMERG against the radar, the predictors).
    """
    window = settings.pixels(Grid.from_json(pair.attrs["grid"]))[0]
    options: dict[str, Any] = {
        "threshold": settings.wet_threshold_mm_h,
        "window": window,
        "min_valid": settings.min_valid_share,
    }
    step_km = settings.window_km / window
    sums: list[pd.DataFrame] = []
    windows: list[pd.DataFrame] = []
    for times, imerg, truth in _maps(pair, MAPS, window):
        scores, f, o = window_scores(imerg, truth, **options)
        rainy = (f > 0) | (o > 0)
        sums.append(_sums(times, {"": np.where(np.isfinite(f), rainy, np.nan)}, "rainy"))
        shown = predictors(times)
        place = np.nonzero(rainy)
        columns = {"time": times[place[0]], "imerg_wet": f[place] > 0, "radar_share": o[place]}
        columns |= {name: value[place].astype(np.float32) for name, value in scores.items()}
        columns |= {name: values[place] for name, values in shown.items()}
        windows.append(pd.DataFrame(columns))
    sums.extend(_world_sums(pair, window, options, weights, estimates))
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
    pair: xr.Dataset,
    window: int,
    options: dict[str, Any],
    weights: tuple[Weights, Weights],
    estimates: Mapping[str, Estimate],
) -> Iterator[pd.DataFrame]:
    """Sums of the scores in worlds with one kind of error, and of the windows that show it."""
    onto_cells, onto_study = weights
    # Whole fields: the satellites see more than the windows that lie side by side.
    for times, _, truth in _maps(pair, SIMULATED, 1):
        rain = onto_cells.apply(truth)[0]

        def scores(
            estimate: Estimate, times=times, truth=truth, rain=rain
        ) -> dict[str, np.ndarray]:
            seen = onto_study.apply(estimate(rain, times))[0]
            pairs = (whole_windows(field, window) for field in (seen, truth))
            return window_scores(*pairs, **options)[0]

        perfect = scores(estimates[PERFECT])
        yield _sums(times, perfect, "world perfect")
        for world in (name for name in estimates if name != PERFECT):
            found = scores(estimates[world])
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
    for start in range(0, times.size, MAPS_PER_CHUNK):
        part = pair[["imerg", "radar"]].sel(time=times[start : start + MAPS_PER_CHUNK]).load()
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
