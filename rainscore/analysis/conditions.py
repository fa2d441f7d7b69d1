"""The conditions under which IMERG saw a cell, all known without radar."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.analysis.classes import AGE_NAMES, RAIN_EDGES, RAIN_NAMES, age_class
from rainscore.imerg.passes import SOURCES, pass_ages
from rainscore.times import SEASONS, season_of

SENSOR_NAMES = ("imager", "SSMIS", "sounder", "unknown")


SOURCE_NAMES = ("imager", "SSMIS", "sounder", "morphed", "mixed", "infrared", "unknown")
"""A sensor of this half-hour; morphed: no infrared in it; mixed: some; infrared: at least half."""


INFRARED_FROM = 50.0
"""Weight of the infrared [%] from which a cell without microwave is called infrared."""


CONDITIONS = {
    "source": SOURCE_NAMES,
    "sensor": SENSOR_NAMES,
    "last": AGE_NAMES,
    "next": AGE_NAMES,
    "intensity": (*RAIN_NAMES, "unknown"),
}
"""Names of the classes, by condition: the source, the kind of sensor of the last pass, the time
since it and until the next, IMERG's rain."""


def cell_conditions(
    mw_source: np.ndarray,
    ir_influence: np.ndarray,
    rain: np.ndarray,
    *,
    present: np.ndarray,
    times: np.ndarray,
) -> dict[str, np.ndarray]:
    """Class of each cell for each condition of `CONDITIONS`.

    Args:
        mw_source: Code of the microwave sensor, dims (time, lat, lon), 0 for none, NaN missing.
        ir_influence: Weight of the infrared [%], same dims, NaN missing.
        rain: IMERG's complete estimate [mm/h], same dims, NaN missing.
        present: Whether the half-hour's granule was read, dims (time,).
        times: Half-hour starts in order, dims (time,).

    Returns:
        uint8 arrays (time, lat, lon), indices into the names.
    """
    last, following = pass_ages(mw_source, present, times)
    kind = _sensor_kind(mw_source)
    intensity = np.searchsorted(np.array(RAIN_EDGES, np.float32), rain, side="right")
    return {
        "source": _source(mw_source, ir_influence, kind),
        "sensor": _last_sensor(kind, last),
        "last": age_class(last).astype(np.uint8),
        "next": age_class(following).astype(np.uint8),
        "intensity": np.where(np.isnan(rain), len(RAIN_NAMES), intensity).astype(np.uint8),
    }


def _sensor_kind(mw_source: np.ndarray) -> np.ndarray:
    """Index into `SENSOR_NAMES` of the sensor that looks now; 'unknown' where none does."""
    kind = np.full(mw_source.shape, SENSOR_NAMES.index("unknown"), np.uint8)
    for i, codes in enumerate(SOURCES.values()):
        kind[np.isin(mw_source, codes)] = i
    return kind


def _source(mw_source: np.ndarray, ir_influence: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Index into `SOURCE_NAMES`."""
    weight = np.where(mw_source == 0, ir_influence, np.nan)
    places = [kind < len(SOURCES), weight >= INFRARED_FROM, weight > 0, weight == 0]
    names = ("infrared", "mixed", "morphed", "unknown")
    infrared, mixed, morphed, unknown = (np.uint8(SOURCE_NAMES.index(name)) for name in names)
    return np.select(places, [kind, infrared, mixed, morphed], unknown)


def _last_sensor(kind: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Kind of the last pass: carried on while the time since it is known."""
    carried = np.empty_like(kind)
    now = np.full(kind.shape[1:], SENSOR_NAMES.index("unknown"), np.uint8)
    for t in range(len(kind)):
        now = np.where((last[t] == 0) | np.isnan(last[t]), kind[t], now)
        carried[t] = now
    return carried


SIZES = tuple(len(names) for names in CONDITIONS.values())


def condition_code(classes: dict[str, np.ndarray]) -> np.ndarray:
    """One int32 for each cell's combination of classes."""
    places = [classes[name] for name in CONDITIONS]
    return np.ravel_multi_index(places, SIZES).astype(np.int32)


def named(codes: np.ndarray, names: Sequence[str]) -> pd.Series:
    """Names at each index, dims (n,), categorical."""
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(names)))


def class_names(code: np.ndarray) -> dict[str, pd.Series]:
    """Names of each condition's class, from `condition_code`, dims (n,)."""
    indices = np.unravel_index(code, SIZES)
    return {
        name: named(index, names)
        for (name, names), index in zip(CONDITIONS.items(), indices, strict=True)
    }


UNKNOWN = int(np.ravel_multi_index([size - 1 for size in SIZES], SIZES))
"""Code of a place of which nothing is known; the last name of each condition is 'unknown'."""


def season(times: pd.Series) -> pd.Categorical:
    """Meteorological season of each time."""
    return pd.Categorical(times.dt.month.map(season_of), SEASONS)
