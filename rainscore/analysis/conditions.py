"""Conditions of each IMERG cell and half-hour, all available without radar."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.analysis.classes import (
    AGE_NAMES,
    CELL_SOURCES,
    INFRARED_FROM,
    RAIN_EDGES,
    RAIN_NAMES,
    SENSOR_NAMES,
    UNKNOWN,
    age_class,
)
from rainscore.imerg.passes import SOURCES, pass_ages
from rainscore.times import SEASONS, season_of

CONDITIONS = {
    "source": CELL_SOURCES,
    "sensor": SENSOR_NAMES,
    "last": AGE_NAMES,
    "next": AGE_NAMES,
    "intensity": (*RAIN_NAMES, UNKNOWN),
}
"""Names of the classes of each condition; the last class is `UNKNOWN`.

The source of the estimate, the kind of sensor of the last pass, the time since the last and until
the next pass, and IMERG's rain.
"""


SIZES = tuple(len(names) for names in CONDITIONS.values())
"""Number of classes of each condition."""


UNKNOWN_CODE = int(np.ravel_multi_index([size - 1 for size in SIZES], SIZES))
"""Code of a cell whose conditions are all unknown; the largest code."""


def cell_conditions(
    mw_source: np.ndarray,
    ir_influence: np.ndarray,
    rain: np.ndarray,
    *,
    present: np.ndarray,
    times: np.ndarray,
) -> dict[str, np.ndarray]:
    """Class of each cell for each condition.

    Args:
        mw_source: Code of the microwave sensor, dims (time, lat, lon); 0 for none, NaN missing.
        ir_influence: Infrared weight [%], same dims, NaN where missing.
        rain: Complete estimate of IMERG [mm/h], same dims, NaN where missing.
        present: Whether the granule of the half-hour was read, dims (time,).
        times: Half-hour starts in order, dims (time,).

    Returns:
        Indices into the names of each condition of `CONDITIONS`, uint8, dims (time, lat, lon).
    """
    last, following = pass_ages(mw_source, present, times)
    sensor = _sensor_kind(mw_source)
    intensity = np.searchsorted(np.array(RAIN_EDGES, np.float32), rain, side="right")
    return {
        "source": _source(mw_source, ir_influence, sensor),
        "sensor": _last_sensor(sensor, last),
        "last": age_class(last).astype(np.uint8),
        "next": age_class(following).astype(np.uint8),
        "intensity": np.where(np.isnan(rain), len(RAIN_NAMES), intensity).astype(np.uint8),
    }


def condition_code(classes: dict[str, np.ndarray]) -> np.ndarray:
    """Encode the combination of the classes of each cell as one int32, same dims."""
    indices = [classes[name] for name in CONDITIONS]
    return np.ravel_multi_index(indices, SIZES).astype(np.int32)


def class_names(code: np.ndarray) -> dict[str, pd.Series]:
    """Names of the class of each condition, categorical, from codes of `condition_code` (n,)."""
    indices = np.unravel_index(code, SIZES)
    return {
        name: categorical(index, names)
        for (name, names), index in zip(CONDITIONS.items(), indices, strict=True)
    }


def categorical(codes: np.ndarray, names: Sequence[str]) -> pd.Series:
    """Categorical series (n,) from indices into the names of all classes."""
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(names)))


def season(times: pd.Series) -> pd.Categorical:
    """Meteorological season of each time."""
    return pd.Categorical(times.dt.month.map(season_of), SEASONS)


def _sensor_kind(mw_source: np.ndarray) -> np.ndarray:
    """Index into `SENSOR_NAMES` of the sensor of this half-hour; `UNKNOWN` without one."""
    kind = np.full(mw_source.shape, SENSOR_NAMES.index(UNKNOWN), np.uint8)
    for i, codes in enumerate(SOURCES.values()):
        kind[np.isin(mw_source, codes)] = i
    return kind


def _source(mw_source: np.ndarray, ir_influence: np.ndarray, sensor: np.ndarray) -> np.ndarray:
    """Index into `CELL_SOURCES`."""
    weight = np.where(mw_source == 0, ir_influence, np.nan)
    cases = [sensor < len(SOURCES), weight >= INFRARED_FROM, weight > 0, weight == 0]
    names = ("infrared", "mixed", "morphed", UNKNOWN)
    infrared, mixed, morphed, unknown = (np.uint8(CELL_SOURCES.index(name)) for name in names)
    return np.select(cases, [sensor, infrared, mixed, morphed], unknown)


def _last_sensor(sensor: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Kind of sensor of the last pass, carried forward while the time since it is defined."""
    carried = np.empty_like(sensor)
    current = np.full(sensor.shape[1:], SENSOR_NAMES.index(UNKNOWN), np.uint8)
    for t in range(len(sensor)):
        current = np.where((last[t] == 0) | np.isnan(last[t]), sensor[t], current)
        carried[t] = current
    return carried
