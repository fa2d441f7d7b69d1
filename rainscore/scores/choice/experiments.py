"""Experiments on a month that show how the candidate scores behave.

The candidates are computed on IMERG's cells: for IMERG against the radar, as it is and inflated,
smoothed or with drizzle; against a radar of larger pixels; for the radar against itself with
synthetic faults; for simulated satellites with one kind of error each; and for alternate frames of
the radar.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from rainscore.grids import KM_PER_DEGREE, Grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import RadarReader
from rainscore.scores.choice.candidates import (
    CandidateScores,
)
from rainscore.scores.choice.faults import FAULTS, faulty, thinning_draws
from rainscore.scores.choice.monthsample import IMERG_MAPS, MonthSample
from rainscore.scores.sums import ratio
from rainscore.times import HALF_HOUR

FAULT_MAPS = 72
"""Maximum number of half-hours of a month on which faults are applied to the radar."""


SATELLITE_MAPS = 36
"""Maximum number of half-hours of a month that simulated satellites observe."""


NOISE_MAPS = 40
"""Maximum number of half-hours of a month of which the radar frames are read."""


INFLATIONS = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4, 2.0)
"""Factors that an estimate without bias is multiplied by."""


SMOOTHINGS_KM = (8.0, 16.0, 32.0)
"""Standard deviations of the Gaussian filters that an estimate without bias is smoothed by [km]."""


DRIZZLES = (0.05, 0.1, 0.2)
"""Rates that are added to an estimate without bias everywhere [mm/h]."""


PIXEL_FACTORS = (2, 4, 8)
"""Factors by which the pixels of the radar are enlarged, up to `MAX_PIXEL_KM`."""


MAX_PIXEL_KM = 4.0
"""Largest pixels that resolve IMERG's cells, whose narrow side is 7.6 km over France [km]."""


Estimate = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function from true rain on IMERG's cells (time, lat, lon) [mm/h] and half-hour starts (time,) to
the estimate of simulated satellites, same dims."""

PERFECT = "perfect"
"""Name of the estimate of simulated satellites without error."""


TOLERANCE = 1e-6
"""Difference of scores below which they are equal."""


SUM_KEYS = ["day", "experiment", "case", "level", "score"]
"""Columns that identify a row of the sums."""


SUM_VALUES = ["windows", "total", "numerator", "denominator"]
"""Columns that are summed."""


def evaluate_candidates(
    sample: MonthSample,
    predictors: Callable[[np.ndarray], dict[str, np.ndarray]],
    radar: RadarReader,
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
        estimates: Simulated satellites by the name of their error: `PERFECT`, and satellites with
            one kind of error each.
        seed: Random seed of the fault `thin`.

    Returns:
        Sums, with columns day, experiment, case, level, score, windows (number of windows where
        the value is defined), total (sum of the values), numerator and denominator (sums of the
        parts of the score). Experiments:

        - `rainy`: 1 if either product is wet in the window (score "");
        - `gaming`: score of IMERG without bias, changed by `case` (`inflation`: multiplied by
          `level`; `smoothing`: by a Gaussian filter of `level` km; `drizzle`: plus `level` mm/h);
        - `pixel_size`: score of IMERG against the radar with pixels of `level` times the side;
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
        *_gaming_sums(sample),
        *_pixel_size_sums(sample),
        *_satellite_sums(sample, estimates),
        *_fault_sums(sample, seed),
        *_noise_sums(sample, radar),
    ]
    table = pd.concat(sums).groupby(SUM_KEYS, as_index=False)[SUM_VALUES].sum()
    return table, windows


def _imerg_windows(
    sample: MonthSample, predictors: Callable[[np.ndarray], dict[str, np.ndarray]]
) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Sums of the experiment `rainy`, and the table of the rainy windows."""
    sums, tables = [], []
    for times, imerg, radar in sample.maps(IMERG_MAPS):
        result = sample.scores(imerg, sample.on_cells(radar))
        f, o, rainy = result.imerg_fraction, result.radar_fraction, result.rainy
        sums.append(_sums(times, {"": np.where(np.isfinite(f), rainy, np.nan)}, "rainy"))
        place = np.nonzero(rainy)
        columns = {"time": times[place[0]], "imerg_wet": f[place] > 0, "radar_share": o[place]}
        columns |= {name: v[place].astype(np.float32) for name, v in result.scores.items()}
        columns |= {name: values[place] for name, values in predictors(times).items()}
        tables.append(pd.DataFrame(columns))
    return sums, pd.concat(tables, ignore_index=True)


def _gaming_sums(sample: MonthSample) -> Iterator[pd.DataFrame]:
    """Sums of the experiment `gaming`."""
    for times, imerg, radar in sample.maps(IMERG_MAPS):
        truth, estimate = sample.on_cells(radar), imerg * np.float32(sample.unbiased)
        changed = [("inflation", k, estimate * np.float32(k)) for k in INFLATIONS]
        cells = sample.to_cells.target
        changed += [("smoothing", km, smoothed_cells(estimate, cells, km)) for km in SMOOTHINGS_KM]
        changed += [("drizzle", rate, estimate + np.float32(rate)) for rate in DRIZZLES]
        for case, level, rates in changed:
            yield _score_sums(times, sample.scores(rates, truth), "gaming", case, level)


