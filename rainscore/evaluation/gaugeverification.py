"""Verification of scored maps with rain gauges: does a higher predicted score mean agreement?"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rainscore.analysis.lag import BestLag, find_lag
from rainscore.evaluation.gaugemeasures import (
    IMERG_WET,
    by_fifth,
    by_station,
    overall,
    rank_correlations,
)
from rainscore.evaluation.gaugepairs import gauge_pairs, lag_sums, sample_maps
from rainscore.evaluation.gaugetables import Gauges
from rainscore.io import read_table, write_table, write_text

log = logging.getLogger("rainscore")

TABLES = ("measures", "fifths", "stations", "lag")
"""Tables of a verification that are written as CSV."""

LONG_LAG = 20
"""Best lags from this on suggest that the times of the gauges are misread [min]."""

DECIMALS = "%.6g"
"""Format of the numbers in the CSV tables."""


@dataclass(frozen=True)
class VerificationSettings:
    """Settings of a verification.

    Attributes:
        compare: Further variables of the scored maps to compare with the predicted score.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.
    """

    compare: Sequence[str] = ()
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Verification:
    """Result of the comparison of scored maps with gauges.

    Attributes:
        pairs: One row per accumulation (`gaugepairs.gauge_pairs`); `attrs` describes the sample.
        measures: Rank correlations, their differences and measures of all pairs.
        fifths: Measures by fifth of the predicted score and of the hidden-rain probability.
        stations: Measures by station.
        lag: Correlation by time lag.
    """

    pairs: pd.DataFrame
    measures: pd.DataFrame
    fifths: pd.DataFrame
    stations: pd.DataFrame
    lag: pd.DataFrame


def verify(
    scored: Sequence[Path], gauges: Gauges, settings: VerificationSettings | None = None
) -> Verification:
    """Compare scored maps with gauges.

    Args:
        scored: Scored maps (`rainscore score`), or folders of them.
        gauges: Accumulations.
        settings: Settings.

    Raises:
        DamagedFile: A file is not a scored map.
        RainscoreError: The maps cannot be combined, or do not cover the gauges.
    """
    settings = settings or VerificationSettings()
    samples = sample_maps(scored, gauges.stations, settings.compare)
    pairs = gauge_pairs(samples, gauges, settings.compare)
    draws = {"resamples": settings.resamples, "seed": settings.seed}
    wet = samples.wet_threshold
    lag, best = find_lag(lag_sums(samples, gauges), **draws)
    correlations = rank_correlations(pairs, settings.compare, wet_threshold=wet, **draws)
    measures = [correlations, overall(pairs, wet_threshold=wet, **draws), _lag_row(best)]
    pairs.attrs = {
        "wet_threshold_mm_h": wet,
        "period_minutes": int(gauges.period.astype("timedelta64[m]").astype(int)),
        "half_hours": len(samples.times),
        "grid": samples.grid.to_json(),
        "missing_accumulations": gauges.missing,
        "repeated_rows": gauges.repeated,
        **{name: samples.attributes[name] for name in ("version", "trained_on")},
    }
    return Verification(
        pairs=pairs,
        measures=pd.concat(measures, ignore_index=True),
        fifths=by_fifth(pairs, wet_threshold=wet, **draws),
        stations=by_station(pairs, gauges.stations, wet_threshold=wet, **draws),
        lag=lag,
    )


def write_verification(result: Verification, folder: Path) -> None:
    """Write `pairs.parquet` and the tables `measures`, `fifths`, `stations` and `lag` as CSV."""
    metadata = {str(name): value for name, value in result.pairs.attrs.items()}
    write_table(result.pairs, folder / "pairs.parquet", **metadata)
    for name in TABLES:
        table: pd.DataFrame = getattr(result, name)
        write_text(table.to_csv(index=False, float_format=DECIMALS), folder / f"{name}.csv")


def read_verification(folder: Path) -> Verification:
    """Read the files of `write_verification`."""
    measures, fifths, stations, lag = (
        pd.read_csv(folder / f"{name}.csv", dtype={"station": str}) for name in TABLES
    )
    return Verification(read_table(folder / "pairs.parquet"), measures, fifths, stations, lag)


def summary(result: Verification) -> list[str]:
    """Lines of text with the main results."""
    pairs, measures = result.pairs, result.measures
    first, last = pairs["start"].min(), pairs["start"].max()
    lines = [
        f"{pairs['station'].nunique()} gauges, {len(pairs)} accumulations of "
        f"{pairs.attrs['period_minutes']} min, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    ]
    main = measures[measures["sample"] == IMERG_WET]
    for _, row in main.iterrows():
        what = f"{row['measure']}, {row['method']}" if row["method"] else row["measure"]
        size = f"n {row['n']:.0f}, days {row['days']:.0f}"
        lines.append(f"{what}: {row['value']:.3f}{_interval(row, '.3f')} ({size})")
    fifths = result.fifths[result.fifths["sample"] == IMERG_WET]
    for measure, rows in fifths.groupby("measure", sort=False):
        values = ", ".join(f"{value:.2f}" for value in rows["value"])
        lines.append(f"{measure} by fifth of the predicted score: {values}")
    return lines + _lag_remark(measures)


def _lag_row(best: BestLag) -> pd.DataFrame:
    """Best lag as a row of the table of measures."""
    return pd.DataFrame(
        [
            {
                "sample": "all",
                "measure": "best lag",
                "method": "",
                "value": best.best,
                "low": best.low,
                "high": best.high,
                "n": best.half_hours,
            }
        ]
    )


def _interval(row: pd.Series, form: str) -> str:
    """Interval of a row as text; empty without interval, as with a single day."""
    if pd.isna(row["low"]):
        return ""
    return f" [{format(row['low'], form)}, {format(row['high'], form)}]"


def _lag_remark(measures: pd.DataFrame) -> list[str]:
    """Line about the best lag, with advice if it is long and its interval excludes 0."""
    row = measures[measures["measure"] == "best lag"].iloc[0]
    if pd.isna(row["value"]):
        return ["best lag: too few successive maps"]
    text = f"best lag: IMERG {row['value']:+.0f} min after the gauges{_interval(row, '+.0f')}"
    if abs(row["value"]) >= LONG_LAG and row["low"] * row["high"] > 0:
        text += "; check the meaning of the times (start or end) and the time zone of the gauges"
    return [text]
