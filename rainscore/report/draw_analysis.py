"""Figures of the section on scores by condition, from the result files of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.analysis.tabulation import CELL_SUMS
from rainscore.grids import Grid
from rainscore.io import read_table
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
    """

    conditions: str
    places: str
    joint: str
    thresholds: str
    spectra: str
    timing: str
    scales: str


def analysis_sample(files: AnalysisFiles, *, world: str) -> RunSample:
    """Return the sample of the analysis.

    Args:
        files: Result files.
        world: 'simulated' or 'real'.
    """
    with xr.open_dataset(files.places, engine="h5netcdf") as places:
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
}
"""Function that draws each figure, by name."""
