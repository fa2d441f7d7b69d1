"""Variants of the U-Net, trained to learn what matters: what one may not see or train on."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.passes import SOURCES
from rainscore.times import SEASONS, season_of
from rainscore.training.cards import score_of
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import TIME_CONTEXT, input_channels
from rainscore.training.features import learning_grid

SOURCE_AND_AGE = ("mw_rain", *SOURCES, "age_last", "age_next", "age_known", "ir_influence")
"""Channels that tell which instrument an estimate is from, and how old it is."""


@dataclass(frozen=True)
class Variant:
    """How a U-Net differs from the run's own.

    Attributes:
        hidden: Channels that it never sees.
        season: Season that it is not trained on and is judged in; empty: all are both.
        half: Half of the domain, `west` or `east`, that it is not trained on and is judged in;
            empty: the whole is both.
    """

    hidden: tuple[str, ...] = ()
    season: str = ""
    half: str = ""

    def splits(self, splits: pd.DataFrame) -> pd.DataFrame:
        """Leave out (`gap`) the season in all splits but the test, and the others in the test.

        Args:
            splits: Of `period.split_blocks`.

        Raises:
            RainscoreError: The period has no test days in the season, or no other training days.
        """
        if not self.season:
            return splits
        here = splits["time"].dt.month.map(season_of) == self.season
        left_out = here != (splits["split"] == "test")
        found = splits.assign(split=splits["split"].mask(left_out, "gap"))
        missing = {"train", "validation", "test"} - set(found["split"])
        if missing:
            raise RainscoreError(
                f"evaluation.unet_variants: no-{self.season} has no "
                f"{', '.join(sorted(missing))} days: "
                f"the period needs test days in {self.season} and others outside it"
            )
        return found

    def pixels(self, shape: tuple[int, int], *, margin: int, judged: bool) -> np.ndarray | None:
        """Pixels (y, x) that the variant is judged on, or else trained on; None: all.

        Args:
            shape: Of the learning grid.
            margin: Columns on either side of the middle that belong to neither half, because their
                windows overlap.
            judged: Whether the pixels to judge on are wanted.
        """
        if not self.half:
            return None
        column = np.arange(shape[1])
        west = column < shape[1] // 2 - margin
        east = column >= shape[1] - shape[1] // 2 + margin
        chosen = west if (self.half == "west") == judged else east
        return np.broadcast_to(chosen, shape)


VARIANTS = {
    "no-time-context": Variant(hidden=TIME_CONTEXT),
    "no-source-and-age": Variant(hidden=SOURCE_AND_AGE),
    "rain-only": Variant(
        hidden=tuple(name for name in input_channels(CHANNELS) if name not in ("rain", "valid"))
    ),
    **{f"no-{season}": Variant(season=season) for season in SEASONS},
    **{f"no-{half}": Variant(half=half) for half in ("west", "east")},
}
"""By name; docs/learning.md tells them."""


def variant_pixels(variant: Variant, path: Path, *, judged: bool) -> np.ndarray | None:
    """`Variant.pixels` on the grid of a training file, with its score's windows as margin."""
    grid, window = learning_grid(path), score_of(path)["window_km"]
    return variant.pixels(grid.shape, margin=math.ceil(window / (grid.dx / 1000)), judged=judged)
