"""Skill of the predicted probability that rain is hidden where IMERG has none."""

import numpy as np
import pandas as pd

from rainscore.evaluation.blocks import Block
from rainscore.evaluation.daysums import COLUMNS, DaySums, GroupSums, single_group, skill_row
from rainscore.evaluation.skill import CLIMATOLOGY, UNET

BINS = 10
"""Number of equal bins of the probability."""

PARTS = ("windows", "probability", "rain", "squared_error")
"""Sums of each bin: number of windows, of probabilities, of windows with rain, of errors²."""


class HiddenRain:
    """Sums by day over the windows where IMERG has no rain and the radar is valid.

    The score of such a window is not predicted: it is rightly dry, or rain is hidden in it and its
    score is low. The prediction is a probability and is evaluated by the Brier score.
    """

    def __init__(self) -> None:
        self._sums = DaySums(len(PARTS) * BINS)

    def add(self, block: Block, probability: np.ndarray) -> None:
        """Add maps.

        Args:
            block: The maps.
            probability: Predicted probability of hidden rain, dims (map, y, x).
        """
        dry = block.radar_valid & ~block.wet
        rain = np.isfinite(block.target)[dry].astype(np.float64)
        predicted = probability[dry]
        days = block.times.astype("datetime64[D]")[np.nonzero(dry)[0]]
        bins = np.minimum((predicted * BINS).astype(int), BINS - 1)
        parts = (np.ones_like(predicted), predicted, rain, (predicted - rain) ** 2)
        for day in np.unique(days):
            on_day = days == day
            row = [np.bincount(bins[on_day], part[on_day], BINS) for part in parts]
            grouping = {"hidden": single_group(1)}
            self._sums.add(UNET, np.array([day]), grouping, np.concatenate(row)[None])

    def _group(self) -> GroupSums:
        """Sums, dims (method, day, part · bin); no day where nothing was added."""
        empty = GroupSums("hidden", "all", [UNET], [], np.zeros((1, 0, len(PARTS) * BINS)))
        return next(self._sums.groups(), empty)

    def skill(self, training: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
        """Brier score of the U-Net and of climatology, the share of hidden rain in training.

        Args:
            training: Score tables of the training days (windows, defined, imerg_wet_windows).
            resamples: Number of bootstrap samples of days.
            seed: Random seed of the samples.

        Returns:
            `COLUMNS`; measures `brier` and `brier_skill` = 1 − brier / brier(climatology).
        """
        group = self._group()
        windows, _, rain, squared = group.sums.reshape(-1, len(PARTS), BINS).sum(axis=2).T
        dry = (training["windows"] - training["imerg_wet_windows"]).sum()
        share = (training["defined"] - training["imerg_wet_windows"]).sum() / max(dry, 1)
        constant = rain * (1 - share) ** 2 + (windows - rain) * share**2
        weights = group.weights(resamples=resamples, seed=seed)

        def ratio(sums: np.ndarray, total: np.ndarray) -> tuple[float, np.ndarray]:
            samples = weights @ sums / np.maximum(weights @ total, 1e-12)
            return sums.sum() / max(total.sum(), 1e-12), samples

        rows = []
        for method, error in ((CLIMATOLOGY, constant), (UNET, squared)):
            value, samples = ratio(error, windows)
            relative, relative_samples = ratio(error, constant)
            for measure, number, drawn in (
                ("brier", value, samples),
                ("brier_skill", 1 - relative, 1 - relative_samples),
            ):
                rows.append(
                    skill_row(group, method, measure, value=number, samples=drawn, n=windows.sum())
                )
        return pd.DataFrame(rows, columns=COLUMNS)

    def reliability(self, *, resamples: int, seed: int) -> pd.DataFrame:
        """Observed share of windows with hidden rain in each bin of the predicted probability.

        Returns:
            One row per bin with windows: what (`hidden rain`), level (mean predicted probability),
            share, low, high, n, days.
        """
        group = self._group()
        cube = group.sums.reshape(-1, len(PARTS), BINS)
        weights = group.weights(resamples=resamples, seed=seed)
        rows = []
        for i in range(BINS):
            windows, predicted, rain, _ = cube[:, :, i].T
            n = windows.sum()
            if not n:
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                samples = (weights @ rain) / (weights @ windows)
            low, high = group.interval(samples)
            row = {"what": "hidden rain", "level": predicted.sum() / n, "share": rain.sum() / n}
            rows.append(row | {"low": low, "high": high, "n": int(n), "days": len(group.days)})
        return pd.DataFrame(rows)
