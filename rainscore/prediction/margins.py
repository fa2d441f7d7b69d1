"""Margin around a window, on which the networks run and which is then removed.

Near the edge of its input a network lacks the rain outside. The difference to the same place inside
a larger map, mean over dry pixels of the probability of hidden rain and over wet pixels of the
score, is 0.07 and 0.08 in the first row, 0.03 and 0.003 at 24 to 31 pixels, 0.003 and 0.0006 at 32
to 39, and 0 from 40 (docs/prediction.md).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rainscore.grids import Grid

MARGIN = 32
"""Width of the margin where the file has it [pixels]."""

UNIT = 8
"""Margins are multiples of this [pixels], so that the halvings of the U-Net stay in phase."""

SIDES = {"left": "west", "right": "east", "top": "north", "bottom": "south"}
"""Sides of a learning grid, whose row 0 is north, and their names for the user."""


class Margins(NamedTuple):
    """Number of pixels added on each side of a window."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0

    def extend(self, grid: Grid) -> Grid:
        """The grid with the margins."""
        return replace(
            grid,
            x0=grid.x0 - self.left * grid.dx,
            y0=grid.y0 - self.top * grid.dy,
            nx=grid.nx + self.left + self.right,
            ny=grid.ny + self.top + self.bottom,
        )

    def window(self, grid: Grid) -> "Crop":
        """Position of the grid inside the grid with the margins."""
        return Crop(self.top, self.left, grid.ny, grid.nx)

    def text(self, step_km: float) -> str:
        """Sides with less than the full margin, for the user; empty if there are none.

        Args:
            step_km: Pixel size [km].
        """
        short = [
            f"{getattr(self, side) * step_km:g} km in the {name}"
            for side, name in SIDES.items()
            if getattr(self, side) < MARGIN
        ]
        return f"{', '.join(short)}, instead of {MARGIN * step_km:g} km" if short else ""


@dataclass(frozen=True)
class Crop:
    """Rectangle of pixels of a larger map.

    Attributes:
        top, left: First row and column.
        ny, nx: Number of rows and columns.
    """

    top: int
    left: int
    ny: int
    nx: int

    def of(self, values: np.ndarray) -> np.ndarray:
        """The rectangle of maps, dims (..., y, x), as a view."""
        return values[..., self.top : self.top + self.ny, self.left : self.left + self.nx]


def margins_within(learning: Grid, cells: Grid) -> Margins:
    """Margins of a window, up to MARGIN, that a file and IMERG's array contain.

    Args:
        learning: Learning grid of the window, row 0 north.
        cells: Cells of the file, in longitude and latitude.

    Returns:
        Multiples of UNIT. A window that is partly outside the file has no margin on the sides
        that are crossed by the edge of the file.
    """
    full = Margins(*[MARGIN] * 4)
    inside = _inside(full.extend(learning), cells)
    margins = dict.fromkeys(SIDES, MARGIN)
    while True:
        part = inside[
            MARGIN - margins["top"] : len(inside) - MARGIN + margins["bottom"],
            MARGIN - margins["left"] : inside.shape[1] - MARGIN + margins["right"],
        ]
        edges = {
            "left": part[:, :UNIT],
            "right": part[:, -UNIT:],
            "top": part[:UNIT],
            "bottom": part[-UNIT:],
        }
        outside = {side: (~edges[side]).mean() for side in SIDES if margins[side]}
        worst = max(outside, key=lambda side: outside[side], default=None)
        if worst is None or not outside[worst]:
            return Margins(**margins)
        margins[worst] -= UNIT


def _inside(grid: Grid, cells: Grid) -> np.ndarray:
    """Whether the cells contain each pixel and those next to it, dims (y, x) of the grid."""
    lon, lat = grid.lonlat
    middle = lon[grid.ny // 2, grid.nx // 2]
    offset = (lon - middle + 180) % 360 - 180  # a window may not cross the date line
    west, south = cells.x0 + cells.dx, cells.y0 + cells.dy
    east, north = west + (cells.nx - 2) * cells.dx, south + (cells.ny - 2) * cells.dy
    pole = (np.abs(offset) > 90) | (np.abs(lat) > 89)
    x = middle + offset
    return (x >= west) & (x <= east) & (lat >= south) & (lat <= north) & ~pole
