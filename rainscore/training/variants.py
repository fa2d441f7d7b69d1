"""Variants of the U-Net: without some inputs, a season or half of the domain, or another seed."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.passes import SOURCES
from rainscore.times import SEASONS, season_of
from rainscore.training.channels import CHANNELS
from rainscore.training.features import learning_grid, score_settings
from rainscore.training.timecontext import TIME_CONTEXT, input_channels

SOURCE_AND_AGE = (
    *("mw_rain", *SOURCES, "age_last", "age_next", "age_known", "ir_influence", "quality_index"),
)
"""Channels of the source of an estimate and of its age, which the quality index depends on."""


@dataclass(frozen=True)
class Variant:
    """Difference of a U-Net from the U-Net of the run.

    Attributes:
        hidden: Names of the channels to mask.
        season: Season that is left out of the training and used for the evaluation; empty: all
            seasons are used for both.
        half: Half of the domain, `west` or `east`, that is left out of the training and used for
            the evaluation; empty: the whole domain is used for both.
        seed: Added to the random seed of the training.
    """

    hidden: tuple[str, ...] = ()
    season: str = ""
    half: str = ""
    seed: int = 0

    def splits(self, splits: pd.DataFrame) -> pd.DataFrame:
        """Keep the season in the test split only, and the other seasons out of it (`gap`).

        Args:
            splits: Table of `splits.split_blocks`.

        Raises:
            RainscoreError: The period has no test days in the season, or no training or validation
                days outside it.
        """
        if not self.season:
            return splits
        in_season = splits["time"].dt.month.map(season_of) == self.season
        left_out = in_season != (splits["split"] == "test")
        changed = splits.assign(split=splits["split"].mask(left_out, "gap"))
        missing = {"train", "validation", "test"} - set(changed["split"])
        if missing:
            raise RainscoreError(
                f"evaluation.unet_variants: no-{self.season} has no "
                f"{', '.join(sorted(missing))} days: "
                f"the period needs test days in {self.season} and others outside it"
            )
        return changed

    def pixels(self, shape: tuple[int, int], *, margin: int, evaluation: bool) -> np.ndarray | None:
        """Pixels (y, x) for the evaluation or for the training; None: all.

        Args:
            shape: Rows and columns of the learning grid.
            margin: Columns on either side of the middle that belong to neither half, because their
                windows overlap.
            evaluation: Whether to return the pixels for the evaluation.
        """
        if not self.half:
            return None
        column = np.arange(shape[1])
        west = column < shape[1] // 2 - margin
        east = column >= shape[1] - shape[1] // 2 + margin
        chosen = west if (self.half == "west") == evaluation else east
        return np.broadcast_to(chosen, shape)


VARIANTS = {
    "no-time-context": Variant(hidden=TIME_CONTEXT),
    "no-source-and-age": Variant(hidden=SOURCE_AND_AGE),
    "rain-only": Variant(
        hidden=tuple(name for name in input_channels(CHANNELS) if name not in ("rain", "valid"))
    ),
    **{f"no-{season}": Variant(season=season) for season in SEASONS},
    **{f"no-{half}": Variant(half=half) for half in ("west", "east")},
    **{f"seed-{number}": Variant(seed=number) for number in range(1, 5)},
}
"""Variants by name; docs/training.md describes them."""


def variant_pixels(variant: Variant, path: Path, *, evaluation: bool) -> np.ndarray | None:
    """Pixels (y, x) of a variant (`Variant.pixels`) on the grid of a training file; None: all.

    The margin is the window of the score.
    """
    grid, window_km = learning_grid(path), score_settings(path).window_km
    margin = math.ceil(window_km / (grid.dx / 1000))
    return variant.pixels(grid.shape, margin=margin, evaluation=evaluation)
