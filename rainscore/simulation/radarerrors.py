"""Errors of a simulated radar network: the radar is a measurement, not the truth.

The factors on the rate are those of the review of Villarini and Krajewski (2010),
doi:10.1007/s10712-009-9079-x: calibration, attenuation by rain, bright band, overshooting beams at
long range, blocked sectors, clutter, and random errors. Their sizes are typical residuals after
correction at C band, times `World.radar_errors`.
"""

from dataclasses import dataclass

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.airmass import freezing_level
from rainscore.simulation.noise import SmoothNoise
from rainscore.simulation.worlds import World

_STREAM = 41  # random stream of the network
_NOISE_STREAM = 42
_SPACING_KM = 170.0  # between neighbouring radars
_EARTH_KM = 8495.0  # effective radius of the Earth for radar beams
_ELEVATION = np.deg2rad(0.6)
_BEAM_WIDTH = np.deg2rad(1.0)
_ANTENNA_KM = 0.3
_DB_PER_FACTOR = 16.0  # decibels of a factor of 10 in the rate (Z = a R^1.6)
_CALIBRATION_DB = 1.0
_NOISE_DB = 1.5
_BRIGHT_BAND_DB = 2.5
_OVERSHOOT_DB_PER_KM = 4.0
_MAX_OVERSHOOT_DB = 10.0
_BLOCKED_DB = 4.0
_BLOCKED_SHARE = 0.06  # of the directions of a radar
_CLUTTER_SHARE = 3e-4  # of the pixels
_CLUTTER_MM_H = 1.5
_PATH_POINTS = 6
_MAX_ATTENUATION_DB = 8.0


