"""Experiments on a month that show how the candidate scores behave.

The candidates are computed for IMERG against the radar, for the radar against itself with
synthetic faults, for simulated satellites with one kind of error each, and for alternate frames of
the radar.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights
from rainscore.regridding.radarreader import RadarReader
from rainscore.scores.choice.candidates import WindowScores, whole_windows, window_scores
from rainscore.scores.choice.faults import FAULTS, faulty, thinning_draws
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.times import HALF_HOUR

IMERG_MAPS = 240
"""Maximum number of half-hours of a month on which IMERG is scored."""


FAULT_MAPS = 72
"""Maximum number of half-hours of a month on which faults are applied to the radar."""


SATELLITE_MAPS = 36
"""Maximum number of half-hours of a month that simulated satellites observe."""


NOISE_MAPS = 40
"""Maximum number of half-hours of a month of which the radar frames are read."""


Estimate = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function from true rain on IMERG's cells (time, lat, lon) [mm/h] and half-hour starts (time,) to
the estimate of simulated satellites, same dims."""

PERFECT = "perfect"
"""Name of the estimate of simulated satellites without error."""


MAPS_PER_CHUNK = 12
"""Number of maps held in memory at a time."""


TOLERANCE = 1e-6
"""Difference of scores below which they are equal."""


SUM_KEYS = ["day", "experiment", "case", "level", "score"]
"""Columns that identify a row of the sums."""


