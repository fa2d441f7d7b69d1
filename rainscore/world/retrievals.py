"""What the microwave and infrared sensors make of the rain: what they blur, miss, invent, distort."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import shift
from scipy.special import ndtr

from rainscore.grids import Grid
from rainscore.world.constellation import SATELLITES, Sensor
from rainscore.world.noise import Smoother, SmoothNoise, cell_km
from rainscore.world.overpasses import Overpass

_SNOW_STREAM, _DETECTION, _AMPLITUDE, _FALSE, _PASS_SHIFT = 11, 12, 13, 14, 15
_IR_AMPLITUDE, _IR_SHIFT, _SYSTEM = 16, 17, 18


@dataclass(frozen=True)
class ErrorSources:
    """Which errors the satellite side commits; a world with one of them shows what it does.

    Attributes:
        displacement: Rain is put in the wrong place (view angle, infrared shield, local motion).
        misses: Weak, small, shallow and solid precipitation goes undetected.
        bias: Light rain is over-, heavy rain under-estimated; snow under-estimated.
        smoothing: Footprints and cloud shields blur the rain.
        false_alarms: Rain is seen where there is none.
        noise: The rate is wrong by a random factor, correlated in space.
        sampling: Between overpasses the rain is only known by morphing and from the infrared.
    """

    displacement: bool = True
    misses: bool = True
    bias: bool = True
    smoothing: bool = True
    false_alarms: bool = True
    noise: bool = True
    sampling: bool = True


class Retrievals:
    """Retrievals of the sensors on one grid of cells."""

    def __init__(self, cells: Grid, *, seed: int, errors: ErrorSources):
        self.errors = errors
        self.seed = seed
        self.km = cell_km(cells)
        self.lat = (cells.y0 + (np.arange(cells.ny) + 0.5) * cells.dy)[:, None]
        sizes = {s.sensor.footprint_km for s in SATELLITES}
        self.footprint = {km: Smoother.on(cells, fwhm_km=km) for km in sizes}
        self.surroundings = Smoother.on(cells, fwhm_km=70)
        self.shield = Smoother.on(cells, fwhm_km=85)
        self.level = SmoothNoise.on(cells, km=400, hours=48, key=(seed, _SNOW_STREAM))
        self.detection = SmoothNoise.on(cells, km=25, hours=1, key=(seed, _DETECTION))
        self.amplitude = SmoothNoise.on(cells, km=35, hours=1, key=(seed, _AMPLITUDE))
        self.echoes = SmoothNoise.on(cells, km=30, hours=1, key=(seed, _FALSE))
        # What all sensors mistake alike: how the ice aloft relates to the rain in this weather.
        self.system, self.system_detection = (
            SmoothNoise.on(cells, km=120, hours=6, key=(seed, _SYSTEM, i)) for i in (0, 1)
        )
        self.ir_amplitude = SmoothNoise.on(cells, km=50, hours=3, key=(seed, _IR_AMPLITUDE))

    def freezing_level(self, hours: float) -> np.ndarray:
        """Height of the freezing level [m]: season, latitude and the weather of the days."""
        season = np.cos(2 * np.pi * (hours / 24 / 365.2425 - 205 / 365.2425))
        return 2400 + 1100 * season - 90 * (self.lat - 46) + 700 * self.level.at(hours)

    def liquid_probability(self, hours: float) -> np.ndarray:
        """Probability that precipitation is liquid at the ground [%], dims (lat, lon)."""
        return 100 * ndtr((self.freezing_level(hours) - 600) / 350)

    def microwave(self, rain: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Rates that a microwave sensor retrieves over the whole grid.

        Args:
            rain: Rates at the time of the scan [mm/h], dims (lat, lon), NaN missing.
            overpass: The overpass.

        Returns:
            Rates [mm/h], dims (lat, lon), NaN where the rain is missing.
        """
        e, sensor = self.errors, overpass.satellite.sensor
        hours = overpass.half_hour / 2
        key = (overpass.half_hour, overpass.number)
        seen = np.nan_to_num(rain)
        if e.displacement:
            rng = np.random.default_rng([self.seed, _PASS_SHIFT, *key])
            seen = shift(seen, rng.normal(0, 7, 2) / self.km, order=1, mode="nearest")
        if e.smoothing:
            seen = self.footprint[sensor.footprint_km](seen)
        around = self.surroundings(seen)
        liquid = self.liquid_probability(hours) / 100
        rate = self._amount(seen, liquid, overpass)
        if e.misses:
            threshold = self._threshold(around, liquid, sensor, hours)
            blindness = 0.5 * self.detection.draw(*key) + 0.7 * self.system_detection.at(hours)
            rate[seen < threshold * np.exp(blindness)] = 0
        if e.false_alarms:
            cloud = around / (around + 0.1) + 0.03
            echo = np.maximum(self.echoes.draw(*key) - 0.9, 0) * cloud
            rate = np.maximum(rate, echo)
        return np.where(np.isnan(rain), np.nan, rate).astype(np.float32)

    def _amount(
        self, seen: np.ndarray, liquid: np.ndarray, overpass: Overpass
    ) -> np.ndarray:
        """Rates with the sensor's conditional bias and random factor."""
        rate = seen
        if self.errors.bias:
            rate = 1.25 * rate**0.85 * (0.5 + 0.5 * liquid)
        if self.errors.noise:
            sensor = overpass.satellite.sensor
            own = self.amplitude.draw(overpass.half_hour, overpass.number)
            shared = self.system.at(overpass.half_hour / 2)
            noise = sensor.noise * (0.5 * own + 0.87 * shared)
            rate = rate * np.exp(noise - sensor.noise**2 / 2)
        return rate.copy()

    def _threshold(
        self, around: np.ndarray, liquid: np.ndarray, sensor: Sensor, hours: float
    ) -> np.ndarray:
        """Rate below which rain goes undetected: higher for solid, shallow and small echoes."""
        cold = np.clip((2500 - self.freezing_level(hours)) / 2000, 0, 1)
        phase = sensor.threshold**liquid * sensor.snow_threshold ** (1 - liquid)
        return phase * (1 + 1.2 * cold) * (0.1 / (around + 0.02)) ** 0.25

    def infrared(self, recent: list[np.ndarray], half_hour: int) -> np.ndarray:
        """Rates that the cold cloud shields suggest.

        Args:
            recent: Mean rates of this half-hour and of the ones before [mm/h], latest last, each
                dims (lat, lon), NaN missing: shields grow and drift after the rain.
            half_hour: Half-hours since 1970.

        Returns:
            Rates [mm/h], dims (lat, lon), NaN where the rain of this half-hour is missing.
        """
        e, hours = self.errors, half_hour / 2
        rain = np.mean([np.nan_to_num(r) for r in recent], axis=0) if e.sampling else recent[-1]
        shield = np.nan_to_num(rain)
        if e.misses:
            # Warm tops: what is shallow or small has no cold shield.
            around = self.surroundings(shield)
            shield = shield * around / (around + 0.15)
        if e.smoothing:
            shield = self.shield(shield)
        if e.displacement:
            shield = shift(shield, self._shield_shift(hours), order=1, mode="nearest")
        if e.noise:
            shield = shield * np.exp(1.3 * self.ir_amplitude.at(hours) - 0.85)
        if e.bias:
            shield = 1.6 * np.maximum(shield - 0.06, 0) ** 0.8
        return np.where(np.isnan(recent[-1]), np.nan, shield).astype(np.float32)

    def _shield_shift(self, hours: float) -> np.ndarray:
        """Displacement of the shields [cells]: downstream, and changing over half a day."""
        knot, part = int(hours // 12), hours / 12 % 1
        early, late = (
            np.random.default_rng([self.seed, _IR_SHIFT, knot + k]).normal(0, 25, 2) for k in (0, 1)
        )
        return (early * (1 - part) + late * part + (0, 8)) / self.km
