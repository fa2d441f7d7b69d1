"""Figures of the rain that both products have in common, and of the texture below the cells."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import MapColumn, aspect, draw_map, draw_map_table
from rainscore.report.figures.style import count, figure, styled
from rainscore.report.runsample import RunSample

SCORE_BINS = np.linspace(0, 1, 41)
"""Edges of the classes of the histogram of the score below the cells."""


@dataclass(frozen=True)
class AmountMaps:
    """Maps of some half-hours; NaN is missing.

    Attributes:
        imerg, radar: Rates, dims (time, y, x) on `grid`, mm/h.
        hit, missed, false: Rain of both products, of the radar alone and of IMERG alone, means of
            the smooth windows, dims (time, y, x) on `score_grid`, mm/h.
        score: Local score there, 1; NaN where it is not defined.
        map_score: Score of each map, dims (time,), 1.
        grid: Study grid.
        score_grid: Learning grid.
    """

    imerg: np.ndarray
    radar: np.ndarray
    hit: np.ndarray
    missed: np.ndarray
    false: np.ndarray
    score: np.ndarray
    map_score: np.ndarray
    grid: Grid
    score_grid: Grid


@styled
def plot_amounts(maps: AmountMaps, times: np.ndarray, *, world: str) -> Figure:
    """Draw one row per half-hour: both products, the rain hit, missed and false, and the score.

    Args:
        maps: Maps of the half-hours.
        times: Starts of the half-hours, dims (time,), UTC.
        world: 'simulated' or 'real'.
    """
    columns = (
        MapColumn("IMERG", maps.imerg, "rain", maps.grid),
        MapColumn("radar", maps.radar, "rain", maps.grid),
        MapColumn("rain in both", maps.hit, "rain", maps.score_grid),
        MapColumn("missed rain", maps.missed, "rain", maps.score_grid),
        MapColumn("false rain", maps.false, "rain", maps.score_grid),
        MapColumn("score", maps.score, "score", maps.score_grid),
    )
    subtitle = f"{len(times)} half-hours of the lowest map score; white: dry, or no score defined"
    height = 1.6 + len(times) * (0.3 + 2.1 * aspect(maps.grid))
    fig = figure(
        14, height, title="Where the rain is missed or false", subtitle=subtitle, world=world
    )
    labels = [
        f"{pd.Timestamp(time):%Y-%m-%d %H:%M}\nmap score {score:.2f}"
        for time, score in zip(times, maps.map_score, strict=True)
    ]
    draw_map_table(fig, columns, labels)
    return fig


@styled
def plot_subcell(mean: np.ndarray, counts: np.ndarray, grid: Grid, *, sample: RunSample) -> Figure:
    """Draw the score of an estimate without error at 0.1° against the radar's own pixels.

    Args:
        mean: Mean over the half-hours with rain, dims (y, x), 1; NaN without any.
        counts: Number of windows in each class of `SCORE_BINS`, dims (class,).
        grid: Learning grid.
        sample: Sample of the run.
    """
    total = int(counts.sum())
    subtitle = f"{count(total)} windows with rain, {sample.maps} maps, {sample.period}"
    title = "Cost of the texture below IMERG's cells"
    fig = figure(9, 4.4, title=title, subtitle=subtitle, world=sample.world)
    left, right = fig.subplots(1, 2)
    draw_map(left, mean, grid, kind="score")
    left.set_title("mean score")
    right.stairs(counts / max(total, 1), SCORE_BINS, fill=True, color="#0072b2")
    right.set(xlabel="score [1]", ylabel="share of the windows [1]", xlim=(0, 1))
    right.set_title("distribution over the windows")
    right.grid(axis="y")
    return fig