@dataclass(frozen=True)
class RadarNetwork:
    """Geometry and errors of a radar network on a grid.

    Attributes:
        beam_km: Height of the lowest beam above ground [km], dims (y, x).
        width_km: Width of the beam [km], dims (y, x).
        constant_db: Calibration and blocked sectors [dB], dims (y, x).
        path: Flat indices of pixels on the way to the radar, dims (point, pixel).
        path_km: Distance to the radar [km], dims (pixel,).
        clutter: False echoes [mm/h], dims (y, x).
        noise: Random error.
        strength: Factor on all errors.
        latitude: Latitude of the centre [degrees], for the freezing level.
        seed: Random seed of the air mass.
        warmth: Increase of the freezing level [m].
    """

    beam_km: np.ndarray
    width_km: np.ndarray
    constant_db: np.ndarray
    path: np.ndarray
    path_km: np.ndarray
    clutter: np.ndarray
    noise: SmoothNoise
    strength: float
    latitude: float
    seed: int
    warmth: float

    @classmethod
    def on(cls, grid: Grid, *, seed: int, world: World) -> "RadarNetwork":
        """Place a network of radars on a grid in metres.

        Args:
            grid: Grid of the frames.
            seed: Random seed of the network and of its errors.
            world: World, for the strength of the errors and the freezing level.
        """
        rng = np.random.default_rng([seed, _STREAM])
        x, y = np.meshgrid(grid.x / 1000, grid.y / 1000)
        sites = _sites(x, y, rng)
        nearest = np.argmin([np.hypot(x - sx, y - sy) for sx, sy in sites], axis=0)
        east, north = x - sites[nearest, 0], y - sites[nearest, 1]
        distance = np.hypot(east, north)
        blocked = _blocked(np.arctan2(north, east), nearest, len(sites), rng) & (distance > 30)
        calibration = rng.normal(0, _CALIBRATION_DB, len(sites))[nearest]
        constant = np.clip(calibration, -2.5, 2.5) - _BLOCKED_DB * blocked
        clutter = rng.exponential(_CLUTTER_MM_H, x.shape) * (rng.random(x.shape) < _CLUTTER_SHARE)
        noise = SmoothNoise.on_plane(grid, km=15, hours=0.25, key=(seed, _NOISE_STREAM))
        steps = (np.arange(_PATH_POINTS) + 0.5) / _PATH_POINTS
        px = sites[nearest, 0] + steps[:, None, None] * east
        py = sites[nearest, 1] + steps[:, None, None] * north
        column = np.clip((px - x[0, 0]) / (grid.dx / 1000) + 0.5, 0, grid.nx - 1).astype(np.intp)
        row = np.clip((py - y[0, 0]) / (grid.dy / 1000) + 0.5, 0, grid.ny - 1).astype(np.intp)
        return cls(
            beam_km=_ANTENNA_KM + distance * np.sin(_ELEVATION) + distance**2 / (2 * _EARTH_KM),
            width_km=np.maximum(distance * _BEAM_WIDTH, 0.2),
            constant_db=constant.astype(np.float32),
            path=(row * grid.nx + column).reshape(_PATH_POINTS, -1),
            path_km=distance.ravel().astype(np.float32),
            clutter=clutter.astype(np.float32),
            noise=noise,
            strength=world.radar_errors,
            latitude=float(np.mean(grid.lonlat[1][grid.ny // 2])),
            seed=seed,
            warmth=world.warmth,
        )

    def observe(self, rate: np.ndarray, hours: float) -> np.ndarray:
        """Rate that the radar measures.

        Args:
            rate: True rain rate [mm/h], dims (y, x), without missing values.
            hours: Time [hours since 1970].

        Returns:
            Measured rain rate [mm/h], dims (y, x), float32.
        """
        if self.strength == 0:
            return rate
        decibels = (
            self.constant_db
            + self._vertical_profile(hours)
            + _NOISE_DB * self.noise.at(hours)
            - self._attenuation(rate)
        )
        factor = np.float32(10.0) ** (np.float32(self.strength / _DB_PER_FACTOR) * decibels)
        measured = rate * factor.astype(np.float32)
        clutter = self.strength * self.clutter * (rate < 0.1)
        return np.maximum(measured, clutter).astype(np.float32)

    def _vertical_profile(self, hours: float) -> np.ndarray:
        """Effect of bright band and overshooting [dB], dims (y, x)."""
        level = freezing_level(hours, seed=self.seed, lat=self.latitude, warmth=self.warmth) / 1000
        above = self.beam_km - level
        band = np.exp(-(((above + 0.2) / (0.3 + self.width_km / 2)) ** 2))
        overshoot = np.clip(_OVERSHOOT_DB_PER_KM * (above - 0.3), 0, _MAX_OVERSHOOT_DB)
        return _BRIGHT_BAND_DB * 0.3 / (0.3 + self.width_km / 2) * band - overshoot

    def _attenuation(self, rate: np.ndarray) -> np.ndarray:
        """Attenuation on the way to the radar and back [dB], dims (y, x).

        The specific attenuation at C band is 0.0018 R^1.05 dB/km (one way).
        """
        specific = 0.0018 * rate.ravel() ** np.float32(1.05)
        total = 2 * self.path_km * specific[self.path].mean(axis=0)
        return np.minimum(total, _MAX_ATTENUATION_DB).reshape(rate.shape)


def _sites(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of the radars [km], dims (radar, 2): a jittered lattice with a random origin."""
    origin = rng.uniform(0, _SPACING_KM, 2)
    east = np.arange(x.min() - _SPACING_KM + origin[0], x.max() + _SPACING_KM, _SPACING_KM)
    north = np.arange(y.min() - _SPACING_KM + origin[1], y.max() + _SPACING_KM, _SPACING_KM)
    lattice = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    return lattice + rng.normal(0, _SPACING_KM / 8, lattice.shape)


def _blocked(
    azimuth: np.ndarray, nearest: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Whether a pixel lies in the blocked sector of its radar, dims (y, x)."""
    middle = rng.uniform(-np.pi, np.pi, count)[nearest]
    half_width = np.pi * rng.uniform(0, 2 * _BLOCKED_SHARE, count)[nearest]
    return np.abs((azimuth - middle + np.pi) % (2 * np.pi) - np.pi) < half_width
