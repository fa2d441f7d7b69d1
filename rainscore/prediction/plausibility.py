"""Check that the rain of a granule can be real before it is scored."""

import numpy as np

from rainscore.errors import RainscoreError

MIN_CELLS = 100
"""Number of cells from which equal rain is evidence of a wrong file."""


def check_rain(rain: np.ndarray) -> None:
    """Refuse rain that is the same in all cells, which a network would score as if it were real.

    Args:
        rain: Rain [mm/h], NaN where missing. Missing everywhere and dry everywhere are accepted.

    Raises:
        RainscoreError: All cells with an estimate have the same rain, and it is not 0.
    """
    known = rain[np.isfinite(rain)]
    if known.size >= MIN_CELLS and known.max() > 0 and known.min() == known.max():
        raise RainscoreError(
            f"all {known.size} cells with an estimate have the same rain, {known.max():g} mm/h, "
            "which no real map has: look at the file with `rainscore inspect`"
        )
