"""Figures of the agreement by place, by wavelength, by time shift and by scale."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import aspect, draw_map
from rainscore.report.figures.plot_conditions import (
    SOURCE_ORDER,
    band,
    maps_text,
    source_colour,
    with_enough_days,
)
from rainscore.report.figures.style import colour, figure, intervals, styled, without_data
from rainscore.report.numbers import count
from rainscore.report.runsample import RunSample

SHORTEST_KM = 20.0
"""Shortest wavelength drawn [km]: about two IMERG cells, below which IMERG has no structure."""


@styled
def plot_skill_maps(
    fields: dict[str, np.ndarray], windows: Grid, cells: Grid, *, sample: RunSample
) -> Figure:
    """Draw maps of the mean score, the number of maps, the correlation and the relative bias.

    Args:
        fields: `score` [1] and `count` (number of maps with a score) on the grid of the windows,
            `cc` (correlation) and `bias` (relative bias) [1] on IMERG's cells; dims (y, x), NaN is
            missing.
        windows: Learning grid, whose pixels are the centres of the windows.
        cells: Grid of IMERG's cells.
        sample: Sample of the analysis.
    """
    height = 1.6 + 3.4 * (aspect(windows) + aspect(cells))
    subtitle = f"{maps_text(sample)}; hatched: missing"
    title = "Agreement by place"
    fig = figure(8.5, height, title=title, subtitle=subtitle, world=sample.world)
    axes = fig.subplots(2, 2, height_ratios=[aspect(windows), aspect(cells)])
    score, number, cc, bias = (fields[name] for name in ("score", "count", "cc", "bias"))
    largest = float(np.nanmax(number, initial=1))
    widest = _round_up(
        float(np.nanquantile(np.abs(bias), 0.99)) if np.isfinite(bias).any() else 1.0
    )
    draw_map(axes[0, 0], score, windows, kind="score", limits=_ends(score), label="score [1]")
    axes[0, 0].set_title("Mean score")
    label = "maps with a score"
    draw_map(axes[0, 1], number, windows, kind="probability", limits=(0, largest), label=label)
    axes[0, 1].set_title("Number of maps with a score")
    draw_map(axes[1, 0], cc, cells, kind="score", limits=_ends(cc), label="correlation [1]")
    axes[1, 0].set_title("Correlation of the rates on IMERG cells")
    draw_map(axes[1, 1], bias, cells, kind="bias", limits=(-widest, widest))
    axes[1, 1].set_title("Relative bias on IMERG cells")
    return fig


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of a colour scale: the multiples of 0.1 around the finite values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.floor(finite.min() * 10) / 10, np.ceil(finite.max() * 10) / 10
    return float(low), float(max(high, low + 0.1))


def _round_up(value: float) -> float:
    return float(max(np.ceil(value * 10) / 10, 0.1))


@styled
def plot_spectra(spectra: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the power spectra of both products, their coherence, and the effective resolution.

    Args:
        spectra: Table of `summaries.spectra`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; bands and bars: 95 % interval from resampled days\n"
    subtitle += "tiles with rain; the source of a tile is the one of at least two thirds of it"
    title = "Power spectra and coherence"
    fig = figure(10, 7.2, title=title, subtitle=subtitle, world=sample.world)
    if spectra.empty:
        return without_data(fig, "every tile with rain has missing pixels")
    axes = fig.subplots(2, 2)
    spectra = with_enough_days(spectra).assign(x=spectra["wavelength_km"])
    sources = [name for name in SOURCE_ORDER if name in set(spectra["source"])]
    part = spectra[spectra["source"] == "all"]
    for measure, label, shade in (("imerg", "IMERG", colour(0)), ("radar", "radar", colour(6))):
        band(axes[0, 0], part[part["measure"] == f"{measure}_power"], shade, label)
    axes[0, 0].set(yscale="log", ylabel="power in the band [(mm/h)² per tile]", title="all sources")
    power = spectra.pivot_table("value", ["source", "wavelength_km"], "measure")
    share = power["imerg_power"] / power["radar_power"]
    for source in sources:
        axes[0, 1].plot(share[source], "o-", color=source_colour(source), markersize=3.5)
        line = spectra[(spectra["source"] == source) & (spectra["measure"] == "coherence")]
        band(axes[1, 0], line, source_colour(source), source)
    axes[0, 1].axhline(1, color="#555555", linestyle="--", linewidth=0.8)
    axes[0, 1].set(yscale="log", ylabel="power of IMERG relative to radar [1]")
    axes[1, 0].axhline(np.sqrt(0.5), color="#555555", linestyle="--", linewidth=0.8)
    axes[1, 0].set(ylabel="coherence [1]", title="dashed: 1/√2, half of the variance in common")
    longest = float(spectra["wavelength_km"].max())
    for ax in (axes[0, 0], axes[0, 1], axes[1, 0]):
        ax.set(xscale="log", xlabel="wavelength [km]", xlim=(longest * 1.1, SHORTEST_KM))
        marks = [k for k in (20, 50, 100, 200, 500) if k <= longest]
        ax.set_xticks(marks, [str(mark) for mark in marks])
        ax.minorticks_off()
        ax.grid(True)
    low = share.xs("all")[lambda s: s.index >= SHORTEST_KM].min()
    axes[0, 1].set_ylim(bottom=low / 5)
    axes[0, 0].legend()
    axes[1, 0].legend()
    _resolutions(axes[1, 1], spectra, sources, longest)
    return fig


def _resolutions(ax: Axes, spectra: pd.DataFrame, sources: list[str], longest: float) -> None:
    """Draw the effective resolution of each source, at most the side of the tiles."""
    part = spectra[spectra["measure"] == "effective_resolution"].set_index("source")
    ends = {name: part[name].clip(upper=longest) for name in ("value", "low", "high")}
    part = part.assign(**ends)
    for k, source in enumerate(sources):
        row = part.loc[[source]]
        intervals(ax, np.array([-k]), row, across=True, color=source_colour(source))
    texts = [f"{source} ({count(part['n'][source])} tiles)" for source in sources]
    ax.set_yticks(-np.arange(len(sources)), texts)
    ax.set(xlabel="effective resolution [km]", xlim=(0, longest * 1.03))
    ax.set_title(f"at {longest:g} km: coarser than a tile")
    ax.grid(axis="x")


@styled
def plot_timing(timing: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the correlation of IMERG with the radar at shifted times and over longer means.

    Args:
        timing: Table of `summaries.timing`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; ln(1 + rate / 0.1 mm/h) on IMERG cells; "
    subtitle += "bands: 95 % interval from resampled days"
    title = "Correlation of IMERG and radar by time shift and averaging time"
    fig = figure(10, 4.2, title=title, subtitle=subtitle, world=sample.world)
    if timing.empty:
        return without_data(fig, "no cell has radar data in seven consecutive half-hours")
    left, right = fig.subplots(1, 2, sharey=True)
    part = with_enough_days(timing[timing["measure"] == "correlation"])
    lags = part[part["accumulation"] == part["accumulation"].min()]
    means = part[part["lag"] == 0]
    for source in SOURCE_ORDER:
        if source in set(part["source"]):
            shade = source_colour(source)
            line = lags[lags["source"] == source]
            band(left, line.assign(x=line["lag"]), shade, source)
            line = means[means["source"] == source]
            band(right, line.assign(x=line["accumulation"]), shade, source)
    left.set(xlabel="radar later than IMERG [min]", ylabel="correlation [1]")
    left.set_title("half-hour of the radar, shifted")
    right.set(xlabel="averaging time of the radar around the half-hour [min]")
    right.set_title("mean of the radar over a longer time")
    right.legend(title="source", alignment="left")
    for ax in (left, right):
        ax.grid(True)
    left.set_xticks(sorted(lags["lag"].unique()))
    right.set_xticks(sorted(means["accumulation"].unique()))
    return fig


@styled
def plot_fss_by_scale(scales: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the fractions skill score against the window size, and the useful scale by threshold.

    Args:
        scales: Table of `summaries.fss_by_scale`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; bands and bars: 95 % interval from resampled days"
    title = "Fractions skill score (FSS) by window size and threshold"
    fig = figure(10, 4.2, title=title, subtitle=subtitle, world=sample.world)
    if scales.empty:
        return without_data(fig, "no pixel has both IMERG and radar")
    left, right = fig.subplots(1, 2)
    scores = with_enough_days(scales[scales["measure"] == "fss"])
    thresholds = sorted(scores["threshold"].unique())
    for i, threshold in enumerate(thresholds):
        line = scores[scores["threshold"] == threshold]
        band(left, line.assign(x=line["window_km"]), colour(i), f"{threshold:g}")
    left.set(xscale="log", xlabel="side of the window [km]", ylabel="FSS [1]", ylim=(0, 1))
    windows = sorted(scores["window_km"].unique())
    left.set_xticks(windows, [f"{window:g}" for window in windows])
    left.minorticks_off()
    left.legend(title="threshold [mm/h]", alignment="left")
    useful = scales[scales["measure"] == "useful_scale"].set_index("threshold").reindex(thresholds)
    intervals(right, np.arange(len(thresholds)), useful, color=colour(0))
    right.set_xticks(range(len(thresholds)), [f"{threshold:g}" for threshold in thresholds])
    right.set(xlabel="threshold [mm/h]", ylabel="useful scale [km]", ylim=(0, None))
    right.set_title("smallest window with FSS ≥ 0.5 + base rate / 2; blank: none")
    for ax in (left, right):
        ax.grid(True)
    return fig
