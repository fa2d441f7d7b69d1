"""How good the probability is that rain is hidden where IMERG has none."""

import numpy as np
import pandas as pd

from rainscore.evaluation.blocks import Block
from rainscore.evaluation.skill import COLUMNS, DaySums
from rainscore.scores.bootstrap import day_weights, interval

BINS = 10


class HiddenRain:
    """Sums over the windows that IMERG leaves dry and the radar knows, day by day.

    Such a window has no interval to be covered: it is rightly dry, or its score is 0. What is
    predicted is a probability, and it is judged as one.
    """

    def __init__(self) -> None:
        # Of each bin of the probability: windows, sum of probabilities, of hidden rain, of errors.
        self._sums = DaySums(4 * BINS)

    def add(self, block: Block, probability: np.ndarray) -> None:
        """Add maps with their probability of hidden rain, dims (map, y, x)."""
        dry = block.truth & ~block.wet
        found = np.isfinite(block.target)[dry].astype(np.float64)
        told = probability[dry]
        days = block.times.astype("datetime64[D]")[np.nonzero(dry)[0]]
        bins = np.minimum((told * BINS).astype(int), BINS - 1)
        parts = (np.ones_like(told), told, found, (told - found) ** 2)
        for day in np.unique(days):
            here = days == day
            row = [np.bincount(bins[here], part[here], BINS) for part in parts]
            zero = np.zeros(1, int)
            self._sums.add("U-Net", str(day), "hidden", ["all"], zero, np.concatenate(row)[None])

    def _cube(self) -> tuple[list[str], np.ndarray]:
        """Days, and sums (day, part, bin)."""
        for _, _, days, cube in self._sums.cubes():
            return days, cube[0].reshape(-1, 4, BINS)
        return [], np.zeros((0, 4, BINS))

    def skill(self, past: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
        """Brier score of the U-Net and of the training days' share of hidden rain.

        Args:
            past: Score tables of the training days.
            resamples, seed: As in `skill.skill_table`.

        Returns:
            As `skill.skill_table`, measures `brier` and `brier_skill` (against climatology).
        """
        days, cube = self._cube()
        dry = (past["windows"] - past["imerg_wet_windows"]).sum()
        share = (past["defined"] - past["imerg_wet_windows"]).sum() / max(dry, 1)
        n, _, found, error = cube.sum(axis=2).T
        constant = found * (1 - share) ** 2 + (n - found) * share**2
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        rows = []
        for method, wrong in (("climatology", constant), ("U-Net", error)):
            for measure, of in (("brier", n), ("brier_skill", constant)):
                drawn = weights @ wrong / np.maximum(weights @ of, 1e-12)
                value = wrong.sum() / max(of.sum(), 1e-12)
                if measure == "brier_skill":
                    drawn, value = 1 - drawn, 1 - value
                low, high = interval(drawn, len(days))
                row = (method, measure, "hidden", "all", value, low, high, len(days), int(n.sum()))
                rows.append(row)
        return pd.DataFrame(rows, columns=COLUMNS)

    def reliability(self, *, resamples: int, seed: int) -> pd.DataFrame:
        """How often rain was hidden, by the probability told: what, level (mean told), share, …"""
        days, cube = self._cube()
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        rows = []
        for i in range(BINS):
            n, told, found, _ = cube[:, :, i].T
            if not n.sum():
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = (weights @ found) / (weights @ n)
            low, high = interval(drawn, len(days))
            rows.append(
                {
                    "what": "hidden rain",
                    "level": told.sum() / n.sum(),
                    "share": found.sum() / n.sum(),
                    "low": low,
                    "high": high,
                    "n": int(n.sum()),
                    "days": len(days),
                }
            )
        return pd.DataFrame(rows)
