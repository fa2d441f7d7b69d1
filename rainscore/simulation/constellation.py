"""The microwave constellation of IMERG: orbits, dates and sensor characteristics."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sensor:
    """Characteristics of a type of microwave radiometer.

    Attributes:
        code: IMERG's code of the source.
        rank: Order of preference where two sensors observe a cell in one half-hour, 0 first.
        swath_km: Width of the swath [km].
        footprint_km: Effective size of the footprint [km].
        threshold: Rain rate with a detection probability of one half [mm/h].
        snow_threshold: The same for solid precipitation [mm/h].
        sea_threshold: Factor on `threshold` over the sea, below 1 for imagers, whose low-frequency
            channels detect the emission of rain there (Tan et al. 2016,
            doi:10.1175/JHM-D-16-0079.1).
        noise: Standard deviation of the logarithm of the rate error.
        false_alarms: Strength of false rain, over cloud without rain, cold ground and coasts;
            chosen for the false alarm ratios of GPROF by sensor (docs/simulation.md).
        gain: Factor on the rate, which stands for the intercalibration with the first sensor.
        correlation: Correlation of the retrieval with the radar at 0.1°, used as weight in the
            merge and in the quality index.
    """

    code: int
    rank: int
    swath_km: float
    footprint_km: float
    threshold: float
    snow_threshold: float
    sea_threshold: float
    noise: float
    false_alarms: float
    gain: float
    correlation: float


GMI = Sensor(9, 0, 885, 12, 0.065, 0.45, 0.7, 0.62, 0.35, 1.05, 0.80)
AMSR2 = Sensor(3, 1, 1450, 15, 0.09, 1.4, 0.7, 0.68, 0.5, 1.06, 0.75)
SSMIS = Sensor(5, 2, 1707, 30, 0.10, 0.7, 0.8, 0.78, 0.85, 1.02, 0.66)
ATMS = Sensor(11, 3, 2200, 34, 0.05, 0.6, 1.0, 0.94, 15.0, 0.44, 0.58)
MHS_METOP = Sensor(7, 4, 1920, 24, 0.09, 0.6, 1.0, 0.82, 1.3, 0.97, 0.62)
MHS_NOAA = Sensor(7, 4, 2180, 24, 0.09, 0.6, 1.0, 0.82, 1.3, 0.97, 0.62)


@dataclass(frozen=True)
class Satellite:
    """A satellite on a circular orbit.

    Attributes:
        name: Name of the satellite.
        sensor: Microwave sensor on board.
        altitude_km: Height of the orbit [km].
        inclination: Inclination [degrees].
        node_hour: Local time of the ascending node [h]; NaN where the orbit drifts.
        start, end: Days of data [start, end).
    """

    name: str
    sensor: Sensor
    altitude_km: float
    inclination: float
    node_hour: float
    start: np.datetime64
    end: np.datetime64


def _satellite(
    name: str,
    sensor: Sensor,
    altitude_km: float,
    inclination: float,
    node_hour: float,
    *,
    dates: tuple[str, str],
) -> Satellite:
    start, end = (np.datetime64(day, "D") for day in dates)
    return Satellite(name, sensor, altitude_km, inclination, node_hour, start, end)


_ACTIVE = "2100-01-01"  # end date of the satellites in operation

SATELLITES: tuple[Satellite, ...] = (
    _satellite("GPM", GMI, 407, 65.0, np.nan, dates=("2014-03-04", _ACTIVE)),
    _satellite("GCOM-W1", AMSR2, 700, 98.2, 13.5, dates=("2012-07-03", _ACTIVE)),
    _satellite("F16", SSMIS, 850, 98.8, 16.0, dates=("2005-11-20", _ACTIVE)),
    _satellite("F17", SSMIS, 850, 98.8, 18.33, dates=("2008-03-19", _ACTIVE)),
    _satellite("F18", SSMIS, 850, 98.8, 18.58, dates=("2010-03-08", _ACTIVE)),
    _satellite("MetOp-A", MHS_METOP, 817, 98.7, 21.5, dates=("2006-12-05", "2019-12-01")),
    _satellite("MetOp-B", MHS_METOP, 817, 98.7, 21.5, dates=("2013-04-15", _ACTIVE)),
    _satellite("MetOp-C", MHS_METOP, 817, 98.7, 21.5, dates=("2019-07-03", _ACTIVE)),
    _satellite("NOAA-18", MHS_NOAA, 854, 98.9, 19.0, dates=("2005-05-25", "2018-10-21")),
    _satellite("NOAA-19", MHS_NOAA, 870, 98.9, 15.33, dates=("2009-02-25", _ACTIVE)),
    _satellite("S-NPP", ATMS, 824, 98.7, 13.42, dates=("2011-12-08", _ACTIVE)),
    _satellite("NOAA-20", ATMS, 824, 98.7, 13.42, dates=("2017-11-29", _ACTIVE)),
    _satellite("NOAA-21", ATMS, 824, 98.7, 13.42, dates=("2023-02-01", _ACTIVE)),
)
"""Satellites that observe France since 2005, with the months of their data in IMERG."""


def active_satellites(day: np.datetime64) -> list[tuple[int, Satellite]]:
    """Satellites whose data IMERG uses on a day, with their index in `SATELLITES`."""
    day = day.astype("datetime64[D]")
    return [(i, s) for i, s in enumerate(SATELLITES) if s.start <= day < s.end]
