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
from rainscore.simulation.landsea import land_mask
from rainscore.simulation.noise import Smoother, SmoothNoise, cell_km
from rainscore.simulation.overpasses import Overpass
from rainscore.simulation.terrain import terrain_height
from rainscore.simulation.worlds import REFERENCE, World

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
    _GROUND_ECHOES,
    _REGION,
) = range(11, 22)

_SNOW_LINE_M = 300.0  # distance of the snow line below the freezing level
_COAST_KM = 40.0  # width of the zone in which a footprint covers land and sea

SOURCE_CORRELATION = np.zeros(256, np.float32)
"""Correlation of a direct retrieval with the radar, by IMERG's code of the source."""

for _satellite in SATELLITES:
    SOURCE_CORRELATION[_satellite.sensor.code] = _satellite.sensor.correlation


class Retrievals:
    """Retrievals of all sensors on one grid of cells.

    Args:
        cells: IMERG's cells, row 0 south.
        seed: Random seed of the errors.
        errors: Sources of error.
        world: Parameters of the retrievals.
    """

    def __init__(self, cells: Grid, *, seed: int, errors: ErrorSources, world: World = REFERENCE):
        self.errors, self.world = errors, world
        self.seed = seed
        self.km = cell_km(cells)
        self.lat = cells.y[:, None]
        self.height = terrain_height(cells)
        self.land = land_mask(cells).astype(np.float32)
        near_land = Smoother.on(cells, fwhm_km=_COAST_KM)(self.land, np.ones(cells.shape, bool))
        self.coast = 4 * near_land * (1 - near_land)
        sizes = {s.sensor.footprint_km for s in SATELLITES}
        self.footprint = {km: Smoother.on(cells, fwhm_km=km * world.footprint) for km in sizes}
        self.surroundings = Smoother.on(cells, fwhm_km=70)
        self.shield = Smoother.on(cells, fwhm_km=world.shield)

        def noise(stream: int, km: float, hours: float) -> SmoothNoise:
            return SmoothNoise.on(cells, km=km, hours=hours, key=(seed, stream))

        self.level = noise(_LEVEL, 400, 48)
        # Errors of a single pass.
        self.detection = noise(_DETECTION, 25, 1)
        self.amplitude = noise(_AMPLITUDE, 35, 1)
        self.echoes = noise(_ECHOES, 30, 1)
        # False rain returns at the same place: it comes from ground and cloud that change slowly.
        self.ground_echoes = noise(_GROUND_ECHOES, 40, 9)
        # Regional and seasonal differences of the correlations that the merge uses.
        self.region = noise(_REGION, 500, 2160)
        # Errors that all sensors share: the relation of the ice aloft to the rain.
        self.weather_detection = noise(_WEATHER_DETECTION, 120, 6)
        self.weather_amplitude = noise(_WEATHER_AMPLITUDE, 120, 6)
        self.infrared_amplitude = noise(_INFRARED, 50, 3)

    def freezing_level(self, hours: float) -> np.ndarray:
        """Height of the freezing level [m], dims (lat, lon), at `hours` since 1970."""
        level = self._air_mass_level(hours)
        return level + 350 * self.level.at(hours)

    def liquid_probability(self, hours: float) -> np.ndarray:
        """Probability of liquid precipitation [%], dims (lat, lon), at `hours` since 1970."""
        return 100 * ndtr((self.freezing_level(hours) - 600) / 350)

    def snow_cover(self, hours: float) -> np.ndarray:
        """Snow-covered share of the ground, dims (lat, lon), at `hours` since 1970."""
        line = mean_freezing_level(hours, lat=self.lat)
        line = line + self.world.warmth
        line = line + 0.6 * (self._air_mass_level(hours) - line)
        return self.land * ndtr((self.height - line + _SNOW_LINE_M) / 250)

    def _air_mass_level(self, hours: float) -> float | np.ndarray:
        """Freezing level of the air mass [m], dims (lat, 1)."""
        return freezing_level(hours, seed=self.seed, lat=self.lat, warmth=self.world.warmth)

    def correlation(self, source: np.ndarray, half_hour: int) -> np.ndarray:
        """Correlation with the radar that the merge assumes for direct retrievals.

        It depends on the sensor, on land, sea and coast, and slowly on region and season, as do
        the statistics of IMERG's Kalman filter.

        Args:
            source: IMERG's code of the microwave source, dims (lat, lon), 0 where none.
            half_hour: Half-hours since 1970.

        Returns:
            Correlation, dims (lat, lon), float32, 0 where there is no source.
        """
        surface = 0.04 * (1 - self.land) - 0.06 * self.coast
        regional = 0.03 * self.region.at(half_hour / 2)
        value = np.clip(SOURCE_CORRELATION[source] + surface + regional, 0.2, 0.95)
        return np.where(source > 0, value, 0).astype(np.float32)

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
            km = rng.normal(0, self.world.displacement, 2)
            observed = shift(observed, km / self.km, order=0, mode="nearest")
        rate = self._amount(observed, overpass)
        if e.misses:
            rate = np.where(observed < self._threshold(surrounding, overpass), 0, rate)
        if e.false_alarms:
            rate = np.maximum(rate, self._false_rain(surrounding, overpass))
        return np.where(valid, rate, np.nan).astype(np.float32)

    def _false_rain(self, surrounding: np.ndarray, overpass: Overpass) -> np.ndarray:
        """False rain [mm/h] over cloud near rain, cold ground and coasts, dims (lat, lon).

        Args:
            surrounding: Mean rain rate around each cell [mm/h], dims (lat, lon).
            overpass: Overpass of the sensor.
        """
        hours = overpass.half_hour / 2
        cloud = surrounding / (surrounding + 0.04) + 0.03
        brightness = cloud + 0.3 * self.snow_cover(hours) + 0.15 * self.coast
        pass_echoes = self.echoes.draw(overpass.half_hour, overpass.number)
        echoes = 0.6 * pass_echoes + 0.8 * self.ground_echoes.at(hours)
        sensor = overpass.satellite.sensor
        surface = np.where(self.land > 0, 1.0, sensor.sea_threshold)
        strength = self.world.false_alarms * sensor.false_alarms * surface
        excess = np.clip(echoes - 1.0 + 0.55 * np.log(strength), 0, 0.7)
        return 0.7 * brightness * excess

    def _amount(self, rate: np.ndarray, overpass: Overpass) -> np.ndarray:
        """Apply the conditional bias and the random factor of the sensor to a rate [mm/h]."""
        hours = overpass.half_hour / 2
        if self.errors.bias:
            gain = self.world.gain * overpass.satellite.sensor.gain
            liquid = self.liquid_probability(hours) / 100
            rate = gain * rate**self.world.rate_exponent * (0.5 + liquid / 2)
        if self.errors.noise:
            sigma = self.world.retrieval_noise * overpass.satellite.sensor.noise
            pass_noise = self.amplitude.draw(overpass.half_hour, overpass.number)
            shared = self.world.shared_noise
            noise = (1 - shared) ** 0.5 * pass_noise + shared**0.5 * self.weather_amplitude.at(
                hours
            )
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
        threshold = sensor.threshold * np.where(self.land > 0, 1.0, sensor.sea_threshold)
        phase = (
            self.world.detection_threshold
            * threshold**liquid
            * sensor.snow_threshold ** (1 - liquid)
        )
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
            sigma = self.world.infrared_noise
            shield = shield * np.exp(sigma * self.infrared_amplitude.at(hours) - sigma**2 / 2)
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
