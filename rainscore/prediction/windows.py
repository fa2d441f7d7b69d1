"""The window in which granules are scored if the user names none."""

from collections.abc import Sequence
from pathlib import Path

from rainscore.errors import DamagedFile
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg.lattice import lattice_box, overlap
from rainscore.imerg.reader import stored_cells
from rainscore.prediction.scoringgrids import scoring_grid


def choose_window(
    trained: Grid,
    files: Sequence[Path],
    *,
    bbox: Sequence[float] | None = None,
    centre: Sequence[float] | None = None,
) -> Grid:
    """Learning grid of the window: the one asked for, the training domain, or the file's area.

    Args:
        trained: Learning grid of the training.
        files: Granules; the first that can be read decides.
        bbox, centre: Window asked for (`scoringgrids.scoring_grid`).

    Raises:
        RainscoreError: The window cannot be scored.
    """
    if not (bbox or centre):
        for file in files:
            try:
                return window_of_cells(trained, stored_cells(file))
            except (DamagedFile, OSError):
                continue
    return scoring_grid(trained, bbox=bbox, centre=centre)


def window_of_cells(
    trained: Grid,
    cells: Grid,
    *,
    bbox: Sequence[float] | None = None,
    centre: Sequence[float] | None = None,
) -> Grid:
    """Learning grid of the window, as `choose_window`, for a granule with these cells."""
    if bbox or centre or _contains(cells, imerg_cells(trained, margin=0)):
        return scoring_grid(trained, bbox=bbox, centre=centre)
    return scoring_grid(trained, bbox=area(cells))


def _contains(cells: Grid, needed: Grid) -> bool:
    """Whether IMERG cells contain others."""
    common = overlap(lattice_box(needed), lattice_box(cells))
    sizes = (needed.ny, needed.nx)
    return common is not None and all(
        part.stop - part.start == size for (part, _), size in zip(common, sizes, strict=True)
    )


def area(cells: Grid) -> tuple[float, float, float, float]:
    """West, south, east and north edge of cells [degrees]."""
    east, north = cells.x0 + cells.nx * cells.dx, cells.y0 + cells.ny * cells.dy
    return cells.x0, cells.y0, east, north
