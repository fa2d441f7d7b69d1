"""The microwave constellation of IMERG: who flies when, where, and how well each sensor sees."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sensor:
    """A kind of microwave radiometer.

    Attributes:
        code: IMERG's code of the source.
        rank: Preference where two sensors see a cell in one half-hour, 0 first.
        swath_km: Width of the swath [km].
        footprint_km: Size of the footprint that matters for rain [km].
        threshold: Rain rate that is detected half of the time [mm/h].
        snow_threshold: The same where precipitation is solid [mm/h].
        noise: Standard deviation of the logarithm of the rate's error.
        correlation: Correlation of the retrieval with the radar at 0.1°, used by merge and quality.
    """

    code: int
    rank: int
    swath_km: float
    footprint_km: float
    threshold: float
    snow_threshold: float
    noise: float
    correlation: float


GMI = Sensor(9, 0, 885, 12, 0.11, 0.45, 0.70, 0.80)


AMSR2 = Sensor(3, 1, 1450, 15, 0.13, 1.4, 0.74, 0.75)


SSMIS = Sensor(5, 2, 1707, 30, 0.14, 0.7, 0.84, 0.66)


ATMS = Sensor(11, 3, 2200, 26, 0.14, 0.6, 0.98, 0.64)


MHS_METOP = Sensor(7, 4, 1920, 22, 0.13, 0.6, 0.88, 0.64)


MHS_NOAA = Sensor(7, 4, 2180, 22, 0.13, 0.6, 0.88, 0.64)


@dataclass(frozen=True)
class Satellite:
    """A satellite on a circular orbit.

    Attributes:
        name: Its name.
        sensor: What it carries.
        altitude_km: Height of the orbit [km].
        inclination: Inclination [degrees].
        node_hour: Local time of the ascending node [h]; NaN where the orbit drifts.
        start, end: First day, and the day after the last.
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


_ON = "2100-01-01"


SATELLITES: tuple[Satellite, ...] = (
    _satellite("GPM", GMI, 407, 65.0, np.nan, dates=("2014-03-04", _ON)),
    _satellite("GCOM-W1", AMSR2, 700, 98.2, 13.5, dates=("2012-07-03", _ON)),
    _satellite("F16", SSMIS, 850, 98.8, 16.0, dates=("2005-11-20", _ON)),
    _satellite("F17", SSMIS, 850, 98.8, 18.33, dates=("2008-03-19", _ON)),
    _satellite("F18", SSMIS, 850, 98.8, 18.58, dates=("2010-03-08", _ON)),
    _satellite("MetOp-A", MHS_METOP, 817, 98.7, 21.5, dates=("2006-12-05", "2019-12-01")),
    _satellite("MetOp-B", MHS_METOP, 817, 98.7, 21.5, dates=("2013-04-15", _ON)),
    _satellite("MetOp-C", MHS_METOP, 817, 98.7, 21.5, dates=("2019-07-03", _ON)),
    _satellite("NOAA-18", MHS_NOAA, 854, 98.9, 19.0, dates=("2005-05-25", "2018-10-21")),
    _satellite("NOAA-19", MHS_NOAA, 870, 98.9, 15.33, dates=("2009-02-25", _ON)),
    _satellite("S-NPP", ATMS, 824, 98.7, 13.42, dates=("2011-12-08", _ON)),
    _satellite("NOAA-20", ATMS, 824, 98.7, 13.42, dates=("2017-11-29", _ON)),
    _satellite("NOAA-21", ATMS, 824, 98.7, 13.42, dates=("2023-02-01", _ON)),
)
"""Satellites that see France, since 2005; the dates are those of IMERG's input to the month."""


def flying(day: np.datetime64) -> list[tuple[int, Satellite]]:
    """Satellites whose data IMERG uses on a day, with their place in `SATELLITES`."""
    day = day.astype("datetime64[D]")
    return [(i, s) for i, s in enumerate(SATELLITES) if s.start <= day < s.end]
