"""Simulated microwave and infrared retrievals of rain, with their errors.

The strengths of the errors are tuned to the published skill of the products (docs/simulation.md);
none is measured on real retrievals.
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

_SNOW_LINE_M = 300.0  # distance of the snow line below the freezing level


class Retrievals:
    """Retrievals of all sensors on one grid of cells.

    Args:
        cells: IMERG's cells, row 0 south.
        seed: Random seed of the errors.
        errors: Sources of error.
    """

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
        # Errors of a single pass.
        self.detection = noise(_DETECTION, 25, 1)
        self.amplitude = noise(_AMPLITUDE, 35, 1)
        self.echoes = noise(_ECHOES, 30, 1)
        # Errors that all sensors share: the relation of the ice aloft to the rain.
        self.weather_detection = noise(_WEATHER_DETECTION, 120, 6)
        self.weather_amplitude = noise(_WEATHER_AMPLITUDE, 120, 6)
        self.infrared_amplitude = noise(_INFRARED, 50, 3)

    def freezing_level(self, hours: float) -> np.ndarray:
        """Height of the freezing level [m], dims (lat, lon), at `hours` since 1970."""
        level = freezing_level(hours, seed=self.seed, lat=self.lat)
        return level + 350 * self.level.at(hours)

    def liquid_probability(self, hours: float) -> np.ndarray:
        """Probability of liquid precipitation [%], dims (lat, lon), at `hours` since 1970."""
        return 100 * ndtr((self.freezing_level(hours) - 600) / 350)

    def snow_cover(self, hours: float) -> np.ndarray:
        """Snow-covered share of the ground, dims (lat, lon), at `hours` since 1970."""
        line = mean_freezing_level(hours, lat=self.lat)
        line = line + 0.6 * (freezing_level(hours, seed=self.seed, lat=self.lat) - line)
        return ndtr((self.height - line + _SNOW_LINE_M) / 250)

    def microwave(self, rain: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Simulate the retrieval of a microwave sensor over the whole grid.

        Args:
            rain: True rain rate around the time of the scan [mm/h], dims (lat, lon), NaN where
                missing.
            overpass: Overpass of the sensor.

        Returns:
            Retrieved rain rate [mm/h], dims (lat, lon), float32, NaN where `rain` is missing.
        """
        e, sensor = self.errors, overpass.satellite.sensor
        key = (overpass.half_hour, overpass.number)
        valid = ~np.isnan(rain)
        observed = np.where(valid, rain, 0)
        surrounding = self.surroundings(observed, valid)
        if e.smoothing:
            observed = self.footprint[sensor.footprint_km](observed, valid)
        if e.displacement:
            rng = np.random.default_rng([self.seed, _PASS_SHIFT, *key])
            observed = shift(observed, rng.normal(0, 7, 2) / self.km, order=0, mode="nearest")
        rate = self._amount(observed, overpass)
        if e.misses:
            rate = np.where(observed < self._threshold(surrounding, overpass), 0, rate)
        if e.false_alarms:
            cloud = surrounding / (surrounding + 0.1) + 0.03
            brightness = cloud + 0.3 * self.snow_cover(overpass.half_hour / 2)
            rate = np.maximum(rate, brightness * np.maximum(self.echoes.draw(*key) - 0.8, 0))
        return np.where(valid, rate, np.nan).astype(np.float32)

    def _amount(self, rate: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Apply the conditional bias and the random factor of the sensor to a rate [mm/h]."""
        hours = overpass.half_hour / 2
        if self.errors.bias:
            rate = 1.04 * rate**0.85 * (0.5 + self.liquid_probability(hours) / 200)
        if self.errors.noise:
            sigma = overpass.satellite.sensor.noise
            pass_noise = self.amplitude.draw(overpass.half_hour, overpass.number)
            noise = 0.5 * pass_noise + 0.87 * self.weather_amplitude.at(hours)
            rate = rate * np.exp(sigma * noise - sigma**2 / 2)
        return rate

    def _threshold(self, surrounding: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Detection threshold [mm/h], higher for solid, shallow and small-scale rain.

        Args:
            surrounding: Mean rain rate around each cell [mm/h], dims (lat, lon).
            overpass: Overpass of the sensor.
        """
        sensor, hours = overpass.satellite.sensor, overpass.half_hour / 2
        liquid = self.liquid_probability(hours) / 100
        phase = sensor.threshold**liquid * sensor.snow_threshold ** (1 - liquid)
        shallow = 1 + 1.2 * np.clip((2500 - self.freezing_level(hours)) / 2000, 0, 1)
        small = (0.1 / (surrounding + 0.02)) ** 0.25
        pass_noise = self.detection.draw(overpass.half_hour, overpass.number)
        noise = 0.5 * pass_noise + 0.7 * self.weather_detection.at(hours)
        snow = 1 + 2 * self.snow_cover(hours)
        return phase * shallow * snow * small * np.exp(noise)

    def infrared(self, recent: list[np.ndarray], half_hour: int) -> np.ndarray:
        """Simulate the infrared retrieval, based on the cold cloud shields of recent rain.

        Args:
            recent: Mean rain rates of the preceding half-hours and, last, of this one [mm/h], each
                dims (lat, lon), NaN where missing.
            half_hour: Half-hours since 1970.

        Returns:
            Retrieved rain rate [mm/h], dims (lat, lon), float32, NaN where the rain of this
            half-hour is missing.
        """
        e, hours = self.errors, half_hour / 2
        valid = ~np.isnan(recent[-1])
        shield = np.mean([np.where(valid, np.nan_to_num(rain), 0) for rain in recent], axis=0)
        if e.misses:
            # Shallow or small-scale rain has warm cloud tops and no cold shield.
            surrounding = self.surroundings(shield, valid)
            shield = shield * surrounding / (surrounding + 0.15)
        if e.smoothing:
            shield = self.shield(shield, valid)
        if e.displacement:
            shield = shift(shield, self._shield_shift(hours), order=1, mode="nearest")
        if e.noise:
            shield = shield * np.exp(1.3 * self.infrared_amplitude.at(hours) - 1.3**2 / 2)
        if e.bias:
            shield = 1.6 * np.maximum(shield - 0.06, 0) ** 0.8
        return np.where(valid, shield, np.nan).astype(np.float32)

    def _shield_shift(self, hours: float) -> np.ndarray:
        """Displacement of the cloud shields along (y, x) [cells], eastward on average."""
        knot, part = int(hours // 12), hours / 12 % 1
        early, late = (
            np.random.default_rng([self.seed, _SHIELD_SHIFT, knot + k]).normal(0, 25, 2)
            for k in (0, 1)
        )
        return (early * (1 - part) + late * part + (0, 8)) / self.km
