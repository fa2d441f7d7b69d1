"""Candidate scores on real radar sequences, and the score of a perfect satellite by pixel size.

The estimate is made from the radar itself, without future knowledge: the means over IMERG's cells
of the half-hour before.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from radarsequences import SEQUENCES, Sequence, sequences_folder

from rainscore.grids import imerg_cells
from rainscore.regridding.conservative import overlap_weights
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.choice.candidates import CANDIDATES
from rainscore.scores.choice.criteria import DailySums, criterion_samples
from rainscore.scores.choice.experiments import (
    PERFECT,
    block_means,
    evaluate_candidates,
)
from rainscore.scores.choice.monthsample import MonthSample
from rainscore.scores.localscore import score_parts, window_means
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.scores.sums import ratio
from rainscore.scores.windowsums import window_pixels, window_sums

SETTINGS = ScoreSettings("affinity", 0.1, 48, 0.5, 8)
FACTORS = (1, 2, 4, 8)
"""Factors by which the pixels are enlarged, up to `MAX_PIXEL_KM`."""

MAX_PIXEL_KM = 8.1
MEASURES = (
    "perfection",
    "honesty",
    "best_inflation",
    "smoothing_gain",
    "scale_freedom",
    "sensitivity",
    "monotonicity",
    "repeatability",
    "independence",
    "defined_share",
)
"""Criteria and reported measures that need neither simulated errors nor synthetic rain."""


def persistence_sample(sequence: Sequence) -> MonthSample:
    """Half-hours with the estimate of the half-hour before."""
    times, radar = sequence.half_hours()
    to_cells = overlap_weights(sequence.grid, imerg_cells(sequence.grid))
    estimate = to_cells.apply(radar, min_valid=SETTINGS.min_valid_share)[0]
    variables = {
        "precipitation": (("time", "lat", "lon"), estimate[:-1]),
        "radar": (("time", "y", "x"), radar[1:]),
    }
    return MonthSample(xr.Dataset(variables, {"time": times[1:]}), SETTINGS, to_cells)


def criteria_table(sequence: Sequence) -> pd.DataFrame:
    """Criteria of each candidate on a sequence: score, criterion, value."""
    sums, windows = evaluate_candidates(
        persistence_sample(sequence),
        lambda times: {},
        sequence,
        {PERFECT: lambda truth, times: truth},
        seed=0,
    )
    daily = DailySums(sums, resamples=0, seed=0)
    rows = []
    for score in CANDIDATES:
        samples = criterion_samples(daily, windows, score, error_kinds=[PERFECT])
        rows += [(score, name, samples[name][0]) for name in MEASURES]
    return pd.DataFrame(rows, columns=["score", "criterion", "value"]).dropna()


def perfect_table(sequence: Sequence) -> pd.DataFrame:
    """Score of exact 0.1° means against the radar: pixel_km, score, total, window_mean."""
    rows, grid = [], sequence.grid
    _, finest = sequence.half_hours()
    cells = imerg_cells(grid)
    to_cells = overlap_weights(grid, cells)
    perfect = to_cells.apply(finest)[0]
    windows = MonthSample(xr.Dataset(), SETTINGS, to_cells).windows.whole
    for factor in FACTORS:
        pixels = grid.coarsen(factor)
        pixel_km = abs(pixels.dx) / 1000
        if pixel_km > MAX_PIXEL_KM:
            continue
        radar = block_means(finest, factor)
        on_pixels = overlap_weights(cells, pixels).apply(perfect)[0]
        rows.append((pixel_km, "amount on pixels", *amount_on_pixels(on_pixels, radar, pixel_km)))
        truth = overlap_weights(pixels, cells).apply(radar)[0]
        rows.append((pixel_km, "affinity on cells", *affinity_on_cells(perfect, truth, windows)))
    return pd.DataFrame(rows, columns=["pixel_km", "score", "total", "window_mean"])


def amount_on_pixels(
    estimate: np.ndarray, radar: np.ndarray, pixel_km: float
) -> tuple[float, float]:
    """Agreement of amounts in adjacent squares of pixels: of all windows, and mean of windows."""
    valid = np.isfinite(estimate) & np.isfinite(radar)
    wet = np.float32(SETTINGS.wet_threshold_mm_h)
    f, o = (np.where(valid & (x >= wet), x, 0) for x in (estimate, radar))
    side = round(SETTINGS.window_km / pixel_km)
    ny, nx = (n // side * side for n in radar.shape[1:])
    part, size = np.s_[:, :ny, :nx], {"window": side, "stride": side}
    enough = window_sums(valid[part], **size) >= SETTINGS.min_valid_share * window_pixels(
        (ny, nx), **size
    )
    parts = (window_sums(x[part], **size) for x in (np.abs(f - o), f + o))
    return total_and_mean(*parts, enough)


def affinity_on_cells(
    estimate: np.ndarray, truth: np.ndarray, windows: CellWindows
) -> tuple[float, float]:
    """Affinity on cells in smooth windows: of all windows, and mean of windows."""
    means = window_means(estimate, truth, windows, wet_threshold=SETTINGS.wet_threshold_mm_h)
    enough = means.valid >= SETTINGS.min_valid_share * windows.inside
    return total_and_mean(*score_parts("affinity", means), enough)


def total_and_mean(
    numerator: np.ndarray, denominator: np.ndarray, enough: np.ndarray
) -> tuple[float, float]:
    """Score of the sums over the windows that are valid enough, and mean of their scores."""
    above, below = numerator[enough], denominator[enough]
    return 1 - float(above.sum() / below.sum()), float(np.nanmean(1 - ratio(above, below)))


def main() -> None:
    """Evaluate the sequences and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", nargs="+", default=SEQUENCES, choices=SEQUENCES)
    parser.add_argument("--out", type=Path, required=True, help="folder of the CSV files")
    options = parser.parse_args()
    criteria, perfect = {}, {}
    for name in options.sequences:
        sequence = Sequence.read(sequences_folder() / f"{name}.nc")
        criteria[name], perfect[name] = criteria_table(sequence), perfect_table(sequence)
        print(name, flush=True)
    for tables, file in (
        (criteria, "real_radar_scores.csv"),
        (perfect, "perfect_by_pixel_size.csv"),
    ):
        table = pd.concat(tables, names=["sequence"]).droplevel(1).reset_index()
        table.to_csv(options.out / file, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
