"""Tables that compare the simulated world with published and measured values of the real one."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from rainscore.scores.categorical import Contingency, far, hss, pod
from rainscore.scores.continuous import Moments, cc, relative_bias
from rainscore.simulation.diagnostics import (
    AGES_H,
    ALL,
    HALF_HOUR_LAGS,
    HOURLY,
    HOURLY_LOG,
    RADAR_TRUTH,
    age_product,
    gap_quantity,
    hour_quantity,
    hourly_lag_product,
    lag_product,
    sensor_codes,
    space_product,
    time_product,
)
from rainscore.simulation.granulefields import RUNS
from rainscore.simulation.published import (
    HOURLY_LOG_CC,
    HOURLY_SKILL,
    HSS_GAP,
    LAG,
    RAIN,
    RAIN_QUANTITIES,
    SKILL,
    SPACE_CORRELATION,
    SUMMER_PEAK,
    TIME_CORRELATION,
    WET_SHARE,
    YEARLY_RAIN,
    Target,
    pass_targets,
)
from rainscore.simulation.rainstats import summit
from rainscore.times import SEASONS, season_of

COLUMNS = ["quantity", "product", "regime", "simulated", "low", "high", "reference", "error"]
_HOURS_PER_YEAR = 8766.0
_MAX_GAP = 48 * 31  # half-hours


def rain_table(sums: pd.DataFrame) -> pd.DataFrame:
    """Compare the simulated rain with its targets.

    Args:
        sums: Sums of `rainscore.simulation.diagnostics`, added over the months.

    Returns:
        Columns quantity (with its unit), product ("radar"), regime ("all" or a true regime),
        simulated, low, high, reference, error (standard error of `simulated` over the spells of
        the regime); NaN where there is no value. The rain of a year is the mean rate of the
        simulated days times 8766 h.
    """
    rows = sums[sums["product"] == "radar"]
    rows = rows.set_index(["regime", "quantity"])
    mean, n = rows["total"] / rows["weight"], rows["weight"]
    variance = (rows["square"] / n - mean**2).clip(lower=0) / (n - 1)
    error = variance.where(n > 1) ** 0.5
    means = mean[ALL] if ALL in mean.index else pd.Series(dtype=float)
    yearly_rain = means.get("rain [mm/h]", np.nan) * _HOURS_PER_YEAR
    wet_share = means.get("wet share", np.nan)
    table: list[tuple] = [
        ("rain of a year [mm]", "radar", ALL, yearly_rain, *YEARLY_RAIN, np.nan),
        ("wet share of the half-hours", "radar", ALL, wet_share, *WET_SHARE, np.nan),
    ]
    hours = [hour_quantity(hour) for hour in range(0, 24, 3)]
    table += [(h, "radar", ALL, means[h], *Target(), np.nan) for h in hours if h in means.index]
    regimes = [*RAIN, *sorted(set(rows.index.get_level_values(0)) - {ALL, *RAIN})]
    for regime in regimes:
        for quantity in RAIN_QUANTITIES:
            key, target = (regime, quantity), RAIN.get(regime, {}).get(quantity)
            value = mean.get(key, np.nan)
            if target or np.isfinite(value):
                row = quantity, "radar", regime, value, *(target or Target())
                table.append((*row, error.get(key, np.nan)))
    return pd.DataFrame(table, columns=COLUMNS)


def satellite_table(sums: pd.DataFrame, *, run: str, year: int) -> pd.DataFrame:
    """Compare the simulated satellites and product with their targets.

    Args:
        sums: Sums of `rainscore.simulation.diagnostics`, added over the months.
        run: "early", "late" or "final"; there are targets for Final only.
        year: Year in the middle of the period, which sets the size of the constellation.

    Returns:
        Columns as in `rain_table`. The products are the run, its parts by source, "passes", and
        the other runs if `sums` holds them.
    """
    keys = zip(sums["product"], sums["regime"], sums["quantity"], strict=True)
    totals = dict(zip(keys, sums["total"].to_numpy(float), strict=True))
    runs = [name for name in RUNS if (name, ALL, "n") in totals][::-1]
    rows = list(_by_product(totals, runs))
    for name in runs:
        rows += list(_by_age(totals, name))
        lag = _lag(totals, name)
        rows.append(("lag behind the rain [h]", name, ALL, lag, *LAG.get(name, Target())))
    regimes = sorted({regime for product, regime, _ in totals if product == run} - {ALL})
    for regime in regimes:
        for score, value in _scores(totals, run, regime).items():
            rows.append((score, run, regime, value, *Target()))
    rows += list(_passes(sums, year))
    rows += list(_real_pairs(totals))
    rows += list(_radar_errors(sums, totals))
    return pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(error=np.nan)


def cycle_table(months: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Yearly cycle of the simulated rain, and its daily cycle in each season.

    Args:
        months: Sums of each month, by month such as "2018-01".

    Returns:
        Columns as in `rain_table`: the mean rain of each month over the domain, the rain in each
        three hours of the day as a ratio to the mean of the season, and the middle of the three
        hours with most summer rain.
    """
    rows = [*_monthly_rain(months), *_daily_cycles(months)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _monthly_rain(months: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    for month, sums in months.items():
        hours = pd.Period(month).days_in_month * 24
        value = hours * float(_mean(sums, "rain [mm/h]"))
        yield f"rain of {month} [mm]", "radar", ALL, value, *Target(), np.nan


def _daily_cycles(months: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    for season in SEASONS:
        parts = [sums for month, sums in months.items() if season_of(int(month[5:])) == season]
        if not parts:
            continue
        sums = pd.concat(parts)
        cycle = {h: float(_mean(sums, hour_quantity(h))) for h in range(0, 24, 3)}
        mean = float(_mean(sums, "rain [mm/h]"))
        for hour, rate in cycle.items():
            name = f"{season}: rain from {hour:02d} UTC, ratio to the mean"
            yield name, "radar", ALL, rate / mean, *Target(), np.nan
        if season == "JJA":
            peak = max(cycle, key=lambda hour: cycle[hour]) + 1.5
            yield "hour of most summer rain [UTC]", "radar", ALL, peak, *SUMMER_PEAK, np.nan


def _mean(sums: pd.DataFrame, quantity: str) -> float:
    rows = sums[(sums["product"] == "radar") & (sums["quantity"] == quantity)]
    return rows["total"].sum() / rows["weight"].sum()


def _by_product(totals: dict, runs: list[str]) -> Iterator[tuple]:
    """Scores of each product, and differences of the correlation between products."""
    products = [*runs, "microwave", *sensor_codes(), "morphed", "infrared"]
    scores = {product: _scores(totals, product) for product in products}
    for product in products:
        for score, value in scores[product].items():
            target = SKILL.get(product, {}).get(score, Target())
            yield score, product, ALL, value, *target
    gap = scores["GMI"]["HSS"] - scores["ATMS"]["HSS"]
    yield "HSS less that of ATMS", "GMI", ALL, gap, *HSS_GAP
    for better, worse in [("microwave", "morphed"), ("morphed", "infrared"), *pairwise(runs)]:
        difference = scores[better]["CC"] - scores[worse]["CC"]
        yield f"CC less that of {worse}", better, ALL, difference, *Target(low=0.0)


def _scores(totals: dict, product: str, regime: str = ALL) -> dict[str, float]:
    """Scores of a product from its sums; NaN where there are no sums."""

    def part(names: tuple[str, ...]) -> list[np.ndarray]:
        return [np.asarray(totals.get((product, regime, name), 0.0)) for name in names]

    moments, counts = Moments(*part(Moments._fields)), Contingency(*part(Contingency._fields))
    return {
        "CC": float(cc(moments)),
        "POD": float(pod(counts)),
        "FAR": float(far(counts)),
        "HSS": float(hss(counts)),
        "bias [%]": 100 * float(relative_bias(moments)),
    }


def _real_pairs(totals: dict) -> Iterator[tuple]:
    """Quantities that real IMERG and real hourly pairs give."""
    if (HOURLY, ALL, "n") not in totals:
        return
    quantity = "correlation of ln(R + 0.1)"
    for minutes, target in TIME_CORRELATION.items():
        name = time_product(minutes)
        yield quantity, name, ALL, _correlation(totals, name), *target
    for cells, target in SPACE_CORRELATION.items():
        name = space_product(cells)
        yield quantity, name, ALL, _correlation(totals, name), *target
    for score, value in _scores(totals, HOURLY).items():
        yield score, HOURLY, ALL, value, *HOURLY_SKILL.get(score, Target())
    yield "CC", HOURLY_LOG, ALL, _correlation(totals, HOURLY_LOG), *HOURLY_LOG_CC
    for lag in (-1, 1):
        name = hourly_lag_product(lag)
        yield "CC", name, ALL, _correlation(totals, name), *Target()


def _correlation(totals: dict, product: str) -> float:
    """Correlation of two fields from their moments."""
    parts = [np.asarray(totals.get((product, ALL, name), 0.0)) for name in Moments._fields]
    return float(cc(Moments(*parts)))


def _radar_errors(sums: pd.DataFrame, totals: dict) -> Iterator[tuple]:
    """Scores of the radar against the true rain, and of IMERG against both."""
    if (RADAR_TRUTH, ALL, "n") not in totals:
        return
    for score, value in _scores(totals, RADAR_TRUTH).items():
        yield score, RADAR_TRUTH, ALL, value, *Target()
    losses = sums[sums["quantity"] == "score loss"]
    for name, total, weight in losses[["product", "total", "weight"]].itertuples(index=False):
        yield "score of all windows", name, ALL, 1 - total / weight, *Target()


def _by_age(totals: dict, run: str) -> Iterator[tuple]:
    """Correlation by age of the nearest overpass that the run uses, and its largest increase."""
    ages = [age for age in AGES_H if (age_product(run, age), ALL, "n") in totals]
    values = [_scores(totals, age_product(run, age))["CC"] for age in ages]
    for age, value in zip(ages, values, strict=True):
        yield f"CC {age:g} h from a pass", run, ALL, value, *Target()
    increase = max(np.diff(values), default=np.nan)
    yield "largest rise of CC with age", run, ALL, float(increase), *Target(high=0.0)


def _lag(totals: dict, run: str) -> float:
    """Delay at which IMERG correlates best with the truth [h]; NaN where it is undefined."""
    values = np.array([_scores(totals, lag_product(run, lag))["CC"] for lag in HALF_HOUR_LAGS])
    if not np.isfinite(values).all():
        return np.nan
    highest = int(values.argmax())
    return (HALF_HOUR_LAGS[highest] + summit(values, highest)[0]) / 2


def _passes(sums: pd.DataFrame, year: int) -> Iterator[tuple]:
    """Statistics of the passes; a gap is the time between two half-hours with microwave."""
    rows = sums[sums["product"] == "passes"]
    total = dict(zip(rows["quantity"], rows["total"].to_numpy(float), strict=True))
    weight = dict(zip(rows["quantity"], rows["weight"].to_numpy(float), strict=True))
    lengths = [n for n in range(1, _MAX_GAP) if gap_quantity(n) in total]
    hours = np.array(lengths) / 2
    number = np.array([total[gap_quantity(n)] for n in lengths])
    mean = p90 = longest = np.nan
    if hours.size:
        cumulative = number.cumsum() / number.sum()
        mean, longest = (hours * number).sum() / number.sum(), hours[-1]
        p90 = hours[np.searchsorted(cumulative, 0.9)]
    values = {
        "passes a day over the centre": total["a day"] / weight["a day"],
        "share of half-hours with microwave": total["share of half-hours"]
        / weight["share of half-hours"],
        "mean gap [h]": mean,
        "90th percentile of the gaps [h]": p90,
        "longest gap [h]": longest,
    }
    targets = pass_targets(year)
    for quantity, value in values.items():
        yield quantity, "passes", ALL, value, *targets[quantity]
