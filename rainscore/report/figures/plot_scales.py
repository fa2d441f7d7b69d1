"""Skill by place, by wavelength and by time shift."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import aspect, draw_map
from rainscore.report.figures.plot_conditions import SOURCE_ORDER, band, met_often, source_colour
from rainscore.report.figures.style import colour, count, figure, intervals, nothing, sample, styled

SHORTEST_KM = 20.0
"""Of the wavelengths drawn: below two of its cells IMERG holds but the edges of its cells."""


@styled
def plot_skill_maps(
    fields: dict[str, np.ndarray],
    windows: Grid,
    cells: Grid,
    *,
    maps: int,
    days: int,
    period: str,
    world: str,
) -> Figure:
    """Mean score and how many maps it rests on; correlation and bias of IMERG's cells.

    Args:
        fields: `score` [1] and `count` (maps with a score) on the windows' grid, `cc` and `bias`
            [1] on the cells, all (y, x), NaN missing.
        windows: The learning grid.
        cells: IMERG's cells.
        maps, days: Sample size.
        period: In words.
        world: 'simulated' or 'real'.
    """
    height = 1.6 + 3.4 * (aspect(windows) + aspect(cells))
    subtitle = sample(maps, "maps", days, period)
    fig = figure(8.5, height, title="Skill by place", subtitle=subtitle, world=world)
    axes = fig.subplots(2, 2, height_ratios=[aspect(windows), aspect(cells)])
    score, number, cc, bias = (fields[name] for name in ("score", "count", "cc", "bias"))
    most = float(np.nanmax(number, initial=1))
    wide = _round_up(float(np.nanquantile(np.abs(bias), 0.99)) if np.isfinite(bias).any() else 1.0)
    draw_map(axes[0, 0], score, windows, kind="score", limits=_ends(score), label="score [1]")
    axes[0, 0].set_title("Mean score")
    label = "maps with a score"
    draw_map(axes[0, 1], number, windows, kind="probability", limits=(0, most), label=label)
    axes[0, 1].set_title("How many maps it rests on")
    draw_map(axes[1, 0], cc, cells, kind="score", limits=_ends(cc), label="correlation [1]")
    axes[1, 0].set_title("Correlation of the cells")
    draw_map(axes[1, 1], bias, cells, kind="bias", limits=(-wide, wide))
    axes[1, 1].set_title("Relative bias of the cells")
    return fig


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Ends of a colour scale: tenths around the values that are there."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.floor(known.min() * 10) / 10, np.ceil(known.max() * 10) / 10
    return float(low), float(max(high, low + 0.1))


def _round_up(value: float) -> float:
    return float(max(np.ceil(value * 10) / 10, 0.1))


@styled
def plot_spectra(spectra: pd.DataFrame, *, maps: int, days: int, period: str, world: str) -> Figure:
    """Power spectra of both products, their coherence, and the effective resolution by source.

    Args:
        spectra: Of `summaries.spectra`.
        maps, days, period, world: As in `plot_skill_maps`.
    """
    subtitle = sample(maps, "maps", days, period) + "; bands and bars: 95 % over days; "
    subtitle += "tiles with rain, of the source that fills two thirds of them"
    fig = figure(10, 7, title="Spectra and coherence", subtitle=subtitle, world=world)
    if spectra.empty:
        return nothing(fig, "no tile with rain is without a missing pixel")
    axes = fig.subplots(2, 2)
    spectra = met_often(spectra).assign(x=spectra["wavelength_km"])
    sources = [name for name in SOURCE_ORDER if name in set(spectra["source"])]
    part = spectra[spectra["source"] == "all"]
    for measure, label, shade in (("imerg", "IMERG", colour(0)), ("radar", "radar", colour(6))):
        band(axes[0, 0], part[part["measure"] == f"{measure}_power"], shade, label)
    axes[0, 0].set(yscale="log", ylabel="power in the band [(mm/h)² a tile]", title="all sources")
    power = spectra.pivot_table("value", ["source", "wavelength_km"], "measure")
    share = power["imerg_power"] / power["radar_power"]
    for source in sources:
        axes[0, 1].plot(share[source], "o-", color=source_colour(source), markersize=3.5)
        of = spectra[(spectra["source"] == source) & (spectra["measure"] == "coherence")]
        band(axes[1, 0], of, source_colour(source), source)
    axes[0, 1].axhline(1, color="#555555", linestyle="--", linewidth=0.8)
    axes[0, 1].set(yscale="log", ylabel="power of IMERG over that of the radar [1]")
    axes[1, 0].axhline(np.sqrt(0.5), color="#555555", linestyle="--", linewidth=0.8)
    axes[1, 0].set(ylabel="coherence [1]", title="dashed: 1/√2, half of the variance shared")
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
    """Effective resolution of each source; what is coarser than the tile stands at its side."""
    part = spectra[spectra["measure"] == "effective_resolution"].set_index("source")
    ends = {name: part[name].clip(upper=longest) for name in ("value", "low", "high")}
    part = part.assign(**ends)
    for k, source in enumerate(sources):
        one = part.loc[[source]]
        intervals(ax, np.array([-k]), one, across=True, color=source_colour(source))
    texts = [f"{source} ({count(part['n'][source])} tiles)" for source in sources]
    ax.set_yticks(-np.arange(len(sources)), texts)
    ax.set(xlabel="effective resolution [km]", xlim=(0, longest * 1.03))
    ax.set_title(f"at {longest:g} km: coarser than the tiles")
    ax.grid(axis="x")


@styled
def plot_timing(timing: pd.DataFrame, *, maps: int, days: int, period: str, world: str) -> Figure:
    """Correlation of IMERG with the radar at other times, and over longer ones, by source.

    Args:
        timing: Of `summaries.timing`.
        maps, days, period, world: As in `plot_skill_maps`.
    """
    subtitle = sample(maps, "maps", days, period)
    subtitle += "; ln(1 + rate / 0.1 mm/h) on IMERG's cells; bands: 95 % over days"
    title = "At which time, and over how long, the radar agrees best with IMERG"
    fig = figure(10, 4.2, title=title, subtitle=subtitle, world=world)
    if timing.empty:
        return nothing(fig, "no cell is seen by the radar in seven half-hours on end")
    left, right = fig.subplots(1, 2, sharey=True)
    part = met_often(timing[timing["measure"] == "correlation"])
    lags = part[part["accumulation"] == part["accumulation"].min()]
    means = part[part["lag"] == 0]
    for source in SOURCE_ORDER:
        if source in set(part["source"]):
            shade = source_colour(source)
            of = lags[lags["source"] == source]
            band(left, of.assign(x=of["lag"]), shade, source)
            of = means[means["source"] == source]
            band(right, of.assign(x=of["accumulation"]), shade, source)
    left.set(xlabel="radar later than IMERG [min]", ylabel="correlation [1]")
    left.set_title("the radar's half-hour, shifted")
    right.set(xlabel="length of the radar's mean around the half-hour [min]")
    right.set_title("the radar's mean, longer")
    right.legend(title="source", alignment="left")
    for ax in (left, right):
        ax.grid(True)
    left.set_xticks(sorted(lags["lag"].unique()))
    right.set_xticks(sorted(means["accumulation"].unique()))
    return fig
