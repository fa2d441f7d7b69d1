"""Every figure of the descriptive analysis, from its result files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from rainscore.report.figures.plot_scales import plot_skill_maps, plot_spectra, plot_timing
from rainscore.scores.continuous import Moments, cc, relative_bias
from rainscore.scores.sums import ratio


def figures(folder: Path, *, simulated: bool) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by its name.

    Args:
        folder: `results/analysis` of the run.
        simulated: Whether any part of the world is simulated.
    """
    names = ("conditions", "joint", "thresholds", "spectra", "timing")
    tables = {name: read_table(folder / f"{name}.parquet") for name in names}
    conditions, joint, thresholds = (tables[name] for name in names[:3])
    with xr.open_dataset(folder / "places.nc", engine="h5netcdf") as file:
        places = file.load()
    about: dict[str, Any] = {
        "maps": int(places["maps"]),
        "days": int(conditions["days"].max()),
        "period": _period(places.attrs),
        "world": "simulated" if simulated else "real",
    }
    return {
        "skill_maps": lambda: _skill_maps(places, about),
        "skill_by_age": lambda: plot_skill_by_age(conditions, **about),
        "skill_by_condition": lambda: plot_skill_by_condition(conditions, **about),
        "skill_by_two": lambda: plot_skill_by_two(conditions, **about),
        "cycles": lambda: plot_cycles(conditions, **about),
        "performance": lambda: plot_performance(conditions, thresholds, **about),
        "contingency": lambda: plot_contingency(thresholds, joint, **about),
        "rates": lambda: plot_rates(joint, **about),
        "spectra": lambda: plot_spectra(tables["spectra"], **about),
        "timing": lambda: plot_timing(tables["timing"], **about),
    }


def _period(attrs: dict) -> str:
    """First and last day in words, with the number of months where there are several."""
    days = f"{attrs['first'][:10]} to {attrs['last'][:10]}"
    return f"{days}, {attrs['months']} months" if attrs["months"] > 1 else days


def _skill_maps(sums: xr.Dataset, about: dict) -> Figure:
    """Maps of the mean skill, from the sums at each place."""
    moments = Moments(*(sums[name].values for name in CELL_SUMS[: len(Moments._fields)]))
    score = 1 - ratio(sums["score_numerator"], sums["score_denominator"])
    fields = {
        "score": score,
        "count": sums["windows"].values,
        "cc": cc(moments),
        "bias": relative_bias(moments),
    }
    windows, cells = (Grid.from_json(sums.attrs[name]) for name in ("grid", "cells"))
    return plot_skill_maps(fields, windows, cells, **about)
