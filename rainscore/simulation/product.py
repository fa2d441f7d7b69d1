"""The simulated IMERG product: observation, propagation, merge and gauge adjustment.

The algorithm follows Huffman et al., IMERG ATBD V07: microwave rates on 0.1° cells, propagated
forward and backward with the motion of the rain, merged with infrared rates by their correlations
and, in the Final run, adjusted to gauges month by month.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.regridding.radarreader import Truth
from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.errorsources import ALL_ERRORS, ErrorSources
from rainscore.simulation.granulefields import RUNS, granule_dataset, start_of
from rainscore.simulation.merge import Merged, merge, random_error
from rainscore.simulation.morphing import Departure, PropagatedRain
from rainscore.simulation.noise import Smoother, SmoothNoise
from rainscore.simulation.observations import HALF_HOURS_PER_DAY, Observer
from rainscore.simulation.overpasses import Overpass
from rainscore.simulation.propagation import Propagator
from rainscore.simulation.worlds import REFERENCE, World

_MARGIN = 12  # half-hours, longest propagation of microwave rain
_GAUGE_STREAM = 22  # random stream of the gauge errors
_IMAGER = 2  # index in SATELLITES of the sensor that observes everything without sampling errors
_PRIOR_MONTH_MM = 70.0  # rain added to both sums of the gauge ratio, which draws it towards 1


def simulate_imerg(
    truth: Truth,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    run: str = "final",
    errors: ErrorSources = ALL_ERRORS,
    world: World = REFERENCE,
) -> Iterator[xr.Dataset]:
    """Simulate the half-hours of IMERG for a given rain.

    The rain is requested once per half-hour, in order, from 8.5 h before the first day (UTC) of
    the period to 8.5 h after the last. Frames that `truth` does not return are missing. At most a
    month of half-hours is in memory (two days for Early and Late).

    Args:
        truth: Function that returns, for a start and an end, the starts of the radar frames in
            between, dims (time,), and their rain rates on the cells [mm/h], dims (time, lat, lon),
            NaN where missing.
        cells: IMERG's cells, row 0 south.
        start, end: Period [start, end).
        seed: Random seed of the errors.
        run: "early" (forward propagation only), "late", or "final" (adjusted to the mean rain of
            each month, or of the part of the month inside the period).
        errors: Sources of error.
        world: Parameters of the satellites.

    Yields:
        One dataset per half-hour: the fields of a granule (docs/contracts.md) and
        `precipitation_uncal`, dims (lat, lon), float32, NaN where missing; coordinate `time`. Where
        the rain is missing the rates are missing, but not the source and the minute.

    Raises:
        ValueError: If the run is unknown.
    """
    product = Product(truth, cells, seed=seed, run=run, errors=errors, world=world)
    for estimate in product.estimates(start, end):
        yield product.dataset(*estimate)


def simulate_rates(
    truth: Truth, cells: Grid, start: np.datetime64, end: np.datetime64, **options: Any
) -> Iterator[tuple[np.datetime64, np.ndarray]]:
    """Simulate the rain of IMERG alone, in less time than `simulate_imerg`.

    Args:
        truth, cells, start, end: As in `simulate_imerg`.
        options: Keyword arguments of `simulate_imerg`.

    Yields:
        Start of each half-hour, and its rate [mm/h], dims (lat, lon), float32, NaN where missing.

    Raises:
        ValueError: If the run is unknown.
    """
    product = Product(truth, cells, **options)
    for estimate in product.estimates(start, end):
        yield start_of(estimate[0]), product.rates(*estimate)[1].astype(np.float32)


def _months(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Split a range of half-hours since 1970 at the beginnings of months."""
    begin = first
    while begin < last:
        month = np.datetime64(begin * 30, "m").astype("datetime64[M]") + 1
        stop = min(last, int(month.astype("datetime64[m]").astype(np.int64) // 30))
        yield begin, stop
        begin = stop


class Product:
    """One run of the simulated IMERG; parameters as in `simulate_imerg`."""

    def __init__(
        self,
        truth: Truth,
        cells: Grid,
        *,
        seed: int,
        run: str = "final",
        errors: ErrorSources = ALL_ERRORS,
        world: World = REFERENCE,
    ):
        if run not in RUNS:
            raise ValueError(f"run {run!r} is unknown: choose one of {', '.join(RUNS)}")
        self.cells, self.seed, self.run, self.errors, self.world = cells, seed, run, errors, world
        self.observer = Observer(truth, cells, seed=seed, errors=errors, world=world)
        self.propagator = Propagator(
            cells, seed=seed, displacement=errors.displacement, error_kmh=world.motion_error
        )

    def estimates(
        self, start: np.datetime64, end: np.datetime64
    ) -> Iterator[tuple[int, Merged, np.ndarray | float]]:
        """Yield the half-hours [since 1970] of a period, merged estimates and gauge ratios."""
        first, last = (
            int(t.astype("datetime64[s]").astype(np.int64) // 1800) for t in (start, end)
        )
        for begin, stop in _months(first, last):
            adjusted = self.run == "final" and self.errors.bias
            ratio = self.gauge_ratio(begin, stop) if adjusted else 1.0
            for half_hour, merged in self.merged(begin, stop):
                yield half_hour, merged, ratio
            self.observer.forget(stop - HALF_HOURS_PER_DAY - 2 * _MARGIN)

    def merged(self, begin: int, stop: int) -> Iterator[tuple[int, Merged]]:
        """Yield the merged estimates of the half-hours [begin, stop) since 1970.

        Whole days are processed, so an estimate does not depend on the range.
        """
        for day in range(begin // HALF_HOURS_PER_DAY, (stop - 1) // HALF_HOURS_PER_DAY + 1):
            first, last = day * HALF_HOURS_PER_DAY, (day + 1) * HALF_HOURS_PER_DAY
            if self.run != "final":
                self.observer.forget(first - 2 * _MARGIN)
            for h in range(first - _MARGIN - 5, last + _MARGIN + 5):
                self.observer.observe(h)
            half_hours = range(max(first, begin), min(last, stop))
            if self.errors.sampling:
                yield from self._sampled(first, last, half_hours)
            else:
                yield from ((h, self._unsampled(h)) for h in half_hours)

    def _sampled(self, first: int, last: int, half_hours: range) -> Iterator[tuple[int, Merged]]:
        """Yield the estimates of some half-hours of the day [first, last)."""
        observations = self.observer.observations
        states = [self.propagator.propagate(observations, range(first - _MARGIN, last))]
        if self.run != "early":
            backward = range(last + _MARGIN - 1, first - 1, -1)
            states.append(self.propagator.propagate(observations, backward))
        for h in half_hours:
            observed = observations[h]
            propagated = [state[h] for state in states]
            yield (
                h,
                merge(
                    observed.microwave,
                    observed.correlation,
                    propagated,
                    observed.infrared,
                    sharpening=self.world.sharpening,
                ),
            )

    def _unsampled(self, half_hour: int) -> Merged:
        """Estimate of a half-hour in which one microwave sensor observes all cells.

        With displacement errors, the rain is moved by whole cells, by the motion error of an hour.
        """
        minute = np.zeros(self.cells.shape, np.float32)
        overpass = Overpass(half_hour, _IMAGER, SATELLITES[_IMAGER], minute)
        rain = self.observer.observations[half_hour].rain
        rate = self.observer.retrievals.microwave(rain, overpass)
        if self.errors.displacement:
            correlation = np.ones(rate.shape, np.float32)
            state = PropagatedRain.empty(rate.shape).observed(rate, correlation)
            error = self.propagator.motion_error(half_hour, hours=1.0)
            dy, dx = (np.round(component) for component in error)
            moved = state.moved(Departure.by(dy, dx), decay=1.0)
            rate = np.where(np.isnan(rate) | (moved.correlation == 0), rate, moved.rate)
        return Merged(
            rate,
            np.zeros(rate.shape, np.float32),
            np.full(rate.shape, overpass.satellite.sensor.correlation, np.float32),
        )

    def gauge_ratio(self, begin: int, stop: int) -> np.ndarray:
        """Factor of the Final run on the rates of a month, dims (lat, lon).

        The ratio of the true to the estimated rain, both smoothed over 100 km, with a gauge error
        of 10 %. It is close to 1 where the rain is low or the period holds a part of the month
        only.

        Args:
            begin, stop: Half-hours [begin, stop) since 1970, inside one month.
        """
        estimated = np.zeros(self.cells.shape, np.float32)
        observed = np.zeros(self.cells.shape, np.float32)
        for half_hour, merged in self.merged(begin, stop):
            rain = self.observer.observations[half_hour].rain
            both = ~(np.isnan(rain) | np.isnan(merged.rate))
            estimated[both] += merged.rate[both] / 2
            observed[both] += rain[both] / 2
        smooth = Smoother.on(self.cells, fwhm_km=100)
        valid = observed > 0
        gauge_error = SmoothNoise.on(self.cells, km=150, hours=1, key=(self.seed, _GAUGE_STREAM))
        gauges = smooth(observed, valid) * np.exp(0.1 * gauge_error.draw(begin))
        prior = _PRIOR_MONTH_MM * max(0.1, 1 - (stop - begin) / (30 * HALF_HOURS_PER_DAY))
        return np.clip((gauges + prior) / (smooth(estimated, valid) + prior), 0.4, 2.5)

    def rates(
        self, half_hour: int, merged: Merged, ratio: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rates of a half-hour without and with the gauge ratio [mm/h], dims (lat, lon)."""
        observed = self.observer.observations[half_hour]
        # Where the truth is missing, rain propagated from hours away is not an estimate.
        missing = np.isnan(observed.infrared) & np.isnan(observed.microwave)
        uncalibrated = np.where(missing, np.nan, merged.rate)
        return uncalibrated, uncalibrated * ratio

    def dataset(self, half_hour: int, merged: Merged, ratio: np.ndarray | float) -> xr.Dataset:
        """Build the granule of a half-hour from its merged estimate and the gauge ratio."""
        observed = self.observer.observations[half_hour]
        uncalibrated, rate = self.rates(half_hour, merged, ratio)
        liquid = self.observer.retrievals.liquid_probability(half_hour / 2)
        fields = {
            "precipitation": rate,
            "precipitation_uncal": uncalibrated,
            "mw_precipitation": observed.microwave,
            "mw_source": observed.source,
            "mw_minute": np.where(observed.minute < 0, np.nan, observed.minute),
            "ir_precipitation": observed.infrared,
            "ir_influence": merged.infrared_weight,
            "liquid_probability": liquid,
            "quality_index": merged.quality,
            "random_error": random_error(rate),
        }
        return granule_dataset(fields, half_hour, self.cells)
