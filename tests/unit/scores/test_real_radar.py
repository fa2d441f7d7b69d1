import numpy as np
import pytest

from benchmarks.radarsequences import SEQUENCES
from rainscore.grids import KM_PER_DEGREE, imerg_cells
from rainscore.scores.choice.experiments import block_means
from rainscore.scores.localscore import (
    LOCAL_SCORES,
    ScoreParts,
    score_parts,
    score_sums,
    total_score,
    window_means,
)
from rainscore.scores.scoremaps import ScoreSettings
from tests.data import shared
from tests.sequences import half_hours, on_cells

SETTINGS = ScoreSettings("affinity", 0.1, 48, 0.5, 8)


def total(name: str, estimate: np.ndarray, truth: np.ndarray, windows) -> float:
    means = window_means(estimate, truth, windows, wet_threshold=SETTINGS.wet_threshold_mm_h)
    enough = means.valid >= SETTINGS.min_valid_share * windows.inside
    parts = ScoreParts(*(np.where(enough, p, np.nan) for p in score_parts(name, means)))
    sums = score_sums(parts)
    return float(total_score(type(sums)(*(part.sum(keepdims=True) for part in sums)))[0])


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_an_estimate_without_error_scores_one_on_real_radar(sequence: str) -> None:
    rates, grid = half_hours(shared(f"radar-sequences/{sequence}.nc"))
    cells = imerg_cells(grid)
    truth, _ = on_cells(rates, grid, cells)
    windows = SETTINGS.windows(cells, grid.coarsen(8))
    for name in LOCAL_SCORES:
        assert total(name, truth, truth, windows) >= 0.98, name


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_score_does_not_depend_on_the_pixels_of_the_real_radar(sequence: str) -> None:
    """Of an estimate displaced by a cell and 20 % too low, with pixels up to 4 km."""
    rates, grid = half_hours(shared(f"radar-sequences/{sequence}.nc"))
    cells = imerg_cells(grid)
    windows = SETTINGS.windows(cells, grid.coarsen(8))
    truth, _ = on_cells(rates, grid, cells)
    estimate = np.roll(truth, 1, axis=2) * np.float32(0.8)
    expected = total("affinity", estimate, truth, windows)
    narrow_km = KM_PER_DEGREE * 0.1 * np.cos(np.deg2rad(cells.y.mean()))
    factors = [k for k in (2, 4, 8) if k * abs(grid.dx) / 1000 <= 4.01]
    assert factors
    for factor in factors:
        coarse, _ = on_cells(block_means(rates, factor), grid.coarsen(factor), cells)
        # North of 60° a cell is hardly wider than a pixel of 4 km.
        resolved = factor * abs(grid.dx) / 1000 <= 0.6 * narrow_km
        change = abs(total("affinity", estimate, coarse, windows) - expected)
        assert change <= (0.02 if resolved else 0.035), (factor, change)
