"""Published and measured values of the real world, and target ranges for the simulated one.

A reference value comes from real radar frames or from published skill (the middle of a range). The
bounds are the project's target ranges, and for single sensors the published range. Sources:

- front: a real front over France, 2024-11-26; showers: MeteoNet south-east, 2016-08-28; organised:
  OPERA over the domain, evening of 2018-08-24. These are three cases, not a climatology. The
  spectral slope and the typical area of the showers were computed from the MeteoNet frames with
  `rainscore.simulation.rainstats`. There are no correlations from OPERA because of its stationary
  echoes.
- products: IMERG Final V07B at GMI overpasses, and GPROF for GMI and ATMS, over the United States
  at 0.036° to 0.1°, against ground radar.
- IMERG's own structure: real Late V04B over France and Europe (ten hours of 2017-06-30, the
  reference is France) and real Early V06 over southern Brazil (14 days of November 2023).
- hourly skill: IMERG against MRMS radar at 1015 points in four Gulf storms (the reference), and
  against gauges in Brazil. Summer rain only: no claim about frontal or winter rain follows.
- passes: circular orbits of the constellation over 46.6° N, for the years 2016–18 and 2018–20.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rainscore.simulation.diagnostics import (
    DISTANCES_KM,
    LAGS_MIN,
)

_CORRELATION_BOUND = 0.06
_PASS_BOUND = 0.1  # relative
_LARGER_CONSTELLATION = 2018  # first year of the second reference of passes a day


class Target(NamedTuple):
    """Target range of a quantity, and its published or measured value; NaN where there is none."""

    low: float = np.nan
    high: float = np.nan
    reference: float = np.nan


def _range(low: float, high: float) -> Target:
    return Target(low, high, (low + high) / 2)


def _about(reference: float, bound: float) -> Target:
    return Target(reference - bound, reference + bound, reference)


def _at(quantity: str, unit: str, positions: Sequence[float], values: Sequence[float]) -> dict:
    return {
        f"{quantity} at {position:g} {unit}": _about(value, _CORRELATION_BOUND)
        for position, value in zip(positions, values, strict=True)
    }


RAIN: dict[str, dict[str, Target]] = {
    "front": {
        "wet fraction": Target(reference=0.265),
        "mean when wet [mm/h]": Target(reference=2.0),
        "SD of ln(rate)": Target(reference=1.26),
        **_at("autocorrelation", "km", DISTANCES_KM, (0.92, 0.73, 0.54, 0.43)),
        **_at("Lagrangian correlation", "min", (5, 20, 40, 60), (0.94, 0.82, 0.71, 0.63)),
        "advection speed [km/h]": Target(reference=40.0),
    },
    "showers": {
        "wet fraction": Target(reference=0.016),
        "mean when wet [mm/h]": Target(reference=0.95),
        "SD of ln(rate)": Target(reference=1.04),
        **_at("autocorrelation", "km", DISTANCES_KM, (0.84, 0.49, 0.21, 0.11)),
        **_at("Lagrangian correlation", "min", (5, 20, 50), (0.93, 0.77, 0.57)),
        "advection speed [km/h]": Target(reference=46.5),
        "spectrum slope": Target(reference=1.9),
        "typical area [km²]": Target(reference=1800.0),
    },
    "organised": {
        "wet fraction": Target(reference=0.08),
        "mean when wet [mm/h]": Target(reference=0.65),
        "SD of ln(rate)": Target(reference=1.02),
    },
}
"""Targets of the rain, by regime and quantity."""

RAIN_QUANTITIES = [
    "wet fraction",
    "mean when wet [mm/h]",
    "SD of ln(rate)",
    *(f"autocorrelation at {d:g} km" for d in DISTANCES_KM),
    *(f"Lagrangian correlation at {lag} min" for lag in LAGS_MIN),
    "spectrum slope",
    "advection speed [km/h]",
    "typical area [km²]",
]

SKILL: dict[str, dict[str, Target]] = {
    "final": {
        "CC": Target(0.40, 0.60, 0.445),
        "POD": Target(0.50, 0.75, 0.625),
        "FAR": Target(0.35, 0.55, 0.485),
        "bias [%]": Target(-15.0, 15.0, -5.5),
    },
    "microwave": {
        "CC": _range(0.49, 0.55),
        "POD": _range(0.64, 0.76),
        "FAR": _range(0.46, 0.69),
        "bias [%]": _range(-2.0, 6.0),
    },
    "GMI": {
        "CC": Target(reference=0.55),
        "POD": _range(0.64, 0.76),
        "FAR": _range(0.46, 0.66),
        "bias [%]": _range(0.0, 6.0),
    },
    "ATMS": {
        "CC": Target(reference=0.49),
        "POD": Target(reference=0.72),
        "FAR": Target(reference=0.69),
        "bias [%]": Target(reference=-2.0),
    },
    "infrared": {"FAR": Target(reference=0.59)},
}
"""Targets of the products, by product and score."""

TIME_CORRELATION = {
    30: Target(0.70, 0.88, 0.74),
    60: Target(0.56, 0.78, 0.61),
    120: Target(0.40, 0.64, 0.45),
    240: Target(0.26, 0.47, 0.31),
}
"""Autocorrelation of ln(R + 0.1) of real IMERG by lag [min]."""

SPACE_CORRELATION = {
    1: Target(0.83, 0.96, 0.87),
    2: Target(0.71, 0.90, 0.76),
    5: Target(0.50, 0.78, 0.55),
    10: Target(0.30, 0.64, 0.36),
}
"""Correlation of ln(R + 0.1) of real IMERG along a parallel by distance [cells]."""

HOURLY_SKILL = {
    "CC": Target(0.45, 0.66, 0.61),
    "POD": Target(0.66, 0.80, 0.75),
    "FAR": Target(0.32, 0.43, 0.34),
    "bias [%]": Target(-21.0, 52.0, -11.0),
}
"""Skill of hourly means of IMERG at a wet threshold of 0.1 mm/h."""

HOURLY_LOG_CC = Target(0.57, 0.81, 0.79)
"""Correlation of ln(R + 0.1) of hourly means."""

HSS_GAP = Target(low=0.20, reference=0.324)
"""HSS of GMI less that of ATMS."""

LAG = {"final": Target(0.25, 0.75, 0.6)}
"""Delay of a run relative to the rain [h]."""

YEARLY_RAIN = Target(700.0, 1000.0)
"""Rain of a year over the domain [mm]."""

WET_SHARE = Target(0.04, 0.10)
"""Wet share of the half-hourly pixels."""

SUMMER_PEAK = Target(15.0, 18.0)
"""Hours (UTC) between which most summer rain of France falls, according to a forecaster."""


def pass_targets(year: int) -> dict[str, Target]:
    """Targets of the microwave passes over 46.6° N, for a year."""
    return {
        "passes a day over the centre": _pass(19.7 if year < _LARGER_CONSTELLATION else 21.6),
        # Orbits give 0.36. Real V04B has 0.22, a later version 1.55 times as much as V04B where
        # both are known (29° N: 0.272 and 0.175), thus about 0.34 here.
        "share of half-hours with microwave": Target(0.30, 0.37, 0.34),
        "mean gap [h]": _pass(1.4),
        "90th percentile of the gaps [h]": _pass(2.5),
        "longest gap [h]": Target(reference=5.25),
    }


def _pass(reference: float) -> Target:
    return _about(reference, _PASS_BOUND * reference)
