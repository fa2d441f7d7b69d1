"""Sums over the held-out maps, from which the tables of the evaluation are computed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rainscore.evaluation.blocks import Block
from rainscore.evaluation.coveragegroups import Windows, decile_groups
from rainscore.evaluation.daysums import DayCounts, DaySums, Groups, single_group
from rainscore.evaluation.hidden import HiddenRain
from rainscore.evaluation.ranks import PREDICTED_BINS, SCORE_BINS, rank_bins
from rainscore.evaluation.skill import STATISTICS, UNET, score_statistics
from rainscore.scores import distribution

TIE = 0.01
"""A score that differs from a quantile by less than this counts as equal to it."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles whose reliability is evaluated."""


class HeldOutSums:
    """Sums over the held-out maps from which all tables are computed."""

    def __init__(self) -> None:
        self.windows = DaySums(len(STATISTICS))
        self.ranks = DayCounts(PREDICTED_BINS * SCORE_BINS)
        self.below = DaySums(2 * len(LEVELS) + 1)
        self.hidden = HiddenRain()
        self.groups = DaySums(len(STATISTICS))
        self.maps: list[pd.DataFrame] = []
        self.boosted: list[np.ndarray] = []

    def add(
        self, block: Block, predicted: Mapping[str, np.ndarray], groupings: Mapping[str, Groups]
    ) -> None:
        """Add the evaluated windows of a block.

        Args:
            block: The maps.
            predicted: Predicted distributions by method, dims (n, mass).
            groupings: Groups of the windows.
        """
        for method, masses in predicted.items():
            statistics = score_statistics(masses, block.scores)
            bins = rank_bins(distribution.mean(masses), block.scores)
            self.windows.add(method, block.days, groupings, statistics)
            self.ranks.add(method, block.days, groupings, bins)

    def add_groups(self, block: Block, windows: Windows, edges: np.ndarray) -> None:
        """Add the intervals of the U-Net by groups that the calibration does not use.

        Args:
            block: The maps.
            windows: Calibrated predictions of the evaluated windows.
            edges: From `coveragegroups.decile_edges`.
        """
        statistics = score_statistics(windows.masses, block.scores, windows.bounds)
        self.groups.add(UNET, block.days, decile_groups(windows, edges), statistics)

    def add_below(self, block: Block, masses: np.ndarray) -> None:
        """Count the scores at or below each quantile of the U-Net, those clearly below, and all.

        Args:
            block: The maps.
            masses: Predicted distributions, dims (n, mass).
        """
        scores, quantiles = block.scores[:, None], distribution.quantiles(masses, LEVELS)
        rows = np.hstack([scores <= quantiles, scores < quantiles - TIE, np.ones(scores.shape)])
        self.below.add(UNET, block.days, {"all": single_group(len(rows))}, rows)
