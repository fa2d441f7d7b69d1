"""Sample of a month on which the candidate scores are computed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from rainscore.regridding.conservative import Weights
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.choice.candidates import (
    CandidateScores,
    CandidateWindows,
    Climatology,
    candidate_scores,
)
from rainscore.scores.scoremaps import ScoreSettings

IMERG_MAPS = 240
"""Maximum number of half-hours of a month on which IMERG is scored."""


MAPS_PER_CHUNK = 12
"""Number of maps held in memory at a time."""


@dataclass(frozen=True)
class MonthSample:
    """Half-hours of a month, and the windows in which they are scored.

    Attributes:
        pair: Pairs of the month as they are compared (`hourly.compared`); NaN where missing.
        settings: Settings of the score.
        to_cells: Regridding weights from the study grid to IMERG's cells.
    """

    pair: xr.Dataset
    settings: ScoreSettings
    to_cells: Weights

    @cached_property
    def windows(self) -> CandidateWindows:
        """Windows over the cells, centred side by side."""
        study, side_km = self.to_cells.source, self.settings.window_km
        side = round(side_km / (abs(study.dx) / 1000))
        rows, columns = study.ny // side, study.nx // side
        whole = replace(study, nx=columns * side, ny=rows * side).coarsen(side)
        domain = np.ones((1, *study.shape), np.float32)
        covered = self.to_cells.apply(domain, min_valid=0)[1][0] >= self.settings.min_valid_share
        return CandidateWindows(
            *(
                CellWindows.between(self.to_cells.target, whole, window_km=factor * side_km).within(
                    covered
                )
                for factor in (1, 0.5, 2)
            )
        )

    @cached_property
    def climatology(self) -> Climatology:
        """Climatology of the radar on the cells."""
        radar = np.concatenate([radar for _, _, radar in self.maps(IMERG_MAPS)])
        rates = self.on_cells(radar)
        return Climatology.of(rates, wet_threshold=self.settings.wet_threshold_mm_h)

    @cached_property
    def unbiased(self) -> float:
        """Factor that gives IMERG the total of the radar; 1 if either has no rain."""
        totals = np.zeros(2)
        for _, imerg, radar in self.maps(IMERG_MAPS):
            rates = np.stack([imerg, self.on_cells(radar)])
            valid = np.isfinite(rates).all(axis=0)
            totals += np.where(valid, rates, 0).sum(axis=(1, 2, 3))
        return float(totals[1] / totals[0]) if totals.all() else 1.0

    def times(self, number: int) -> np.ndarray:
        """At most `number` half-hour starts, evenly spaced over the month."""
        minutes = self.pair.attrs.get("reference_minutes", 30)
        times = self.pair["time"].values[:: minutes // 30]
        return times[np.unique(np.linspace(0, times.size - 1, min(number, times.size)).astype(int))]

    def maps(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield half-hour starts (time,), IMERG on its cells and the radar on the study grid.

        Dims (time, lat, lon) and (time, y, x) [mm/h], NaN where missing.
        """
        times = self.times(number)
        for start in range(0, times.size, MAPS_PER_CHUNK):
            chunk = times[start : start + MAPS_PER_CHUNK]
            part = self.pair[["precipitation", "radar"]].sel(time=chunk).load()
            yield part["time"].values, part["precipitation"].values, part["radar"].values

    def on_cells(self, radar: np.ndarray) -> np.ndarray:
        """Means of the radar (time, y, x) over IMERG's cells (time, lat, lon), NaN missing."""
        return self.to_cells.apply(radar, min_valid=self.settings.min_valid_share)[0]

    def scores(self, estimate: np.ndarray, truth: np.ndarray) -> CandidateScores:
        """Candidates of two fields on IMERG's cells (time, lat, lon) [mm/h]."""
        return candidate_scores(
            estimate,
            truth,
            self.windows,
            self.climatology,
            wet_threshold=self.settings.wet_threshold_mm_h,
            min_valid_share=self.settings.min_valid_share,
        )
