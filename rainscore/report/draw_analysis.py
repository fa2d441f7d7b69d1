"""Figures of the section on scores by condition, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.analysis.tabulation import CELL_SUMS
from rainscore.grids import Grid
from rainscore.io import read_months, read_table
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.hourly import compared
from rainscore.report.figures.plot_amounts import (
    SCORE_BINS,
    AmountMaps,
    plot_amounts,
    plot_subcell,
)
from rainscore.report.figures.plot_conditions import (
    plot_cycles,
    plot_skill_by_age,
    plot_skill_by_condition,
    plot_skill_by_two,
)
from rainscore.report.figures.plot_detection import plot_contingency, plot_performance, plot_rates
from rainscore.report.figures.plot_scales import (
    plot_fss_by_scale,
    plot_skill_maps,
    plot_spectra,
    plot_timing,
)
from rainscore.report.runsample import RunSample, period_text
from rainscore.scores.continuous import Moments, cc, relative_bias
from rainscore.scores.sums import ratio


@dataclass(frozen=True)
class AnalysisFiles:
    """Files that the figures of the scores by condition are drawn from.

    Attributes:
        conditions: Table of the measures by condition.
        places: NetCDF file of sums at each place.
        joint: Table of the joint histogram of the rates.
        thresholds: Table of the detection measures by threshold.
        spectra: Table of the power spectra and the coherence.
        timing: Table of the correlations at shifted times.
        scales: Table of the fractions skill score by threshold and window size.
        pairs: Files of IMERG and radar rain, one per month.
        scores: Files of the score maps, one per month.
        tables: Score tables, one per month.
    """

    conditions: str
    places: str
    joint: str
    thresholds: str
    spectra: str
    timing: str
    scales: str
    pairs: Sequence[str]
    scores: Sequence[str]
    tables: Sequence[str]


def analysis_sample(files: AnalysisFiles, *, world: str) -> RunSample:
    """Return the sample of the analysis.

    Args:
        files: Result files.
        world: 'simulated' or 'real'.
    """
    with open_netcdf(files.places) as places:
        maps, attrs = int(places["maps"]), dict(places.attrs)
    first, last = pd.Timestamp(attrs["first"]), pd.Timestamp(attrs["last"])
    days = int(read_table(files.conditions)["days"].max())
    return RunSample(maps, days, period_text(first, last, int(attrs["months"])), world)


def _skill_maps(files: AnalysisFiles, sample: RunSample) -> Figure:
    sums = xr.load_dataset(files.places, engine="h5netcdf")
    moments = Moments(*(sums[name].values for name in CELL_SUMS[: len(Moments._fields)]))
    fields = {
        "score": 1 - ratio(sums["score_numerator"], sums["score_denominator"]),
        "count": sums["windows"].values,
        "cc": cc(moments),
        "bias": relative_bias(moments),
    }
    windows, cells = (Grid.from_json(sums.attrs[name]) for name in ("grid", "cells"))
    return plot_skill_maps(fields, windows, cells, sample=sample)


def _performance(files: AnalysisFiles, sample: RunSample) -> Figure:
    conditions, thresholds = read_table(files.conditions), read_table(files.thresholds)
    return plot_performance(conditions, thresholds, sample=sample)


def _contingency(files: AnalysisFiles, sample: RunSample) -> Figure:
    thresholds, joint = read_table(files.thresholds), read_table(files.joint)
    return plot_contingency(thresholds, joint, sample=sample)


def worst_maps(table: pd.DataFrame, number: int) -> pd.DataFrame:
    """Half-hours of the lowest map score among the rainiest fifth of the maps, one per day.

    Args:
        table: Score table (time, map_score, n, sum_radar).
        number: Number of half-hours, at most.
    """
    scored = table[table["map_score"].notna() & (table["n"] > 0)]
    rain = scored["sum_radar"] / scored["n"]
    rainy = scored[rain >= rain.quantile(0.8)].sort_values("map_score")
    by_day = rainy.groupby(rainy["time"].dt.normalize(), sort=False)
    return by_day.first().reset_index(drop=True).head(number).sort_values("time")


def _amounts(files: AnalysisFiles, sample: RunSample) -> Figure:
    chosen = worst_maps(read_months(list(files.tables)), WORST_MAPS)
    times = chosen["time"].to_numpy()
    pairs, scores = (_half_hours(paths, times) for paths in (files.pairs, files.scores))
    maps = AmountMaps(
        imerg=pairs["imerg"].values,
        radar=pairs["radar"].values,
        hit=scores["hit_rain"].values,
        missed=scores["missed_rain"].values,
        false=scores["false_rain"].values,
        score=scores["score"].values,
        map_score=chosen["map_score"].to_numpy(),
        grid=Grid.from_json(pairs.attrs["grid"]),
        score_grid=Grid.from_json(scores.attrs["grid"]),
    )
    return plot_amounts(maps, times, world=sample.world)


def _half_hours(paths: Sequence[str], times: np.ndarray) -> xr.Dataset:
    """Half-hours of all months, without the fields on IMERG's cells."""
    parts = []
    for path in paths:
        with open_netcdf(path) as opened:
            month = compared(opened)
            names = [name for name in month.data_vars if month[name].dims == ("time", "y", "x")]
            wanted = np.intersect1d(month["time"].values, times)
            if wanted.size:
                parts.append(month[names].sel(time=wanted).load().assign_attrs(month.attrs))
    return xr.concat(parts, "time")


def _subcell(files: AnalysisFiles, sample: RunSample) -> Figure:
    total, number = np.zeros(()), np.zeros((), int)
    counts = np.zeros(len(SCORE_BINS) - 1, int)
    for path in files.scores:
        with open_netcdf(path) as month:
            values, grid = month["subcell_score"].values, Grid.from_json(month.attrs["grid"])
        total = total + np.nansum(values, axis=0, dtype=np.float64)
        number = number + np.isfinite(values).sum(axis=0)
        counts += np.histogram(values[np.isfinite(values)], SCORE_BINS)[0]
    return plot_subcell(ratio(total, number), counts, grid, sample=sample)


WORST_MAPS = 3
"""Number of half-hours in the figure of the rain hit, missed and false."""


ANALYSIS_FIGURES: Mapping[str, Callable[[AnalysisFiles, RunSample], Figure]] = {
    "skill_maps": _skill_maps,
    "skill_by_age": lambda f, sample: plot_skill_by_age(read_table(f.conditions), sample=sample),
    "skill_by_condition": lambda f, sample: plot_skill_by_condition(
        read_table(f.conditions), sample=sample
    ),
    "skill_by_two": lambda f, sample: plot_skill_by_two(read_table(f.conditions), sample=sample),
    "cycles": lambda f, sample: plot_cycles(read_table(f.conditions), sample=sample),
    "performance": _performance,
    "contingency": _contingency,
    "rates": lambda f, sample: plot_rates(read_table(f.joint), sample=sample),
    "spectra": lambda f, sample: plot_spectra(read_table(f.spectra), sample=sample),
    "timing": lambda f, sample: plot_timing(read_table(f.timing), sample=sample),
    "fss_by_scale": lambda f, sample: plot_fss_by_scale(read_table(f.scales), sample=sample),
    "amounts": _amounts,
    "subcell": _subcell,
}
"""Function that draws each figure, by name."""
