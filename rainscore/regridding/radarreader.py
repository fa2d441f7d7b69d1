"""Radar frames of a manifest, averaged over half-hours or hours and regridded."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.imerg.manifests import read_manifest, size_and_digest
from rainscore.radar.formats import RadarFormat, get_format, remove_clutter
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.times import HALF_HOUR, HOUR

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
        min_frame_share: Share of a half-hour that must be valid at a pixel, 0 to 1.
    """

    format: str
    timestamp_convention: str
    step_minutes: int
    max_rate_mm_h: float
    min_quality: float
    min_frame_share: float

    @property
    def period(self) -> np.timedelta64:
        """Period of the means that are compared with IMERG: a half-hour, or an hour."""
        return HALF_HOUR if self.step_minutes <= 30 else HOUR


@dataclass(frozen=True)
class Frame:
    """A radar frame.

    Attributes:
        time: Start of its interval, UTC.
        minutes: Length of its interval [min].
        rate: Rates (y, x) [mm/h], NaN where missing or clutter.
        grid: Grid of the rates.
    """

    time: np.datetime64
    minutes: float
    rate: np.ndarray
    grid: Grid


@dataclass(frozen=True)
class RadarReader:
    """Reader of the frames of a manifest, and of their means on a target grid.

    Attributes:
        manifest: Manifest of one or more months with absolute file names (docs/contracts.md).
        format: Reader of the files.
        target: Grid of the means.
        settings: Settings of the averaging.
    """

    manifest: pd.DataFrame
    format: RadarFormat
    target: Grid
    settings: RadarSettings
    _weights: dict[Grid, Weights] = field(default_factory=dict, repr=False, compare=False)
    _grids: dict[str, Grid | None] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @cached_property
    def _minutes(self) -> np.ndarray:
        """Length of the interval of each row of the manifest [min], dims (row,)."""
        step = float(self.settings.step_minutes)
        if "minutes" not in self.manifest:
            return np.full(len(self.manifest), step)
        return self.manifest["minutes"].fillna(step).to_numpy(float)

    def rows(self, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
        """Rows of the manifest whose interval lies at least partly in [start, end).

        `minutes` is the length of the interval; frames without a stated length have that of
        `step_minutes`.
        """
        times = self.manifest["time"].to_numpy()
        longest = self._minutes.max(initial=0)
        first, last = np.searchsorted(times, [start - _minutes(longest), end])
        rows = self.manifest.iloc[first:last].assign(minutes=self._minutes[first:last])
        return rows[rows["time"] + pd.to_timedelta(rows["minutes"], unit="min") > start]

    def frames(self, start: np.datetime64, end: np.datetime64) -> list[Frame]:
        """Frames that can be read and whose interval lies at least partly in [start, end)."""
        columns = ["time", "minutes", "file", "index", "size", "sha256"]
        rows = self.rows(start, end)
        frames = []
        for time, minutes, file, index, *content in rows.loc[
            rows["state"] == "present", columns
        ].itertuples(index=False):
            grid = self._grid(file, *content)
            rate = None if grid is None else self._rate(file, index, grid)
            if grid is not None and rate is not None:
                frames.append(Frame(time.to_datetime64(), minutes, rate, grid))
        return frames

    def regrid(self, frames: Sequence[Frame]) -> np.ndarray:
        """Rates of some frames on the target grid, dims (t, y, x) [mm/h], NaN where missing."""
        rates = np.empty((len(frames), *self.target.shape), np.float32)
        grids = [frame.grid for frame in frames]
        for grid in dict.fromkeys(grids):
            of_grid = [i for i, other in enumerate(grids) if other == grid]
            values = np.stack([frames[i].rate for i in of_grid])
            rates[of_grid] = self._weights_from(grid).apply(values, min_valid=0.5)[0]
        return rates

    def mean(
        self, frames: Sequence[Frame], minutes: Sequence[float], *, of_minutes: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean of some frames on the target grid.

        Args:
            frames: One or more frames.
            minutes: Length of each frame's interval inside the period [min].
            of_minutes: Length of the period [min].

        Returns:
            Mean rate, (y, x) [mm/h], NaN where missing; the smaller of the valid share of the
            period and the valid share of area, (y, x), 0 to 1.
        """
        one_grid = len({frame.grid for frame in frames}) == 1
        # Pixels of different grids have no common mean: such frames are regridded first.
        rates = (frame.rate for frame in frames) if one_grid else self.regrid(frames)
        mean, valid = half_hour_mean(
            rates,
            minutes=minutes,
            period_minutes=of_minutes,
            min_frame_share=self.settings.min_frame_share,
        )
        if not one_grid:
            return mean, valid
        weights = self._weights_from(frames[0].grid)
        rain, area = weights.apply(mean, min_valid=0.5)
        share, _ = weights.apply(valid, min_valid=0.0)
        return rain, np.nan_to_num(np.minimum(area, share))

    def period_mean(self, start: np.datetime64) -> tuple[np.ndarray, np.ndarray] | None:
        """Mean over the period from `start` (`RadarSettings.period`) on the target grid.

        Returns:
            Mean rate and valid share, as in `mean`; None if no frame can be read.
        """
        end = start + self.settings.period
        frames = self.frames(start, end)
        if not frames:
            return None
        minutes = [
            float((min(f.time + _minutes(f.minutes), end) - max(f.time, start)) / _minutes(1))
            for f in frames
        ]
        return self.mean(frames, minutes, of_minutes=float((end - start) / _minutes(1)))

    def _rate(self, file: str, index: int, grid: Grid) -> np.ndarray | None:
        """Rates of a frame without clutter; None if it cannot be read."""
        try:
            rate, clutter = remove_clutter(
                self.format.read(file, index), max_rate_mm_h=self.settings.max_rate_mm_h
            )
        except DamagedFile as error:
            log.warning("frame not used: %s", error)
            return None
        if rate.shape != grid.shape:
            log.warning(
                "frame not used: %s: its rates have the shape %s, its grid %s",
                file, rate.shape, grid.shape,
            )  # fmt: skip
            return None
        if clutter:
            log.info("%s: %d pixels of clutter set to missing", file, clutter)
        if not np.isfinite(rate).any():
            log.info("%s: no valid rate in frame %d", file, index)
        return rate

    def _grid(self, file: str, size: int, sha256: str) -> Grid | None:
        """Grid of a file; None if it cannot be read or is not the file that was indexed."""
        with self._lock:
            if file not in self._grids:
                try:
                    if size_and_digest(file) != (size, sha256):
                        raise DamagedFile(
                            file,
                            "it changed after it was indexed",
                            "delete the radar's manifest of this month, and rerun",
                        )
                    self._grids[file] = self.format.grid(file)
                except DamagedFile as error:
                    log.warning("frames not used: %s", error)
                    self._grids[file] = None
            return self._grids[file]

    def _weights_from(self, grid: Grid) -> Weights:
        """Weights from a grid to the target grid."""
        with self._lock:
            if grid not in self._weights:
                self._weights[grid] = overlap_weights(grid, self.target)
            return self._weights[grid]


def open_radar(manifest: str | Path, settings: RadarSettings, target: Grid) -> RadarReader:
    """Reader of the frames of a radar manifest, regridded to a target grid."""
    rows = read_manifest(manifest, absolute=True)
    reader = get_format(
        settings.format,
        timestamp_convention=settings.timestamp_convention,
        step_minutes=settings.step_minutes,
        min_quality=settings.min_quality,
    )
    return RadarReader(rows, reader, target, settings)


def radar_truth(radar: RadarReader) -> Truth:
    """The radar on its reader's target grid as the true rain of simulated satellites.

    Returns:
        Function of the start and end of a period [start, end), which returns the starts of the
        frames in it, dims (t,), and their rates, dims (t, y, x) [mm/h], NaN where missing.
    """

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        frames = [frame for frame in radar.frames(start, end) if frame.time >= start]
        times = np.array([frame.time for frame in frames], dtype="datetime64[ns]")
        return times, radar.regrid(frames)

    return truth


def _minutes(number: float) -> np.timedelta64:
    """Time span of a number of minutes, in nanoseconds."""
    return pd.Timedelta(minutes=number).to_timedelta64()
