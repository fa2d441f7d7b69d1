"""Motion of rain between two half-hours, for the evidence of `monitor_evidence.py`."""

import numpy as np
from scipy.ndimage import uniform_filter

from rainscore.evaluation.boxes import Boxes
from rainscore.scores.sums import ratio

MAX_SHIFT = (4, 6)
"""Greatest shift of the rain in a half-hour, rows and columns [cells]."""


def motion(earlier: np.ndarray, later: np.ndarray, boxes: Boxes) -> np.ndarray:
    """Shift of the rain in a half-hour, by the highest affinity of the shifted rain.

    Args:
        earlier, later: Rain of two half-hours [mm/h], dims (lat, lon), NaN where missing.
        boxes: Boxes; each takes the shift that fits best in the 3 × 3 boxes around it.

    Returns:
        Rows northward and columns eastward [cells], dims (2, y, x), integers; 0 without rain.
    """
    valid = np.isfinite(earlier) & np.isfinite(later)
    f, o = (np.where(valid, rate, 0).astype(np.float32) for rate in (earlier, later))
    shifts = sorted(
        np.ndindex(2 * MAX_SHIFT[0] + 1, 2 * MAX_SHIFT[1] + 1),
        key=lambda s: (s[0] - MAX_SHIFT[0]) ** 2 + (s[1] - MAX_SHIFT[1]) ** 2,
    )  # ties are decided for the shortest shift
    moves = np.array(shifts) - MAX_SHIFT
    root_f, root_o = np.sqrt(f), np.sqrt(o)
    affinity = []
    for dy, dx in moves:
        overlap = root_o * shifted(root_f, dy, dx, fill=0)
        both = np.stack([overlap, o + shifted(f, dy, dx, fill=0)]).reshape(2, -1)
        sums = (boxes.weights @ both.T.astype(np.float64)).T.reshape(2, *boxes.grid.shape)
        sums = uniform_filter(sums, (1, 3, 3), mode="constant")
        affinity.append(np.nan_to_num(ratio(2 * sums[0], np.where(sums[1] > 1e-9, sums[1], 0))))
    best = np.argmax(affinity, axis=0)
    return np.moveaxis(moves[best], -1, 0)


def shifted(field: np.ndarray, dy: int, dx: int, *, fill: float) -> np.ndarray:
    """Field moved by whole cells, `fill` where it comes from outside."""
    moved = np.full_like(field, fill)
    ny, nx = field.shape
    target = slice(max(dy, 0), ny + min(dy, 0)), slice(max(dx, 0), nx + min(dx, 0))
    source = slice(max(-dy, 0), ny - max(dy, 0)), slice(max(-dx, 0), nx - max(dx, 0))
    moved[target] = field[source]
    return moved


def moved_on(field: np.ndarray, shift: np.ndarray, boxes: Boxes) -> np.ndarray:
    """Field moved by the shift of each box, NaN where it comes from outside."""
    dy, dx = shift.reshape(2, -1)[:, boxes.index]
    row, column = np.indices(field.shape)
    row, column = row - dy, column - dx
    inside = (row >= 0) & (row < field.shape[0]) & (column >= 0) & (column < field.shape[1])
    return np.where(inside, field[np.where(inside, row, 0), np.where(inside, column, 0)], np.nan)