@dataclass(frozen=True)
class MonthSample:
    """Half-hours of a month, and the windows in which they are scored.

    Attributes:
        pair: Pair file of the month; NaN where missing.
        settings: Settings of the score.
    """

    pair: xr.Dataset
    settings: ScoreSettings

    @cached_property
    def window(self) -> int:
        """Side of the windows [pixels]."""
        return self.settings.pixels(Grid.from_json(self.pair.attrs["grid"]))[0]

    @property
    def step_km(self) -> float:
        """Pixel size [km]."""
        return self.settings.window_km / self.window

    def times(self, number: int) -> np.ndarray:
        """At most `number` half-hour starts, evenly spaced over the month."""
        times = self.pair["time"].values
        return times[np.unique(np.linspace(0, times.size - 1, min(number, times.size)).astype(int))]

    def maps(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield half-hour starts (time,) and rates of IMERG and the radar (time, y, x) [mm/h]."""
        times = self.times(number)
        for start in range(0, times.size, MAPS_PER_CHUNK):
            chunk = times[start : start + MAPS_PER_CHUNK]
            part = self.pair[["imerg", "radar"]].sel(time=chunk).load()
            yield part["time"].values, part["imerg"].values, part["radar"].values

    def scores(self, imerg: np.ndarray, radar: np.ndarray) -> WindowScores:
        """Candidates in the whole windows of two fields (time, y, x) [mm/h]."""
        return window_scores(
            *(whole_windows(field, self.window) for field in (imerg, radar)),
            threshold=self.settings.wet_threshold_mm_h,
            window=self.window,
            min_valid=self.settings.min_valid_share,
        )


def evaluate_candidates(
    sample: MonthSample,
    predictors: Callable[[np.ndarray], dict[str, np.ndarray]],
    radar: RadarReader,
    weights: tuple[Weights, Weights],
    estimates: Mapping[str, Estimate],
    *,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run all experiments on a month.

    Args:
        sample: The month and the settings of the score.
        predictors: Function from half-hour starts (time,) to features of IMERG in each window, by
            name, dims (time, window row, window column).
        radar: Reader of the radar frames on the study grid.
        weights: Regridding weights from the study grid to IMERG's cells, and from the cells to
            the study grid.
        estimates: Simulated satellites by the name of their error: `PERFECT`, and satellites with
            one kind of error each.
        seed: Random seed of the fault `thin`.

    Returns:
        Sums, with columns day, experiment, case, level, score, windows (number of windows where
        the value is defined) and total (sum of the values). Experiments:

        - `rainy`: 1 if either product is wet in the window (score "");
        - `fault`: score of the radar with the fault `case` at `level` against the radar;
        - `monotone`: 1 if the score never rises with the level of the fault `case`;
        - `satellite`: score of the simulated satellites `case` against the radar;
        - `detected`: 1 if that score is below the score of the satellites without error;
        - `noise`: score of the mean of the even radar frames against the mean of the odd frames.

        Windows where IMERG or the radar is wet, one row each: time, imerg_wet, radar_share (wet
        fraction of the radar), the candidates of IMERG against the radar, and the predictors.
    """
    rainy, windows = _imerg_windows(sample, predictors)
    sums = [
        *rainy,
        *_satellite_sums(sample, weights, estimates),
        *_fault_sums(sample, seed),
        *_noise_sums(sample, radar),
    ]
    table = pd.concat(sums).groupby(SUM_KEYS, as_index=False)[["windows", "total"]].sum()
    return table, windows


def _imerg_windows(
    sample: MonthSample, predictors: Callable[[np.ndarray], dict[str, np.ndarray]]
) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Sums of the experiment `rainy`, and the table of the rainy windows."""
    sums, tables = [], []
    for times, imerg, radar in sample.maps(IMERG_MAPS):
        result = sample.scores(imerg, radar)
        f, o, rainy = result.imerg_fraction, result.radar_fraction, result.rainy
        sums.append(_sums(times, {"": np.where(np.isfinite(f), rainy, np.nan)}, "rainy"))
        place = np.nonzero(rainy)
        columns = {"time": times[place[0]], "imerg_wet": f[place] > 0, "radar_share": o[place]}
        columns |= {name: v[place].astype(np.float32) for name, v in result.scores.items()}
        columns |= {name: values[place] for name, values in predictors(times).items()}
        tables.append(pd.DataFrame(columns))
    return sums, pd.concat(tables, ignore_index=True)


def _satellite_sums(
    sample: MonthSample, weights: tuple[Weights, Weights], estimates: Mapping[str, Estimate]
) -> Iterator[pd.DataFrame]:
    """Sums of the experiments `satellite` and `detected`."""
    onto_cells, onto_study = weights
    for times, _, radar in sample.maps(SATELLITE_MAPS):
        rain = onto_cells.apply(radar)[0]
        scores = {
            name: sample.scores(onto_study.apply(estimate(rain, times))[0], radar).scores
            for name, estimate in estimates.items()
        }
        perfect = scores[PERFECT]
        for name, values in scores.items():
            yield _sums(times, values, "satellite", name)
            if name != PERFECT:
                below = {score: _below(v, perfect[score]) for score, v in values.items()}
                yield _sums(times, below, "detected", name)


def _fault_sums(sample: MonthSample, seed: int) -> Iterator[pd.DataFrame]:
    """Sums of the experiments `fault` and `monotone`."""
    for times, _, field in sample.maps(FAULT_MAPS):
        radar, step_km = whole_windows(field, sample.window), sample.step_km
        draws = thinning_draws(times, radar.shape[1:], step_km=step_km, seed=seed)
        for fault, levels in FAULTS.items():
            scores = [
                sample.scores(
                    faulty(radar, fault, level, step_km=step_km, draws=draws), radar
                ).scores
                for level in levels
            ]
            for level, values in zip(levels, scores, strict=True):
                yield _sums(times, values, "fault", fault, level)
            never_rises = {
                name: _never_rises(np.stack([values[name] for values in scores]))
                for name in scores[0]
            }
            yield _sums(times, never_rises, "monotone", fault)


def _noise_sums(sample: MonthSample, radar: RadarReader) -> Iterator[pd.DataFrame]:
    """Sums of the experiment `noise`."""
    for time in sample.times(NOISE_MAPS):
        halves = even_and_odd(radar, time)
        if halves is not None:
            even, odd = halves
            yield _sums(np.array([time]), sample.scores(even[None], odd[None]).scores, "noise")


def even_and_odd(radar: RadarReader, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
    """Average the even and the odd frames of a half-hour.

    Args:
        radar: Reader of the radar frames on the study grid.
        start: Start of the half-hour.

    Returns:
        Means of the even and of the odd frames, dims (y, x) [mm/h]; None if a frame is missing or
        the half-hour has one frame only.
    """
    _, rates = radar.frames(start, start + HALF_HOUR)
    expected = 30 // radar.settings.step_minutes
    if expected < 2 or len(rates) < expected or radar.weights is None:
        return None
    even, odd = (
        radar.weights.apply(
            half_hour_mean(rates[k::2], expected_frames=len(rates[k::2]), min_frame_share=1)[0],
            min_valid=0.5,
        )[0]
        for k in (0, 1)
    )
    return even, odd


def _below(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """1 where a score is below a reference, 0 elsewhere; NaN where either is undefined."""
    defined = np.isfinite(values) & np.isfinite(reference)
    return np.where(defined, values < reference - TOLERANCE, np.nan)


def _never_rises(values: np.ndarray) -> np.ndarray:
    """1 where a score (level, ...) starts at 1 or less and never rises, else 0; NaN undefined."""
    defined = np.isfinite(values).all(axis=0)
    falls = (np.diff(values, axis=0, prepend=1) <= TOLERANCE).all(axis=0)
    return np.where(defined, falls, np.nan)


def _sums(
    times: np.ndarray,
    values: dict[str, np.ndarray],
    experiment: str,
    case: str = "",
    level: float = 0,
) -> pd.DataFrame:
    """Number and total of the defined values (time, ...), one row per map and score."""
    table = {
        "day": np.tile(times.astype("datetime64[D]").astype("datetime64[ns]"), len(values)),
        "experiment": experiment,
        "case": case,
        "level": float(level),
        "score": np.repeat(list(values), times.size),
        "windows": np.concatenate([np.isfinite(v).sum(axis=(1, 2)) for v in values.values()]),
        "total": np.concatenate([np.nansum(v, axis=(1, 2)) for v in values.values()]),
    }
    return pd.DataFrame(table)