def smoothed_cells(field: np.ndarray, cells: Grid, deviation_km: float) -> np.ndarray:
    """Smooth a field (time, lat, lon) over its valid cells by a Gaussian; missing stays missing."""
    valid = np.isfinite(field)
    width = KM_PER_DEGREE * abs(cells.dx) * np.cos(np.deg2rad(cells.y.mean()))
    deviations = (0, deviation_km / (KM_PER_DEGREE * abs(cells.dy)), deviation_km / width)
    total = gaussian_filter(np.where(valid, field, 0), deviations, mode="constant")
    weight = gaussian_filter(valid.astype(np.float32), deviations, mode="constant")
    return np.where(valid, total / np.where(valid, weight, 1), np.nan).astype(np.float32)


def _pixel_size_sums(sample: MonthSample) -> Iterator[pd.DataFrame]:
    """Sums of the experiment `pixel_size`."""
    grid, cells = sample.to_cells.source, sample.to_cells.target
    factors = [
        k
        for k in PIXEL_FACTORS
        if k * abs(grid.dx) / 1000 <= MAX_PIXEL_KM and not (grid.ny % k or grid.nx % k)
    ]
    weights = {k: overlap_weights(grid.coarsen(k), cells) for k in factors}
    for times, imerg, radar in sample.maps(IMERG_MAPS) if factors else ():
        yield _score_sums(times, sample.scores(imerg, sample.on_cells(radar)), "pixel_size", "", 1)
        for k in factors:
            coarse = block_means(radar, k)
            truth = weights[k].apply(coarse, min_valid=sample.settings.min_valid_share)[0]
            yield _score_sums(times, sample.scores(imerg, truth), "pixel_size", "", k)


def block_means(field: np.ndarray, factor: int) -> np.ndarray:
    """Means over blocks of pixels (time, y, x), NaN where fewer than half of a block are valid."""
    n, ny, nx = field.shape
    blocks = field.reshape(n, ny // factor, factor, nx // factor, factor)
    valid = np.isfinite(blocks)
    count = valid.sum(axis=(2, 4))
    total = np.where(valid, blocks, 0).sum(axis=(2, 4), dtype=np.float64)
    return np.where(2 * count >= factor**2, ratio(total, count), np.nan).astype(np.float32)


def _satellite_sums(
    sample: MonthSample, estimates: Mapping[str, Estimate]
) -> Iterator[pd.DataFrame]:
    """Sums of the experiments `satellite` and `detected`."""
    for times, _, radar in sample.maps(SATELLITE_MAPS):
        truth = sample.on_cells(radar)
        results = {
            name: sample.scores(estimate(truth, times), truth)
            for name, estimate in estimates.items()
        }
        perfect = results[PERFECT].scores
        for name, result in results.items():
            yield _score_sums(times, result, "satellite", name)
            if name != PERFECT:
                below = {score: _below(v, perfect[score]) for score, v in result.scores.items()}
                yield _sums(times, below, "detected", name)


def _fault_sums(sample: MonthSample, seed: int) -> Iterator[pd.DataFrame]:
    """Sums of the experiments `fault` and `monotone`."""
    step_km = abs(sample.to_cells.source.dx) / 1000
    for times, _, radar in sample.maps(FAULT_MAPS):
        truth = sample.on_cells(radar)
        draws = thinning_draws(times, radar.shape[1:], step_km=step_km, seed=seed)
        for fault, levels in FAULTS.items():
            results = [
                sample.scores(
                    sample.on_cells(faulty(radar, fault, level, step_km=step_km, draws=draws)),
                    truth,
                )
                for level in levels
            ]
            for level, result in zip(levels, results, strict=True):
                yield _score_sums(times, result, "fault", fault, level)
            scores = [result.scores for result in results]
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
            even, odd = (sample.on_cells(half[None]) for half in halves)
            yield _score_sums(np.array([time]), sample.scores(even, odd), "noise")


def even_and_odd(radar: RadarReader, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
    """Average the even and the odd frames of a half-hour.

    Args:
        radar: Reader of the radar frames on the study grid.
        start: Start of the half-hour.

    Returns:
        Means of the even and of the odd frames, dims (y, x) [mm/h]; None if a frame is missing or
        the half-hour has one frame only.
    """
    frames = radar.frames(start, start + HALF_HOUR)
    if len(frames) < max(2, 30 // radar.settings.step_minutes):
        return None
    even, odd = (
        radar.mean(half, [1] * len(half), of_minutes=len(half))[0]
        for half in (frames[0::2], frames[1::2])
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


def _score_sums(
    times: np.ndarray, result: CandidateScores, experiment: str, case: str = "", level: float = 0
) -> pd.DataFrame:
    """Sums of the candidates and of their parts (time, ...), one row per map and score."""
    table = _sums(times, result.scores, experiment, case, level)
    parts = result.parts.values()
    table["numerator"] = np.concatenate([np.nansum(p.numerator, axis=(1, 2)) for p in parts])
    table["denominator"] = np.concatenate([np.nansum(p.denominator, axis=(1, 2)) for p in parts])
    return table


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
        "numerator": 0.0,
        "denominator": 0.0,
    }
    return pd.DataFrame(table)
