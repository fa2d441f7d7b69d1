"""Agreement of a point with the mean of the IMERG cell around it, from real radar sequences.

`python -m benchmarks.gauge_sampling` prints one row per case and accumulation period, and the mean
of the cases. A pixel of at most 1 km is the point; gauges are smaller, so they vary more.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.radarsequences import SEQUENCES, Sequence, sequences_folder

WET = 0.1
"""Wet threshold [mm/h]."""

PERIODS = (30, 60, 180)
"""Accumulation periods [min]."""

MAX_PIXEL_M = 1010
"""Largest pixel of a sequence that is used [m]."""

MIN_SHARE = 0.95
"""Share of the pixels of a complete cell that must be valid."""

SUMS = ["cells", "points", "rain", "overlap", "agreement", "wet", "within", "square"]
"""Sums over the points of wet cells: number of cells, of points, of their rates, of √(c·p), of
point affinities, of wet points, of (p − c)² and of c², for cell means c and points p."""


def cell_of_pixels(sequence: Sequence) -> tuple[np.ndarray, int]:
    """IMERG cell of each pixel as an index from 0, dims (pixel,), and the number of cells."""
    lon, lat = sequence.grid.lonlat
    column, row = (np.floor(axis.ravel() * 10).astype(int) for axis in (lon, lat))
    _, index = np.unique(np.stack([row, column]), axis=1, return_inverse=True)
    return index.ravel(), int(index.max()) + 1


def accumulate(rates: np.ndarray, number: int) -> Iterator[np.ndarray]:
    """Means of `number` frames after another, dims (pixel,); NaN where a frame is missing."""
    for start in range(0, len(rates) - number + 1, number):
        yield rates[start : start + number].reshape(number, -1).mean(axis=0, dtype=np.float64)


def sampling_sums(rain: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
    """`SUMS` of one accumulation.

    Args:
        rain: Rates [mm/h], dims (pixel,), NaN missing.
        cell: Cell of each pixel.
        cells: Number of cells.
    """
    valid = np.isfinite(rain)
    counts = np.bincount(cell[valid], minlength=cells)
    complete = counts >= MIN_SHARE * np.median(np.bincount(cell, minlength=cells))
    means = np.bincount(cell[valid], rain[valid], cells) / np.maximum(counts, 1)
    chosen = complete & (means >= WET)
    point = valid & chosen[cell]
    p, c = rain[point], means[cell[point]]
    overlap = np.sqrt(p * c)
    return np.array(
        [
            chosen.sum(),
            p.size,
            p.sum(),
            overlap.sum(),
            (2 * overlap / (p + c)).sum(),
            (p >= WET).sum(),
            ((p - c) ** 2).sum(),
            (c**2).sum(),
        ]
    )


def row(case: str, minutes: int, sums: np.ndarray) -> dict[str, str | float]:
    """Measures of sums."""
    cells, points, rain, overlap, agreement, wet, within, square = sums
    return {
        "case": case,
        "period_min": minutes,
        "wet_cells": int(cells),
        "affinity": overlap / rain,  # cell means and points have the same total
        "mean_agreement": agreement / points,
        "wet_points": wet / points,
        "variation": np.sqrt(within / square),
    }


def main() -> None:
    """Print the table."""
    rows = []
    for name in SEQUENCES:
        sequence = Sequence.read(sequences_folder() / f"{name}.nc")
        if abs(sequence.grid.dx) > MAX_PIXEL_M:
            continue
        cell, cells = cell_of_pixels(sequence)
        for minutes in PERIODS:
            number = minutes // sequence.step_minutes
            parts = [sampling_sums(r, cell, cells) for r in accumulate(sequence.rates, number)]
            sums = np.sum(parts, axis=0) if parts else np.zeros(len(SUMS))
            if sums[0]:
                rows.append(row(name, minutes, sums))
    table = pd.DataFrame(rows)
    mean = table.drop(columns="case").groupby("period_min", as_index=False).mean()
    table = pd.concat([table, mean.assign(case="mean of the cases")], ignore_index=True)
    print(table.to_csv(index=False, float_format="%.3f"), end="")


if __name__ == "__main__":
    main()
