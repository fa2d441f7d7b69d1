"""Which scores of a map are withheld: its own, and the interval of its own."""

import numpy as np
import pandas as pd

from rainscore.grids import Grid

MAP_FLAG = "map_score_flag"
"""Variable that says why the score of a map is withheld."""

MAP_FLAGS = ("not_withheld", "most_windows_withheld")
"""Meanings of the flags 0 and 1 of `MAP_FLAG`."""

MOST = 0.5
"""Largest share of the windows with rain that may be withheld in a map with a score."""

SIZE_TOLERANCE = 0.1
"""Relative difference of a side to that of the training domain up to which the interval holds."""


def withhold_map_scores(scores: pd.DataFrame, flags: np.ndarray, wet: np.ndarray) -> pd.DataFrame:
    """Remove the scores of maps of which most windows with rain are withheld.

    Args:
        scores: One row per map: `map_score`, `map_score_low`, `map_score_high` and others.
        flags: Flag of each window (`guard.FLAGS`), dims (map, y, x).
        wet: Windows with rain in IMERG, dims (map, y, x).

    Returns:
        The table with NaN in these three columns where the score is withheld, and `MAP_FLAG`.
    """
    count = wet.sum(axis=(1, 2))
    share = (wet & (flags > 0)).sum(axis=(1, 2)) / np.maximum(count, 1)
    names = ["map_score", "map_score_low", "map_score_high"]
    withheld = share > MOST
    kept = {name: np.where(withheld, np.nan, scores[name]) for name in names}
    return scores.assign(**kept, **{MAP_FLAG: withheld.astype(np.float32)})


def map_score_withheld(flag: float | None, share: float) -> str:
    """Reason why the score of a map is withheld; empty if it is not.

    Args:
        flag: Value of `MAP_FLAG`; None or NaN without a guard.
        share: Share of the windows with rain whose scores are withheld.
    """
    if not flag or np.isnan(flag):
        return ""
    return f"{100 * share:.0f} % of the places with rain are outside what the model has learnt"


def interval_withheld(shape: tuple[int, ...], trained: Grid) -> str:
    """Reason why a window gets no interval of the map score; empty if it gets one.

    The interval is calibrated on maps as large as the training domain. The score of a smaller map
    varies more, that of a larger one less.

    Args:
        shape: Number of rows and columns of the window.
        trained: Learning grid of the training.
    """
    if all(abs(n - m) <= SIZE_TOLERANCE * m for n, m in zip(shape, trained.shape, strict=True)):
        return ""
    sizes = (
        f"{nx * trained.dx / 1000:g} km × {ny * trained.dx / 1000:g} km"
        for ny, nx in (trained.shape, shape)
    )
    return "it is calibrated for windows of {}, this one is {}".format(*sizes)
