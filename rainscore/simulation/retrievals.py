"""What the microwave and infrared sensors make of the rain: what they blur, miss, invent, distort.

The strengths of the errors are chosen so that the skill of the products agrees with what is
published (docs/simulation.md); none is measured on real retrievals.
"""

import numpy as np
from scipy.ndimage import shift
from scipy.special import ndtr

from rainscore.grids import Grid
from rainscore.simulation.airmass import freezing_level, mean_freezing_level
from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.errorsources import ErrorSources
from rainscore.simulation.noise import Smoother, SmoothNoise, cell_km
from rainscore.simulation.overpasses import Overpass
from rainscore.simulation.terrain import terrain_height

(
    _LEVEL,
    _DETECTION,
    _AMPLITUDE,
    _ECHOES,
    _PASS_SHIFT,
    _INFRARED,
    _SHIELD_SHIFT,
    _WEATHER_DETECTION,
    _WEATHER_AMPLITUDE,
) = range(11, 20)


_SNOW_LINE_M = 300.0  # below the freezing level of the season, snow lies from here on


class Retrievals:
    """Retrievals of the sensors on one grid of cells."""

    def __init__(self, cells: Grid, *, seed: int, errors: ErrorSources):
        self.errors = errors
        self.seed = seed
        self.km = cell_km(cells)
        self.lat = cells.y[:, None]
        self.height = terrain_height(cells)
        sizes = {s.sensor.footprint_km for s in SATELLITES}
        self.footprint = {km: Smoother.on(cells, fwhm_km=km) for km in sizes}
        self.surroundings = Smoother.on(cells, fwhm_km=70)
        self.shield = Smoother.on(cells, fwhm_km=85)

        def noise(stream: int, km: float, hours: float) -> SmoothNoise:
            return SmoothNoise.on(cells, km=km, hours=hours, key=(seed, stream))

        self.level = noise(_LEVEL, 400, 48)
        # What each pass mistakes by itself.
        self.detection = noise(_DETECTION, 25, 1)
        self.amplitude = noise(_AMPLITUDE, 35, 1)
        self.echoes = noise(_ECHOES, 30, 1)
        # What all sensors mistake alike: how the ice aloft relates to the rain in this weather.
        self.weather_detection = noise(_WEATHER_DETECTION, 120, 6)
        self.weather_amplitude = noise(_WEATHER_AMPLITUDE, 120, 6)
        self.infrared_amplitude = noise(_INFRARED, 50, 3)

    def freezing_level(self, hours: float) -> np.ndarray:
        """Height of the freezing level [m], dims (lat, lon): season, latitude, weather of the days.

        Args:
            hours: Hours since 1970.
        """
        level = freezing_level(hours, seed=self.seed, lat=self.lat)
        return level + 350 * self.level.at(hours)

    def liquid_probability(self, hours: float) -> np.ndarray:
        """Probability that precipitation is liquid at the ground [%], dims (lat, lon)."""
        return 100 * ndtr((self.freezing_level(hours) - 600) / 350)

    def snow_cover(self, hours: float) -> np.ndarray:
        """Share of the ground under snow, dims (lat, lon): the cold of the season and the weather.

        Args:
            hours: Hours since 1970.
        """
        line = mean_freezing_level(hours, lat=self.lat)
        line = line + 0.6 * (freezing_level(hours, seed=self.seed, lat=self.lat) - line)
        return ndtr((self.height - line + _SNOW_LINE_M) / 250)

    def microwave(self, rain: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Rates that a microwave sensor retrieves, over the whole grid.

        Args:
            rain: Rates about the time of the scan [mm/h], dims (lat, lon), NaN missing.
            overpass: Who looks, and when.

        Returns:
            Rates [mm/h], dims (lat, lon), float32, NaN where the rain is missing.
        """
        e, sensor = self.errors, overpass.satellite.sensor
        key = (overpass.half_hour, overpass.number)
        known = ~np.isnan(rain)
        seen = np.where(known, rain, 0)
        around = self.surroundings(seen, known)
        if e.smoothing:
            seen = self.footprint[sensor.footprint_km](seen, known)
        if e.displacement:
            rng = np.random.default_rng([self.seed, _PASS_SHIFT, *key])
            seen = shift(seen, rng.normal(0, 7, 2) / self.km, order=0, mode="nearest")
        rate = self._amount(seen, overpass)
        if e.misses:
            rate = np.where(seen < self._threshold(around, overpass), 0, rate)
        if e.false_alarms:
            cloud = around / (around + 0.1) + 0.03
            bright = cloud + 0.3 * self.snow_cover(overpass.half_hour / 2)
            rate = np.maximum(rate, bright * np.maximum(self.echoes.draw(*key) - 0.8, 0))
        return np.where(known, rate, np.nan).astype(np.float32)

    def _amount(self, seen: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Rates with the sensor's conditional bias and random factor."""
        rate, hours = seen, overpass.half_hour / 2
        if self.errors.bias:
            rate = 1.04 * rate**0.85 * (0.5 + self.liquid_probability(hours) / 200)
        if self.errors.noise:
            sigma = overpass.satellite.sensor.noise
            own = self.amplitude.draw(overpass.half_hour, overpass.number)
            noise = 0.5 * own + 0.87 * self.weather_amplitude.at(hours)
            rate = rate * np.exp(sigma * noise - sigma**2 / 2)
        return rate

    def _threshold(self, around: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Rate below which rain goes undetected: higher for solid, shallow and small echoes."""
        sensor, hours = overpass.satellite.sensor, overpass.half_hour / 2
        liquid = self.liquid_probability(hours) / 100
        phase = sensor.threshold**liquid * sensor.snow_threshold ** (1 - liquid)
        shallow = 1 + 1.2 * np.clip((2500 - self.freezing_level(hours)) / 2000, 0, 1)
        small = (0.1 / (around + 0.02)) ** 0.25
        own = self.detection.draw(overpass.half_hour, overpass.number)
        noise = 0.5 * own + 0.7 * self.weather_detection.at(hours)
        bright = 1 + 2 * self.snow_cover(hours)
        return phase * shallow * bright * small * np.exp(noise)

    def infrared(self, recent: list[np.ndarray], half_hour: int) -> np.ndarray:
        """Rates that the cold cloud shields suggest.

        Args:
            recent: Mean rates of the half-hours before and of this one [mm/h], each dims
                (lat, lon), NaN missing: shields grow and drift after the rain.
            half_hour: Half-hours since 1970.

        Returns:
            Rates [mm/h], dims (lat, lon), float32, NaN where the rain of this half-hour is missing.
        """
        e, hours = self.errors, half_hour / 2
        known = ~np.isnan(recent[-1])
        shield = np.mean([np.where(known, np.nan_to_num(rain), 0) for rain in recent], axis=0)
        if e.misses:
            # Warm tops: what is shallow or small has no cold shield.
            around = self.surroundings(shield, known)
            shield = shield * around / (around + 0.15)
        if e.smoothing:
            shield = self.shield(shield, known)
        if e.displacement:
            shield = shift(shield, self._shield_shift(hours), order=1, mode="nearest")
        if e.noise:
            shield = shield * np.exp(1.3 * self.infrared_amplitude.at(hours) - 1.3**2 / 2)
        if e.bias:
            shield = 1.6 * np.maximum(shield - 0.06, 0) ** 0.8
        return np.where(known, shield, np.nan).astype(np.float32)

    def _shield_shift(self, hours: float) -> np.ndarray:
        """Displacement of the shields [cells]: downstream, and changing over half a day."""
        knot, part = int(hours // 12), hours / 12 % 1
        early, late = (
            np.random.default_rng([self.seed, _SHIELD_SHIFT, knot + k]).normal(0, 25, 2)
            for k in (0, 1)
        )
        return (early * (1 - part) + late * part + (0, 8)) / self.km
