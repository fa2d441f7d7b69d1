"""IMERG as the constellation, the retrievals, the morphing and the merge of a world would make it.

The algorithm follows Huffman et al., IMERG ATBD V07: microwave rates on 0.1° cells, carried forward
and backward by the motion of the rain, merged with infrared rates by their correlations, and, in
the Final run, adjusted month by month towards the gauges.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.errorsources import ALL_ERRORS, ErrorSources
from rainscore.simulation.granulefields import granule_dataset
from rainscore.simulation.merge import KEEP, SOURCE_CORRELATION, Merged, merge, random_error
from rainscore.simulation.morphing import Carried, Departure, estimate_motion, mean_motion
from rainscore.simulation.noise import Smoother, SmoothNoise, cell_km
from rainscore.simulation.overpasses import Overpass, find_overpasses
from rainscore.simulation.retrievals import Retrievals

Truth = Callable[[np.datetime64, np.datetime64], tuple[np.ndarray, np.ndarray]]


RUNS = ("early", "late", "final")


_MARGIN = 12  # half-hours over which microwave rain is carried at most


_DAY = 48


_MOTION_STREAM, _GAUGE_STREAM = 21, 22


_LOCAL_MOTION_KMH = 27.0


_ALOFT_MIN = 6.0, 51.0  # ages of the rain whose ice a sensor sees aloft


_IMAGER = 2  # place in SATELLITES of who looks where all is seen


_USUAL_MONTH_MM = 70.0


_USUAL_MOTION_KMH = (0.0, 25.0)


@dataclass(frozen=True)
class _Observation:
    """What is observed in one half-hour; each map has dims (lat, lon)."""

    rain: np.ndarray  # true mean, mm/h
    microwave: np.ndarray  # mm/h, NaN where none
    source: np.ndarray  # uint8
    minute: np.ndarray  # int8, −1 where none
    infrared: np.ndarray  # mm/h
    motion: tuple[float, float, float]  # cells per half-hour, and weight


def simulate_imerg(
    truth: Truth,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    run: str = "final",
    errors: ErrorSources = ALL_ERRORS,
) -> Iterator[xr.Dataset]:
    """Half-hours of a simulated IMERG whose constellation observes a given rain.

    The rain is asked for from 8.5 h before the first day (UTC) of the period to 8.5 h after the
    last, half-hour by half-hour, in order, each once; what `truth` does not have is missing. At
    most a month of half-hours is held ("early", "late": two days).

    Args:
        truth: Gives, for a start and an end, the starts of the radar frames in between, dims
            (time,), and their rates on the cells [mm/h], dims (time, lat, lon), NaN missing.
        cells: IMERG's cells, row 0 south.
        start, end: Period, end exclusive.
        seed: Seed of the errors.
        run: "early" (carried forward only), "late", or "final" (adjusted each month to the mean
            rain of the part of the month inside the period).
        errors: Which errors are committed.

    Yields:
        One dataset a half-hour: the fields of a granule (docs/contracts.md) and
        `precipitation_uncal`, dims (lat, lon), float32, NaN missing; coordinate `time`. Where the
        rain is missing, so are the rates, but not the source and the minute.

    Raises:
        ValueError: The run is unknown.
    """
    if run not in RUNS:
        raise ValueError(f"run {run!r} is unknown: choose one of {', '.join(RUNS)}")
    product = _Product(truth, cells, seed=seed, run=run, errors=errors)
    first, last = (int(t.astype("datetime64[s]").astype(np.int64) // 1800) for t in (start, end))
    for begin, stop in _months(first, last):
        ratio = product.adjustment(begin, stop) if run == "final" and errors.bias else 1.0
        for half_hour, merged in product.merged(begin, stop):
            yield product.dataset(half_hour, merged, ratio)
        product.forget(stop - _DAY - 2 * _MARGIN)


def _months(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Cut a range of half-hours since 1970 at the beginnings of months."""
    begin = first
    while begin < last:
        month = np.datetime64(begin * 30, "m").astype("datetime64[M]") + 1
        stop = min(last, int(month.astype("datetime64[m]").astype(np.int64) // 30))
        yield begin, stop
        begin = stop


class _Product:
    """One run of a simulated IMERG, with the observations that it still needs."""

    def __init__(self, truth: Truth, cells: Grid, *, seed: int, run: str, errors: ErrorSources):
        self.truth, self.cells, self.run, self.errors = truth, cells, run, errors
        self.seed = seed
        self.km = cell_km(cells)
        self.retrievals = Retrievals(cells, seed=seed, errors=errors)
        self.wander = [
            SmoothNoise.on(cells, km=80, hours=2, key=(seed, _MOTION_STREAM, axis))
            for axis in (0, 1)
        ]
        self.observations: dict[int, _Observation] = {}
        self.recent: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.passes: dict[int, dict[int, list[Overpass]]] = {}

    def forget(self, before: int) -> None:
        """Drop the observations of the half-hours before one."""
        for half_hour in [h for h in self.observations if h < before]:
            del self.observations[half_hour]

    def observe(self, half_hour: int) -> _Observation:
        """Observation of a half-hour, made once."""
        if half_hour not in self.observations:
            self.observations[half_hour] = self._observe(half_hour)
        return self.observations[half_hour]

    def _observe(self, half_hour: int) -> _Observation:
        start = np.datetime64(half_hour * 30, "m").astype("datetime64[ns]")
        times, frames = self.truth(start, start + np.timedelta64(30, "m"))
        rain = _mean(frames, self.cells.shape)
        middle = (times - start) / np.timedelta64(1, "m") + 2.5
        scenes = self._with_recent(half_hour, middle, frames)
        microwave = np.full(self.cells.shape, np.nan, np.float32)
        source = np.zeros(self.cells.shape, np.uint8)
        minute = np.full(self.cells.shape, -1, np.int8)
        for overpass in self._overpasses(half_hour):
            seen = ~np.isnan(overpass.minute)
            source[seen] = overpass.satellite.sensor.code
            minute[seen] = overpass.minute[seen].astype(np.int8)
            if len(frames):
                scene = self._scene(*scenes, float(overpass.minute[seen].mean()))
                microwave[seen] = self.retrievals.microwave(scene, overpass)[seen]
        before = [
            self.observations[h].rain
            for h in range(half_hour - 3, half_hour)
            if h in self.observations
        ]
        infrared = self.retrievals.infrared([*before, rain], half_hour)
        dy, dx, weight = estimate_motion(before[-2], rain) if len(before) > 1 else (0.0, 0.0, 0.0)
        return _Observation(rain, microwave, source, minute, infrared, (dy / 2, dx / 2, weight))

    def _with_recent(
        self, half_hour: int, middle: np.ndarray, frames: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Middles [min] and rates of the frames of this half-hour and of the two before."""
        kept = {h: self.recent[h] for h in (half_hour - 2, half_hour - 1) if h in self.recent}
        self.recent = {**kept, half_hour: (middle, frames)}
        parts = [(m + 30 * (h - half_hour), f) for h, (m, f) in self.recent.items() if len(f)]
        if not parts:
            return middle, frames
        return np.concatenate([m for m, _ in parts]), np.concatenate([f for _, f in parts])

    def _scene(self, middle: np.ndarray, frames: np.ndarray, minute: float) -> np.ndarray:
        """What is aloft at a minute: the mean rain of the frames that show then."""
        age = minute - middle
        youngest, oldest = _ALOFT_MIN if self.errors.delay else (-8.0, 8.0)
        distance = np.maximum(youngest - age, age - oldest)
        shown = (distance <= 0) | (distance == distance.min())
        return _mean(frames[shown], self.cells.shape)

    def _overpasses(self, half_hour: int) -> list[Overpass]:
        day = half_hour // _DAY
        if day not in self.passes:
            self.passes = {day: find_overpasses(self.cells, np.datetime64(day, "D"))}
        return self.passes[day].get(half_hour, [])

    def merged(self, begin: int, stop: int) -> Iterator[tuple[int, Merged]]:
        """Merged estimates of a range of half-hours, by whole days: the range changes none."""
        for day in range(begin // _DAY, (stop - 1) // _DAY + 1):
            first, last = day * _DAY, (day + 1) * _DAY
            if self.run != "final":
                self.forget(first - 2 * _MARGIN)
            for h in range(first - _MARGIN - 5, last + _MARGIN + 5):
                self.observe(h)
            if not self.errors.sampling:
                for h in range(max(first, begin), min(last, stop)):
                    yield h, self._everywhere(h)
                continue
            forward = self._carry(range(first - _MARGIN, last))
            backward = (
                {} if self.run == "early" else self._carry(range(last + _MARGIN - 1, first - 1, -1))
            )
            for h in range(max(first, begin), min(last, stop)):
                seen = self.observations[h]
                carried = [c[h] for c in (forward, backward) if h in c]
                yield h, merge(seen.microwave, seen.source, carried, seen.infrared)

    def _everywhere(self, half_hour: int) -> Merged:
        """Estimate of a world where one microwave sensor sees everything, always.

        The rain is displaced, by whole cells, as if carried for an hour by a motion wrong locally.
        """
        now = np.zeros(self.cells.shape, np.float32)
        sight = Overpass(half_hour, _IMAGER, SATELLITES[_IMAGER], now)
        rate = self.retrievals.microwave(self.observations[half_hour].rain, sight)
        if self.errors.displacement:
            seen = Carried.nothing(rate.shape).observed(rate, np.ones(rate.shape, np.float32))
            dy, dx = (np.round(way) for way in self._wander(half_hour, hours=1.0))
            moved = seen.moved(Departure.by(dy, dx), keep=1.0)
            rate = np.where(np.isnan(rate) | (moved.correlation == 0), rate, moved.rate)
        return Merged(
            rate,
            np.zeros(rate.shape, np.float32),
            np.full(rate.shape, sight.satellite.sensor.correlation, np.float32),
        )

    def _carry(self, half_hours: range) -> dict[int, Carried]:
        """Microwave rain carried along a range of half-hours, forward or backward in time."""
        state, states = Carried.nothing(self.cells.shape), {}
        for h in half_hours:
            seen = self.observations[h]
            if h != half_hours[0]:
                state = state.moved(self._departure(h, half_hours.step), keep=KEEP)
            state = state.observed(seen.microwave, SOURCE_CORRELATION[seen.source])
            states[h] = state
        return states

    def _departure(self, half_hour: int, direction: int) -> Departure:
        """Where the rain of a half-hour was one step earlier in the direction of travel."""
        # The step joins half_hour − 1 and half_hour, or half_hour and half_hour + 1.
        earlier = half_hour - 1 if direction > 0 else half_hour
        # An observation's motion is that of the hour centred half a step before its start.
        near = [self.observations[h].motion for h in range(earlier - 3, earlier + 6)]
        km_y, km_x = self.km
        usual = _USUAL_MOTION_KMH[0] / 2 / km_y, _USUAL_MOTION_KMH[1] / 2 / km_x
        motion_y, motion_x = mean_motion(near, usual)
        dy, dx = (np.full(self.cells.shape, motion) for motion in (motion_y, motion_x))
        if self.errors.displacement:
            wander_y, wander_x = self._wander(earlier, hours=0.5)
            dy, dx = dy + wander_y, dx + wander_x
        return Departure.by(direction * dy, direction * dx)

    def _wander(self, half_hour: int, *, hours: float) -> tuple[np.ndarray, np.ndarray]:
        """Local error of the motion over some hours along y and x [cells], each dims (lat, lon)."""
        km_y, km_x = self.km
        wander_y, wander_x = (noise.at(half_hour / 2) for noise in self.wander)
        reach = _LOCAL_MOTION_KMH * hours
        return wander_y * (reach / km_y), wander_x * (reach / km_x)

    def adjustment(self, begin: int, stop: int) -> np.ndarray:
        """Ratio by which the Final run multiplies the rates of a month, dims (lat, lon).

        Gauges know the monthly rain about 100 km around, within a tenth. Where it rained little, or
        where the period holds a part of the month only, the ratio stays near one.
        """
        estimated = np.zeros(self.cells.shape, np.float32)
        observed = np.zeros(self.cells.shape, np.float32)
        for half_hour, merged in self.merged(begin, stop):
            rain = self.observations[half_hour].rain
            both = ~(np.isnan(rain) | np.isnan(merged.rate))
            estimated[both] += merged.rate[both] / 2
            observed[both] += rain[both] / 2
        smooth = Smoother.on(self.cells, fwhm_km=100)
        known = observed > 0
        gauge_error = SmoothNoise.on(self.cells, km=150, hours=1, key=(self.seed, _GAUGE_STREAM))
        gauges = smooth(observed, known) * np.exp(0.1 * gauge_error.draw(begin))
        usual = _USUAL_MONTH_MM * max(0.1, 1 - (stop - begin) / (30 * _DAY))
        return np.clip((gauges + usual) / (smooth(estimated, known) + usual), 0.4, 2.5)

    def dataset(self, half_hour: int, merged: Merged, ratio: np.ndarray | float) -> xr.Dataset:
        """The granule of a half-hour."""
        seen = self.observations[half_hour]
        # Where the truth is missing now, rain carried in from hours away is no estimate.
        unseen = np.isnan(seen.infrared) & np.isnan(seen.microwave)
        uncalibrated = np.where(unseen, np.nan, merged.rate)
        rate = uncalibrated * ratio
        fields = {
            "precipitation": rate,
            "precipitation_uncal": uncalibrated,
            "mw_precipitation": seen.microwave,
            "mw_source": seen.source,
            "mw_minute": np.where(seen.minute < 0, np.nan, seen.minute),
            "ir_precipitation": seen.infrared,
            "ir_influence": merged.infrared_weight,
            "liquid_probability": self.retrievals.liquid_probability(half_hour / 2),
            "quality_index": merged.quality,
            "random_error": random_error(rate),
        }
        return granule_dataset(fields, half_hour, self.cells)


def _mean(frames: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Mean of the frames that are not missing, dims (lat, lon), NaN where all are."""
    if len(frames) == 0:
        return np.full(shape, np.nan, np.float32)
    known = ~np.isnan(frames)
    count = known.sum(axis=0)
    total = np.where(known, frames, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
