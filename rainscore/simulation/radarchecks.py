"""Effect of the errors of the simulated radar on the scores, as sums that add over months."""

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.localscore import score_parts, window_means
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.diagnostics import ALL, RADAR_TRUTH, score_sums, sums_table
from rainscore.times import HALF_HOUR

PAIRS = {
    "IMERG with the radar": ("imerg", "radar"),
    "IMERG with the true rain": ("imerg", "truth"),
    "radar with the true rain": ("radar", "truth"),
}
"""Pairs of rates whose score is summed, by name."""

_MAPS = 48  # half-hours in memory


def half_hour_truth(rain: xr.DataArray, times: np.ndarray) -> np.ndarray:
    """Half-hour means of the true rain.

    Args:
        rain: True rain of the frames [mm/h], dims (time, lat, lon), ascending in time.
        times: Half-hour starts, dims (half-hour,).

    Returns:
        Means [mm/h], dims (half-hour, lat, lon), float32, NaN where missing.
    """
    frames = rain["time"].values
    means = np.full((times.size, *rain.shape[1:]), np.nan, np.float32)
    for row, start in enumerate(times):
        part = slice(*np.searchsorted(frames, [start, start + HALF_HOUR]))
        if part.stop > part.start:
            means[row] = rain[part].values.mean(axis=0)
    return means


def radar_error_sums(
    imerg: np.ndarray,
    radar: np.ndarray,
    truth: np.ndarray,
    windows: CellWindows,
    settings: ScoreSettings,
) -> pd.DataFrame:
    """Scores of IMERG against radar and truth, and of the radar against the truth.

    Args:
        imerg, radar, truth: Half-hourly rates on IMERG's cells [mm/h], each dims (time, lat, lon),
            NaN where missing.
        windows: Windows over the cells.
        settings: Settings of the local score.

    Returns:
        Sums (`rainscore.simulation.diagnostics`): moments and counts of the radar against the
        truth (product `RADAR_TRUTH`), and for each of `PAIRS` the loss of the score over all
        windows, with the denominator as weight.
    """
    rates = {"imerg": imerg, "radar": radar, "truth": truth}
    rows = score_sums(RADAR_TRUTH, ALL, radar, truth)
    for start in range(0, len(imerg), _MAPS):
        part = {name: values[start : start + _MAPS] for name, values in rates.items()}
        for name, (first, second) in PAIRS.items():
            means = window_means(
                part[first], part[second], windows, wet_threshold=settings.wet_threshold_mm_h
            )
            parts = score_parts(settings.name, means)
            loss, size = (float(np.nansum(p)) for p in (parts.numerator, parts.denominator))
            rows.append((name, ALL, "score loss", loss, size, np.nan))
    return sums_table(rows)
