"""Radar frames of a manifest, averaged over half-hours and regridded."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.imerg.manifests import read_manifest
from rainscore.radar.formats import RadarFormat, get_format, remove_clutter
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.times import HALF_HOUR

log = logging.getLogger("rainscore")


Truth = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]
"""Source of the true rain: start and end of a period -> starts (t,), rates (t, lat, lon) [mm/h]."""


@dataclass(frozen=True)
class RadarSettings:
    """Keys of the configuration's `radar` section that affect reading and averaging of frames.

    Attributes:
        format: Format of the frames (`radar.formats.get_format`).
        timestamp_convention: `start` or `end` of the accumulation; `format` for the format's own.
        step_minutes: Time between frames [min].
        max_rate_mm_h: Rate above which a value is clutter and becomes missing [mm/h].
        min_quality: Quality below which pixels become missing, 0 to 1.
        min_frame_share: Share of a half-hour's frames that must be valid at a pixel, 0 to 1.
    """

    format: str
    timestamp_convention: str
    step_minutes: int
    max_rate_mm_h: float
    min_quality: float
    min_frame_share: float


@dataclass(frozen=True)
class RadarReader:
    """Reader of the frames of a manifest, and of their half-hour means on a target grid.

    Attributes:
        manifest: Manifest of one or more months with absolute file names (docs/contracts.md).
        format: Reader of the files.
        weights: Weights from the radar's own grid to the target grid; None without any frame.
        settings: Settings of the averaging.
    """

    manifest: pd.DataFrame
    format: RadarFormat
    weights: Weights | None
    settings: RadarSettings

    def frames(
        self, start: np.datetime64, end: np.datetime64
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Frames in [start, end) that can be read, on the radar's own grid.

        Returns:
            Starts of the frames, dims (t,); rates (y, x) [mm/h], NaN where missing or clutter.
        """
        rows = self.manifest
        selected = (rows["time"] >= start) & (rows["time"] < end) & (rows["state"] == "present")
        times, rates = [], []
        for time, file, index in rows.loc[selected, ["time", "file", "index"]].to_numpy():
            try:
                rate, clutter = remove_clutter(
                    self.format.read(file, index), max_rate_mm_h=self.settings.max_rate_mm_h
                )
            except DamagedFile as error:
                log.warning("frame not used: %s", error)
                continue
            if clutter:
                log.info("%s: %d pixels of clutter set to missing", file, clutter)
            times.append(time)
            rates.append(rate)
        return np.array(times, dtype="datetime64[ns]"), rates

    def half_hour(self, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
        """Half-hour mean on the target grid.

        Args:
            start: Start of the half-hour, UTC.

        Returns:
            Mean rate, (y, x) [mm/h], NaN where missing; the smaller of the valid share of frames
            and the valid share of area, (y, x), 0 to 1. None if no frame can be read.
        """
        _, rates = self.frames(start, start + HALF_HOUR)
        if not rates or self.weights is None:
            return None
        mean, frame_share = half_hour_mean(
            np.stack(rates),
            expected_frames=30 // self.settings.step_minutes,
            min_frame_share=self.settings.min_frame_share,
        )
        rain, area = self.weights.apply(mean, min_valid=0.5)
        frames, _ = self.weights.apply(frame_share.astype(np.float32), min_valid=0.0)
        return rain, np.nan_to_num(np.minimum(area, frames))


def open_radar(manifest: str | Path, settings: RadarSettings, target: Grid) -> RadarReader:
    """Reader of the frames of a radar manifest, regridded to a target grid."""
    rows = read_manifest(manifest, absolute=True)
    reader = get_format(
        settings.format,
        timestamp_convention=settings.timestamp_convention,
        step_minutes=settings.step_minutes,
        min_quality=settings.min_quality,
    )
    return RadarReader(rows, reader, radar_weights(rows, reader, target), settings)


def radar_weights(manifest: pd.DataFrame, reader: RadarFormat, target: Grid) -> Weights | None:
    """Conservative weights from the grid of the first readable frame; None without any."""
    for file in manifest.loc[manifest["state"] == "present", "file"].unique():
        try:
            return overlap_weights(reader.grid(file), target)
        except DamagedFile as error:
            log.warning("frame not used: %s", error)
    return None


def radar_truth(radar: RadarReader, cells: Grid) -> Truth:
    """The radar as the true rain of simulated satellites.

    Args:
        radar: Reader whose target grid is `cells`.
        cells: Cells of the rates.

    Returns:
        Function of the start and end of a period [start, end), which returns the starts of the
        frames, dims (t,), and their rates, dims (t, lat, lon) [mm/h], NaN where missing.
    """

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        times, rates = radar.frames(start, end)
        if not rates or radar.weights is None:
            return times, np.empty((0, *cells.shape), np.float32)
        return times, radar.weights.apply(np.stack(rates), min_valid=0.5)[0]

    return truth
