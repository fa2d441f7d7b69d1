"""Observations of the simulated satellites: microwave, infrared and motion in each half-hour."""

from dataclasses import dataclass

import numpy as np

from rainscore.grids import Grid
from rainscore.regridding.radarreader import Truth
from rainscore.simulation.errorsources import ErrorSources
from rainscore.simulation.morphing import estimate_motion
from rainscore.simulation.overpasses import Overpass, find_overpasses
from rainscore.simulation.retrievals import Retrievals
from rainscore.simulation.worlds import REFERENCE, World
from rainscore.times import HALF_HOUR

HALF_HOURS_PER_DAY = 48
_YOUNGEST_ALOFT_MIN = 6.0  # age of the rain whose ice a microwave sensor observes aloft
_UNDELAYED_MIN = -8.0, 8.0  # age of the rain that a sensor observes without delay


@dataclass(frozen=True)
class Observation:
    """Observations of one half-hour.

    Attributes:
        rain: True mean rain rate [mm/h], dims (lat, lon), NaN where missing.
        microwave: Microwave rain rate [mm/h], dims (lat, lon), NaN where not observed.
        source: IMERG's code of the microwave source, uint8, dims (lat, lon), 0 where none.
        correlation: Correlation with the radar that the merge assumes for the microwave rate, dims
            (lat, lon), 0 where none.
        minute: Minute of the microwave observation, int8, dims (lat, lon), −1 where none.
        infrared: Infrared rain rate [mm/h], dims (lat, lon), NaN where missing.
        motion: Displacement along y and x [cells per half-hour], and its weight.
    """

    rain: np.ndarray
    microwave: np.ndarray
    source: np.ndarray
    correlation: np.ndarray
    minute: np.ndarray
    infrared: np.ndarray
    motion: tuple[float, float, float]


class Observer:
    """The satellites, which observe a given rain half-hour by half-hour.

    Args:
        truth: Function that returns, for a start and an end, the starts of the radar frames in
            between, dims (time,), and their rain rates on the cells [mm/h], dims (time, lat, lon),
            NaN where missing.
        cells: IMERG's cells, row 0 south.
        seed: Random seed of the errors.
        errors: Sources of error.
        world: Parameters of the satellites.

    Attributes:
        observations: Observations in memory, by half-hour since 1970.
        retrievals: Retrievals of the sensors.
    """

    def __init__(
        self,
        truth: Truth,
        cells: Grid,
        *,
        seed: int,
        errors: ErrorSources,
        world: World = REFERENCE,
    ):
        self.truth, self.cells, self.errors = truth, cells, errors
        self.seed, self.world = seed, world
        self.retrievals = Retrievals(cells, seed=seed, errors=errors, world=world)
        self.observations: dict[int, Observation] = {}
        self._recent: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._passes: dict[int, dict[int, list[Overpass]]] = {}

    def forget(self, before: int) -> None:
        """Drop the observations of the half-hours before `before`."""
        for half_hour in [h for h in self.observations if h < before]:
            del self.observations[half_hour]

    def observe(self, half_hour: int) -> Observation:
        """Return the observation of a half-hour, computed at the first call."""
        if half_hour not in self.observations:
            self.observations[half_hour] = self._observe(half_hour)
        return self.observations[half_hour]

    def _observe(self, half_hour: int) -> Observation:
        start = np.datetime64(half_hour * 30, "m").astype("datetime64[ns]")
        times, frames = self.truth(start, start + HALF_HOUR)
        rain = mean_rate(frames, self.cells.shape)
        middle = (times - start) / np.timedelta64(1, "m") + 2.5
        scenes = self.with_recent(half_hour, middle, frames)
        microwave = np.full(self.cells.shape, np.nan, np.float32)
        source = np.zeros(self.cells.shape, np.uint8)
        minute = np.full(self.cells.shape, -1, np.int8)
        for overpass in self._overpasses(half_hour):
            in_swath = ~np.isnan(overpass.minute)
            source[in_swath] = overpass.satellite.sensor.code
            minute[in_swath] = overpass.minute[in_swath].astype(np.int8)
            if len(frames):
                scene = self.scene(*scenes, float(overpass.minute[in_swath].mean()))
                microwave[in_swath] = self.retrievals.microwave(scene, overpass)[in_swath]
        before = [
            self.observations[h].rain
            for h in range(half_hour - 3, half_hour)
            if h in self.observations
        ]
        infrared = self.retrievals.infrared([*before, rain], half_hour)
        dy, dx, weight = estimate_motion(before[-2], rain) if len(before) > 1 else (0.0, 0.0, 0.0)
        correlation = self.retrievals.correlation(source, half_hour)
        motion = (dy / 2, dx / 2, weight)
        return Observation(rain, microwave, source, correlation, minute, infrared, motion)

    def with_recent(
        self, half_hour: int, middle: np.ndarray, frames: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add the frames of the two preceding half-hours to those of a half-hour.

        Args:
            half_hour: Half-hours since 1970.
            middle: Middle of each frame [min after the start of the half-hour], dims (time,).
            frames: Rain rates [mm/h], dims (time, lat, lon).

        Returns:
            Middles and rain rates of the frames of the three half-hours.
        """
        recent = {h: self._recent[h] for h in (half_hour - 2, half_hour - 1) if h in self._recent}
        self._recent = {**recent, half_hour: (middle, frames)}
        parts = [(m + 30 * (h - half_hour), f) for h, (m, f) in self._recent.items() if len(f)]
        if not parts:
            return middle, frames
        return np.concatenate([m for m, _ in parts]), np.concatenate([f for _, f in parts])

    def scene(self, middle: np.ndarray, frames: np.ndarray, minute: float) -> np.ndarray:
        """Rain rate that a microwave sensor observes at a minute [mm/h], dims (lat, lon).

        The mean of the frames whose age is in the range that the sensor observes aloft, or of the
        frames nearest to this range.

        Args:
            middle: Middle of each frame [min after the start of the half-hour], dims (time,).
            frames: Rain rates [mm/h], dims (time, lat, lon).
            minute: Minute of the observation.
        """
        age = minute - middle
        aloft = _YOUNGEST_ALOFT_MIN, self.world.aloft
        youngest, oldest = aloft if self.errors.delay else _UNDELAYED_MIN
        distance = np.maximum(youngest - age, age - oldest)
        selected = (distance <= 0) | (distance == distance.min())
        return mean_rate(frames[selected], self.cells.shape)

    def _overpasses(self, half_hour: int) -> list[Overpass]:
        day = half_hour // HALF_HOURS_PER_DAY
        if day not in self._passes:
            date, available = np.datetime64(day, "D"), self.world.availability
            self._passes = {
                day: find_overpasses(self.cells, date, seed=self.seed, availability=available)
            }
        return self._passes[day].get(half_hour, [])


def mean_rate(frames: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Mean over the frames with data, dims (lat, lon), float32, NaN where none has data."""
    if len(frames) == 0:
        return np.full(shape, np.nan, np.float32)
    valid = ~np.isnan(frames)
    count = valid.sum(axis=0)
    total = np.where(valid, frames, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
