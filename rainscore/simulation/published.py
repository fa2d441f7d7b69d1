"""What the simulated world should agree with, and the tables that say whether it does.

Bounds are the project's aims (for single sensors the published range), references come from real
frames and from published skill (the middle of a range); where nothing is stated there is none.
Origins:

- front: a real front over France, 2024-11-26; showers: MeteoNet south-east, 2016-08-28; organised:
  OPERA over the box, evening of 2018-08-24. Three cases, no climatology. The slope and the typical
  area of the showers were found by `rainscore.world.rainstats` on the MeteoNet frames. (OPERA has
  echoes that stand still, which spoil its correlations.)
- products: IMERG Final V07B at GMI overpasses, and GPROF for GMI and ATMS, over the United States
  at 0.036° to 0.1°, against ground radar.
- passes: circular orbits of the constellation over 46.6° N, for the years 2016–18 and 2018–20.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.scores.categorical import Contingency, far, pod
from rainscore.scores.continuous import Moments, cc, relative_bias
from rainscore.simulation.diagnostics import (
    ALL,
    DISTANCES_KM,
    HALF_HOUR_LAGS,
    LAGS_MIN,
    sensor_codes,
)
from rainscore.simulation.rainstats import summit

COLUMNS = ["quantity", "product", "regime", "simulated", "low", "high", "reference", "error"]


RUNS = ("early", "late", "final")


_HOURS_A_YEAR = 8766.0


_CORRELATION_BOUND = 0.06


_PASS_BOUND = 0.1


class Target(NamedTuple):
    """Bounds of an aim and the real or published value; NaN where none is stated."""

    low: float = np.nan
    high: float = np.nan
    reference: float = np.nan


def _range(low: float, high: float) -> Target:
    return Target(low, high, (low + high) / 2)


def _about(reference: float, bound: float) -> Target:
    return Target(reference - bound, reference + bound, reference)


def _at(quantity: str, unit: str, places: Sequence[float], values: Sequence[float]) -> dict:
    return {
        f"{quantity} at {place:g} {unit}": _about(value, _CORRELATION_BOUND)
        for place, value in zip(places, values, strict=True)
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
"""Aims of the rain, by regime and quantity."""


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
"""Aims of the products, by product and score."""


LAG = {"final": Target(0.25, 0.75, 0.6)}


YEARLY_RAIN = Target(700.0, 1000.0)


WET_SHARE = Target(0.04, 0.10)


def rain_table(sums: pd.DataFrame) -> pd.DataFrame:
    """The rain beside its aims.

    Args:
        sums: Rows of `rainscore.world.diagnostics`, added over the months.

    Returns:
        Columns quantity (with its unit), product ("radar"), regime ("all" or a true regime),
        simulated, low, high, reference, error (standard error of `simulated` over the spells of
        the regime); NaN where unknown. The rain of a year is the mean rate of the run's days times
        8766 h: as good as these days stand for the year.
    """
    rows = sums[sums["product"] == "radar"]
    rows = rows.set_index(["regime", "quantity"])
    mean, n = rows["total"] / rows["weight"], rows["weight"]
    spread = (rows["square"] / n - mean**2).clip(lower=0) / (n - 1)
    error = spread.where(n > 1) ** 0.5
    whole = mean[ALL] if ALL in mean.index else pd.Series(dtype=float)
    table = [
        ("rain of a year [mm]", whole.get("rain [mm/h]", np.nan) * _HOURS_A_YEAR, YEARLY_RAIN),
        ("wet share of the half-hours", whole.get("wet share", np.nan), WET_SHARE),
    ]
    found = [(quantity, "radar", ALL, value, *target, np.nan) for quantity, value, target in table]
    hours = [name for name in sorted(whole.index) if "UTC" in name]
    found += [(name, "radar", ALL, whole[name], *Target(), np.nan) for name in hours]
    regimes = [*RAIN, *sorted(set(rows.index.get_level_values(0)) - {ALL, *RAIN})]
    for regime in regimes:
        for quantity in RAIN_QUANTITIES:
            key, target = (regime, quantity), RAIN.get(regime, {}).get(quantity)
            value = mean.get(key, np.nan)
            if target or np.isfinite(value):
                row = quantity, "radar", regime, value, *(target or Target())
                found.append((*row, error.get(key, np.nan)))
    return pd.DataFrame(found, columns=COLUMNS)


def satellite_table(sums: pd.DataFrame, *, run: str, year: int) -> pd.DataFrame:
    """The satellites and the product beside their aims.

    Args:
        sums: Rows of `rainscore.world.diagnostics`, added over the months.
        run: "early", "late" or "final"; aims are stated for Final only.
        year: Of the run's middle: the constellation's size depends on it.

    Returns:
        As `rain_table`; the products are the run, its parts by source, "passes", and the other
        runs where they were measured too.
    """
    keys = zip(sums["product"], sums["regime"], sums["quantity"], strict=True)
    totals = dict(zip(keys, sums["total"].to_numpy(float), strict=True))
    found: list[tuple] = []
    runs = [name for name in RUNS if (name, ALL, "n") in totals]
    products = [*runs[::-1], "microwave", *sensor_codes(), "morphed", "infrared"]
    score = {product: _scores(totals, product) for product in products}
    for product in products:
        for name, value in score[product].items():
            found.append((name, product, ALL, value, *SKILL.get(product, {}).get(name, Target())))
    order = [("microwave", "morphed"), ("morphed", "infrared"), *pairwise(runs[::-1])]
    for better, worse in order:
        lead = score[better]["CC"] - score[worse]["CC"]
        found.append((f"CC less that of {worse}", better, ALL, lead, *Target(low=0.0)))
    for name in runs[::-1]:
        found += list(_by_age(totals, name))
        found.append(
            ("lag behind the rain [h]", name, ALL, _lag(totals, name), *LAG.get(name, Target()))
        )
    regimes = sorted({regime for product, regime, _ in totals if product == run} - {ALL})
    for regime in regimes:
        for name, value in _scores(totals, run, regime).items():
            found.append((name, run, regime, value, *Target()))
    found += list(_passes(sums, year))
    return pd.DataFrame(found, columns=COLUMNS[:-1]).assign(error=np.nan)


def _scores(totals: dict, product: str, regime: str = ALL) -> dict[str, float]:
    """Scores from the sums of a product; NaN where nothing was compared."""

    def part(names: tuple[str, ...]) -> list[np.ndarray]:
        return [np.asarray(totals.get((product, regime, name), 0.0)) for name in names]

    moments, counts = Moments(*part(Moments._fields)), Contingency(*part(Contingency._fields))
    return {
        "CC": float(cc(moments)),
        "POD": float(pod(counts)),
        "FAR": float(far(counts)),
        "bias [%]": 100 * float(relative_bias(moments)),
    }


def _by_age(totals: dict, run: str) -> Iterator[tuple]:
    """Correlation by hours to the nearest pass that the run knows, and its largest rise."""
    ages = sorted(
        float(product.split()[2])
        for product, regime, quantity in totals
        if product.startswith(f"{run} at ") and quantity == "n"
    )
    values = [_scores(totals, f"{run} at {age:g} h")["CC"] for age in ages]
    for age, value in zip(ages, values, strict=True):
        yield f"CC {age:g} h from a pass", run, ALL, value, *Target()
    rise = max(np.diff(values), default=np.nan)
    yield "largest rise of CC with age", run, ALL, float(rise), *Target(high=0.0)


def _lag(totals: dict, run: str) -> float:
    """Hours by which IMERG agrees best with an earlier truth."""
    values = np.array([_scores(totals, f"{run} {lag:+d}")["CC"] for lag in HALF_HOUR_LAGS])
    if not np.isfinite(values).all():
        return np.nan
    highest = int(values.argmax())
    return (HALF_HOUR_LAGS[highest] + summit(values, highest)[0]) / 2


def _passes(sums: pd.DataFrame, year: int) -> Iterator[tuple]:
    """Pass statistics; gaps are the time from a half-hour with microwave to the next."""
    rows = sums[sums["product"] == "passes"]
    total = dict(zip(rows["quantity"], rows["total"].to_numpy(float), strict=True))
    weight = dict(zip(rows["quantity"], rows["weight"].to_numpy(float), strict=True))
    gaps = {float(name.split()[2]): n for name, n in total.items() if name.startswith("gaps")}
    length = np.array(sorted(gaps))
    number = np.array([gaps[hours] for hours in length])
    mean = p90 = longest = np.nan
    if length.size:
        reached = number.cumsum() / number.sum()
        mean, longest = (length * number).sum() / number.sum(), length[-1]
        p90 = length[np.searchsorted(reached, 0.9)]
    share, daily = (total[name] / weight[name] for name in ("share of half-hours", "a day"))
    for quantity, value, reference in (
        ("passes a day over the centre", daily, 19.7 if year < 2018 else 21.6),
        ("share of half-hours with microwave", share, 0.36),
        ("mean gap [h]", mean, 1.4),
        ("90th percentile of the gaps [h]", p90, 2.5),
    ):
        yield quantity, "passes", ALL, value, *_about(reference, _PASS_BOUND * reference)
    yield "longest gap [h]", "passes", ALL, longest, *Target(reference=5.25)
