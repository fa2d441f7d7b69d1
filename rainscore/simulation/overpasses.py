"""Overpasses of the microwave satellites: the minute at which each cell of a grid is observed.

Orbits are circular with the secular effect of the Earth's flattening (J2); Sun-synchronous
satellites keep the local time of their node. The phase along the orbit is arbitrary.
"""

from dataclasses import dataclass

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.constellation import Satellite, active_satellites

_EARTH_KM = 6378.137
_FLATTENING = 1 / 298.257
_MU = 398600.4418  # km³/s²
_J2 = 1.08263e-3
_EARTH_ROTATION = 7.2921159e-5  # rad/s
_STREAM = 23  # random stream of the outages
_STEP = 20.0  # s, time step of the ground track


@dataclass(frozen=True)
class Overpass:
    """Observation times of one satellite in one half-hour.

    Attributes:
        half_hour: Half-hours since 1970.
        number: Index of the satellite in `SATELLITES`.
        satellite: The satellite.
        minute: Minutes after the start of the half-hour, dims (lat, lon), NaN where not observed.
    """

    half_hour: int
    number: int
    satellite: Satellite
    minute: np.ndarray


def find_overpasses(
    cells: Grid, day: np.datetime64, *, seed: int = 0, availability: float = 1.0
) -> dict[int, list[Overpass]]:
    """Find the overpasses of a day.

    Args:
        cells: Grid in degrees, row 0 south.
        day: Day (UTC).
        seed: Random seed of the outages.
        availability: Probability that the data of a satellite are available on a day; those of
            the first satellite, the reference of the product, always are.

    Returns:
        Overpasses by half-hour since 1970, in the order of rising preference of the sensor.
    """
    vectors = _unit_vectors(cells)
    centre = vectors.mean(axis=0)
    centre /= np.linalg.norm(centre)
    reach = np.arccos(np.clip(vectors @ centre, -1, 1)).max()
    seconds = day.astype("datetime64[D]").astype(np.int64) * 86400.0
    by_half_hour: dict[int, list[Overpass]] = {}
    for number, satellite in active_satellites(day):
        outage = np.random.default_rng([seed, _STREAM, number, int(seconds // 86400)])
        if number and outage.random() >= availability:
            continue
        time = seconds + np.arange(-900.0, 86400.0 + 900.0, _STEP)
        track = ground_track(satellite, number, time)
        swath = satellite.sensor.swath_km / 2 / _EARTH_KM
        near = np.flatnonzero(track @ centre > np.cos(swath + reach))
        for group in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
            if group.size < 3:
                continue
            crossing = _crossing(vectors, track[group], time[group], swath).reshape(cells.shape)
            for overpass in _by_half_hour(crossing, number, satellite, seconds):
                by_half_hour.setdefault(overpass.half_hour, []).append(overpass)
    for passes in by_half_hour.values():
        passes.sort(key=lambda p: (-p.satellite.sensor.rank, p.number))
    return by_half_hour


def ground_track(satellite: Satellite, number: int, time: np.ndarray) -> np.ndarray:
    """Ground track of a satellite as Earth-fixed unit vectors.

    Args:
        satellite: The satellite.
        number: Index of the satellite in `SATELLITES`; sets its (arbitrary) phase.
        time: Seconds since 1970, dims (time,).

    Returns:
        Unit vectors, dims (time, 3).
    """
    inclination = np.deg2rad(satellite.inclination)
    axis = _EARTH_KM + satellite.altitude_km
    motion = np.sqrt(_MU / axis**3)
    pull = 1.5 * _J2 * (_EARTH_KM / axis) ** 2 * motion
    # Rate of the argument of latitude (mean anomaly plus argument of perigee).
    rate = motion + pull * (4 * np.cos(inclination) ** 2 - 1)
    phase = 2 * np.pi * ((number + 1) * 0.618034 % 1)
    latitude_argument = phase + (rate * time) % (2 * np.pi)
    if np.isnan(satellite.node_hour):
        node = phase - (pull * np.cos(inclination) + _EARTH_ROTATION) * time
    else:
        node = 2 * np.pi * (satellite.node_hour / 24 - time / 86400)
    node = node % (2 * np.pi)
    along, across = np.cos(latitude_argument), np.sin(latitude_argument) * np.cos(inclination)
    return np.stack(
        [
            np.cos(node) * along - np.sin(node) * across,
            np.sin(node) * along + np.cos(node) * across,
            np.sin(latitude_argument) * np.sin(inclination),
        ],
        axis=-1,
    )


def _unit_vectors(cells: Grid) -> np.ndarray:
    """Geocentric directions of the cells, dims (cell, 3)."""
    lon, lat = (np.deg2rad(a).ravel() for a in cells.lonlat)
    lat = np.arctan((1 - _FLATTENING) ** 2 * np.tan(lat))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _crossing(vectors: np.ndarray, track: np.ndarray, time: np.ndarray, swath: float) -> np.ndarray:
    """Time of closest approach to each cell [s], NaN beyond the half-width `swath` [rad]."""
    closeness = vectors @ track.T
    best = np.clip(closeness.argmax(axis=1), 1, track.shape[0] - 2)
    cell = np.arange(len(vectors))
    before, peak, after = (closeness[cell, best + k] for k in (-1, 0, 1))
    curvature = before - 2 * peak + after
    offset = np.clip((before - after) / (2 * np.minimum(curvature, -1e-12)), -1, 1)
    nearest = peak - (before - after) * offset / 4
    return np.where(nearest > np.cos(swath), time[best] + offset * _STEP, np.nan)


def _by_half_hour(
    crossing: np.ndarray, number: int, satellite: Satellite, day_seconds: float
) -> list[Overpass]:
    """Split the crossing times of a pass [s] into the half-hours of the day."""
    half_hour = np.floor(crossing / 1800)
    first, overpasses = int(day_seconds // 1800), []
    for h in np.unique(half_hour[np.isfinite(half_hour)]).astype(int):
        if first <= h < first + 48:
            minute = np.where(half_hour == h, (crossing - h * 1800) / 60, np.nan)
            overpasses.append(Overpass(int(h), number, satellite, minute.astype(np.float32)))
    return overpasses
