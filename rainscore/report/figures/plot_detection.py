"""Figures of the detection of rain and of the joint distribution of both products' rates."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from rainscore.analysis.classes import RAIN_EDGES, RAIN_NAMES
from rainscore.analysis.dailysums import RATE_EDGES
from rainscore.report.figures.plot_conditions import (
    AGE_HOURS,
    SENSORS,
    SOURCE_ORDER,
    band,
    maps_text,
    rows,
    source_colour,
    with_enough_days,
)
from rainscore.report.figures.style import figure, styled
from rainscore.report.numbers import count
from rainscore.report.runsample import RunSample
from rainscore.scores.sums import ratio


@styled
def plot_performance(table: pd.DataFrame, thresholds: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw performance diagrams (Roebber 2009, doi:10.1175/2008WAF2222159.1).

    Args:
        table: Table of `stratification.stratify_skill`.
        thresholds: Table of `summaries.threshold_skill`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; IMERG cells; crosses: 95 % interval from resampled days; "
    subtitle += "curves: CSI; rays: frequency bias"
    title = "Performance diagram"
    fig = figure(11, 5.9, title=title, subtitle=subtitle, world=sample.world)
    left, right = fig.subplots(1, 2)
    for ax in (left, right):
        _background(ax)
    pod, far = (rows(table, "sensor", "last", measure=name) for name in ("pod", "far"))
    both = pod.merge(far, on=["sensor", "last"], suffixes=("", "_far"))
    both = both.assign(x=both["last"].map(AGE_HOURS)).sort_values("x")
    for sensor in SENSORS:
        start = "now" if sensor == "imager" else None
        _path(left, both[both["sensor"] == sensor], sensor, ends=(start, None))
    left.set_title("by sensor of and time since the last pass, at the score's threshold")
    left.legend(title="sensor of the last pass", loc="lower right", alignment="left")
    kept = with_enough_days(thresholds)
    wide = kept.pivot(index=["source", "threshold"], columns="measure").reset_index()
    for source in SOURCE_ORDER[:-1]:
        line = wide[wide["source"] == source].sort_values("threshold")
        points = {
            f"{end}{suffix}": line[end, name]
            for name, suffix in (("pod", ""), ("far", "_far"))
            for end in ("value", "low", "high")
        }
        ends = ("0.1 mm/h", "10 mm/h") if source == "morphed" else (None, None)
        _path(right, pd.DataFrame(points), source, ends=ends)
    right.set_title("by source and threshold, 0.1 to 10 mm/h")
    right.legend(title="source", loc="upper left", alignment="left")
    return fig


def _background(ax: Axes) -> None:
    """Draw curves of equal CSI and rays of equal frequency bias."""
    success, pod = np.meshgrid(np.linspace(0.005, 1, 200), np.linspace(0.005, 1, 200))
    csi = 1 / (1 / success + 1 / pod - 1)
    lines = ax.contour(success, pod, csi, np.arange(0.1, 1, 0.1), colors="#bbbbbb", linewidths=0.7)
    ax.clabel(lines, fmt="%.1f", fontsize=6.5)
    for bias in (0.25, 0.5, 0.75, 1, 1.33, 2, 4):
        x = min(1.0, 1 / bias)
        ax.plot([0, x], [0, x * bias], color="#bbbbbb", linestyle="--", linewidth=0.7)
        ax.text(x, x * bias, f"{bias:g}", size=6.5, color="#777777", clip_on=False)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set(xlabel="success ratio, 1 − FAR [1]", ylabel="probability of detection, POD [1]")


def _path(ax: Axes, points: pd.DataFrame, name: str, ends: tuple[str | None, str | None]) -> None:
    """Draw points joined in their order, with crosses of their intervals and labelled ends."""
    points = points.dropna(subset=["value", "value_far"])
    x, y = 1 - points["value_far"].to_numpy(float), points["value"].to_numpy(float)
    shade = source_colour(name)
    ax.plot(x, y, "o-", color=shade, markersize=4, linewidth=1, label=name)
    ax.hlines(y, 1 - points["high_far"], 1 - points["low_far"], color=shade, lw=0.7, alpha=0.6)
    ax.vlines(x, points["low"], points["high"], color=shade, lw=0.7, alpha=0.6)
    for k, text in zip((0, -1), ends, strict=True):
        if text and len(points):
            ax.annotate(text, (x[k], y[k]), (4, 4), textcoords="offset points", size=7)


@styled
def plot_rates(joint: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the joint histogram of both products' rates on IMERG's cells, one panel per source.

    Args:
        joint: Table of `summaries.joint_rates`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; cells with at least 0.1 mm/h in both\n"
    subtitle += "orange: mean of IMERG at each radar rate; black: equal rates"
    title = "Joint histogram of the rates of IMERG and radar"
    fig = figure(10, 7.2, title=title, subtitle=subtitle, world=sample.world)
    axes = fig.subplots(2, 3, sharex=True, sharey=True)
    edges = RATE_EDGES[1:]
    bounds = np.append(edges, edges[-1] * 1.25)
    for ax, source in zip(axes.flat, SOURCE_ORDER, strict=False):
        part = joint[joint["source"] == source]
        counts = part.pivot(index="imerg_from", columns="radar_from", values="n")
        wet = counts.reindex(index=edges, columns=edges).fillna(0.0).to_numpy()
        share = np.where(wet > 0, wet / max(wet.sum(), 1), np.nan)
        ax.pcolormesh(bounds, bounds, share, norm=LogNorm(1e-5, 0.03), rasterized=True)
        middle = np.sqrt(bounds[:-1] * bounds[1:])
        enough = wet.sum(axis=0) >= 30
        mean = ratio((wet * middle[:, None]).sum(axis=0), wet.sum(axis=0))
        ax.plot(middle[enough], mean[enough], color="#d55e00", linewidth=1.4)
        ax.plot(bounds[[0, -1]], bounds[[0, -1]], color="black", linewidth=0.7)
        ax.set(xscale="log", yscale="log", title=f"{source} ({count(wet.sum())} cells)")
        ax.set_aspect("equal")
    for ax in axes[-1]:
        ax.set_xlabel("radar [mm/h]")
    for ax in axes[:, 0]:
        ax.set_ylabel("IMERG [mm/h]")
    fig.colorbar(axes[0, 0].collections[0], ax=axes, label="share of the cells [1]", shrink=0.6)
    return fig


@styled
def plot_contingency(thresholds: pd.DataFrame, joint: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw POD, FAR and CSI by threshold, and the contingency of the rain classes.

    Args:
        thresholds: Table of `summaries.threshold_skill`.
        joint: Table of `summaries.joint_rates`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; IMERG cells; bands: 95 % interval from resampled days\n"
    subtitle += "lower panels: share of the cells of each radar class (row) in each IMERG class"
    title = "Detection by threshold, and classes of rain"
    fig = figure(11, 6.8, title=title, subtitle=subtitle, world=sample.world)
    axes = fig.subplots(2, 3)
    names = {"pod": "POD [1]", "far": "FAR [1]", "csi": "CSI [1]"}
    for ax, (measure, label) in zip(axes[0], names.items(), strict=True):
        part = with_enough_days(thresholds[thresholds["measure"] == measure])
        for source in SOURCE_ORDER[:-1]:
            line = part[part["source"] == source]
            band(ax, line.assign(x=line["threshold"]), source_colour(source), source)
        ax.set(xscale="log", xlabel="threshold [mm/h]", ylabel=label, ylim=(0, 1))
        marks = sorted(part["threshold"].unique())
        ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
        ax.minorticks_off()
        ax.grid(axis="y")
    axes[0, 1].legend(ncols=2, loc="lower right")
    kinds = {
        "microwave": SENSORS,
        "morphed or mixed": ("morphed", "mixed"),
        "infrared": ("infrared",),
    }
    for ax, (name, sources) in zip(axes[1], kinds.items(), strict=True):
        _classes(ax, joint[joint["source"].isin(sources)], name)
    axes[1, 0].set_ylabel("radar [mm/h]")
    return fig


def _classes(ax: Axes, joint: pd.DataFrame, name: str) -> None:
    """Draw the share of the cells of each radar class (row) in each IMERG class (column)."""
    radar, imerg = (
        np.searchsorted(RAIN_EDGES, joint[f"{product}_from"], side="right")
        for product in ("radar", "imerg")
    )
    counts = np.zeros((len(RAIN_NAMES),) * 2)
    np.add.at(counts, (radar, imerg), joint["n"].to_numpy(float))
    share = ratio(100 * counts, counts.sum(axis=1, keepdims=True))
    ax.imshow(share, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    for (i, j), value in np.ndenumerate(share):
        if np.isfinite(value):
            ax.text(j, i, f"{value:.1f} %", ha="center", va="center", size=7.5,
                    color="white" if value < 50 else "black")  # fmt: skip
    ax.set_xticks(range(len(RAIN_NAMES)), RAIN_NAMES, size=7)
    sizes = [count(n) for n in counts.sum(axis=1)]
    texts = [f"{label}\n({size} cells)" for label, size in zip(RAIN_NAMES, sizes, strict=True)]
    ax.set_yticks(range(len(RAIN_NAMES)), texts, size=7)
    ax.set(xlabel="IMERG [mm/h]", title=name)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
