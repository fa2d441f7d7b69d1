"""Radar frames of a manifest, averaged over half-hours on a grid."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.radar.formats import RadarFormat, remove_clutter
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.times import HALF_HOUR

log = logging.getLogger("rainscore")


@dataclass(frozen=True)
class RadarReader:
    """What turns the frames of a manifest into half-hour means on a grid.

    Attributes:
        manifest: Rows of one or more months (docs/contracts.md).
        format: How a file of the manifest is read.
        weights: From the radar's own grid to the target; None where no frame is present.
        step_minutes: Time between frames [min].
        min_frames: Share of a half-hour's frames that a pixel needs.
        limit: Rates above it are clutter [mm/h].
    """

    manifest: pd.DataFrame
    format: RadarFormat
    weights: Weights | None
    step_minutes: int
    min_frames: float
    limit: float

    def frames(
        self, start: np.datetime64, end: np.datetime64
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Times and rates [mm/h] of the frames that can be read in [start, end)."""
        rows = self.manifest
        inside = (rows["time"] >= start) & (rows["time"] < end) & (rows["state"] == "present")
        times, rates = [], []
        names = rows.loc[inside, ["time", "file", "index"]].to_numpy()
        for time, file, index in names:
            try:
                rate, clutter = remove_clutter(self.format.read(file, index), self.limit)
            except DamagedFile as error:
                log.warning("left out: %s", error)
                continue
            if clutter:
                log.info("%s: %d pixels of clutter became missing", file, clutter)
            times.append(time)
            rates.append(rate)
        return np.array(times, dtype="datetime64[ns]"), rates

    def half_hour(self, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
        """Mean rate and share of valid frames and area, each (y, x), or None without a frame."""
        _, rates = self.frames(start, start + HALF_HOUR)
        if not rates or self.weights is None:
            return None
        expected = 30 // self.step_minutes
        mean, share = half_hour_mean(
            np.stack(rates), expected=expected, min_fraction=self.min_frames
        )
        rain, area = self.weights.apply(mean, min_valid=0.5)
        frames, _ = self.weights.apply(share.astype(np.float32), min_valid=0.0)
        return rain, np.nan_to_num(np.minimum(area, frames))


def resolve_files(manifest: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Manifest rows with absolute file names."""
    rows = manifest.copy()
    rows["file"] = [str(folder / f) if f else "" for f in rows["file"]]
    return rows


def radar_weights(manifest: pd.DataFrame, format_: RadarFormat, target: Grid) -> Weights | None:
    """Conservative weights from the radar's grid, read from its first readable frame."""
    for file in manifest.loc[manifest["state"] == "present", "file"].unique():
        try:
            return overlap_weights(format_.grid(file), target)
        except DamagedFile as error:
            log.warning("left out: %s", error)
    return None


Truth = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]


def radar_truth(radar: RadarReader, cells: Grid) -> Truth:
    """The radar as a truth for simulated satellites: frames of a time span, averaged on the cells.

    Returns:
        A function of (start, end) that gives frame times (t,) and rates (t, lat, lon) [mm/h], NaN
        where the radar has none.
    """

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        times, rates = radar.frames(start, end)
        if not rates or radar.weights is None:
            return times, np.empty((0, *cells.shape), np.float32)
        return times, radar.weights.apply(np.stack(rates), min_valid=0.5)[0]

    return truth
