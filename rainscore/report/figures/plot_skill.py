"""Figures of the skill on held-out days: methods, paired comparison, coverage, reliability."""

import re

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.evaluation.skill import DECILE_SPLITS, DECILES
from rainscore.report.figures.style import colour, figure, intervals, sample_text, styled
from rainscore.report.numbers import count
from rainscore.times import SEASONS

MEASURES = {
    "crps_skill": "CRPS skill against climatology [1]\n(higher is better)",
    "mae": "mean absolute error [1]\n(lower is better)",
    "correlation": "correlation with the observed score [1]\n(higher is better)",
}
"""Label of each measure."""


SPLITS = ("all", "map", "season", "source", "rain", "intensity", "age", "hour", "regime")
"""Groupings of the held-out windows and maps in the order of the figures."""


@styled
def plot_skill(skill: pd.DataFrame, *, split: str = "all", period: str, world: str) -> Figure:
    """Draw the skill of every method, one panel per measure, one row per method.

    Args:
        skill: Table of `skill.skill_table`: method, measure, split, group, value, low, high [1]
            (95 % interval from resampled days), days, n.
        split: 'all' for the score of each window, 'map' for the score of the whole map.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = skill[(skill["split"] == split) & (skill["group"] == "all")]
    wide = rows[rows["measure"] == "crps_skill"].sort_values("value")
    methods = list(wide["method"])
    unit = "windows with rain" if split == "all" else "maps"
    held_out = sample_text(wide["n"].max(), unit, wide["days"].max(), period)
    subtitle = f"held-out days: {held_out}; bars: 95 % interval from resampled days"
    height = 1.4 + 0.32 * len(methods)
    name = "score of each window" if split == "all" else "score of the whole map"
    title = f"Skill of the methods: {name}"
    fig = figure(10, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(1, len(MEASURES), sharey=True)
    heights = np.arange(len(methods))
    for ax, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        part = rows[rows["measure"] == measure].set_index("method").reindex(methods)
        unet = np.array([method == "U-Net" for method in methods])
        for mask, shade in ((unet, colour(1)), (~unet, colour(0))):
            intervals(ax, heights[mask], part[mask], across=True, color=shade)
        ax.set_yticks(heights, methods)
        ax.set(xlabel=label, ylim=(-0.6, len(methods) - 0.4))
        ax.grid(axis="x")
        if measure == "crps_skill":
            ax.axvline(0, color="#777777", linewidth=0.8)
    return fig


@styled
def plot_coverage(
    skill: pd.DataFrame, *, method: str = "U-Net", nominal: float = 0.9, period: str, world: str
) -> Figure:
    """Draw the share of the observed scores within a method's interval, by group.

    Args:
        skill: Table as for `plot_skill`, with measure 'coverage'.
        method: Method that predicts the interval.
        nominal: Nominal coverage of the interval [1].
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = skill[(skill["measure"] == "coverage") & (skill["method"] == method)]
    rows = rows[(rows["n"] > 0) & rows["split"].isin(SPLITS)]
    rows = _in_order(rows)
    overall = rows[rows["split"] == "all"].iloc[0]
    held_out = sample_text(overall["n"], "windows with rain", overall["days"], period)
    subtitle = f"held-out days: {held_out}\nbars: 95 % interval from resampled days; shaded: ± 5 %"
    starts = np.cumsum(np.r_[0, (rows["split"] != rows["split"].shift()).to_numpy()[1:]])
    heights = -(np.arange(len(rows)) + 0.5 * starts)
    title = f"Coverage of the {nominal:.0%} interval of the {method}".replace("%", " %")
    height = 1.4 + 0.24 * -heights[-1]
    fig = figure(7.5, height, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    ax.axvspan(100 * nominal - 5, min(100 * nominal + 5, 100), color="#e8f1f8", lw=0)
    ax.axvline(100 * nominal, color="#777777", linewidth=1, label=f"nominal {nominal:.0%}")
    percent = rows.assign(**{name: 100 * rows[name] for name in ("value", "low", "high")})
    intervals(ax, heights, percent, across=True, color=colour(0))
    words = {"all": "all windows", "map": "whole maps"}
    names = [
        f"{words.get(split, f'{split}: {group}')} ({count(n)})"
        for split, group, n in zip(rows["split"], rows["group"], rows["n"], strict=True)
    ]
    ax.set_yticks(heights, names)
    ax.locator_params(axis="x", steps=[1, 2, 5, 10])
    ax.set(xlabel="observed scores within the interval [%]", ylim=(heights[-1] - 0.7, 0.7))
    ax.grid(axis="x")
    return fig


@styled
def plot_coverage_deciles(
    coverage: pd.DataFrame, *, nominal: float = 0.9, period: str, world: str
) -> Figure:
    """Draw the coverage of the U-Net's interval by deciles of quantities.

    Args:
        coverage: Table of `skill.coverage_table`, with the groupings `DECILE_SPLITS`.
        nominal: Nominal coverage of the interval [1].
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = coverage[coverage["kind"].isin(DECILE_SPLITS)]
    held_out = sample_text(rows["n"].sum() // 3, "windows with rain", rows["days"].max(), period)
    fig = figure(
        7.5,
        3.6,
        title="Coverage of the 90 % interval by deciles",
        subtitle=f"held-out days: {held_out}\nbars: 95 % interval from resampled days; "
        "shaded: ± 5 %",
        world=world,
    )
    ax = fig.subplots()
    ax.axhspan(100 * nominal - 5, 100 * nominal + 5, color="#e8f1f8", lw=0)
    ax.axhline(100 * nominal, color="#777777", linewidth=1)
    for i, name in enumerate(DECILE_SPLITS):
        part = rows[rows["kind"] == name].set_index("group").reindex(DECILES)
        percent = part.rename(columns={"coverage": "value"})[["value", "low", "high"]] * 100
        places = np.arange(1, len(DECILES) + 1) + 0.15 * (i - 1)
        intervals(ax, places, percent, color=colour(i), label=name)
    ax.set_xticks(range(1, len(DECILES) + 1))
    ax.set(xlabel="decile (1: lowest tenth)", ylabel="observed scores within the interval [%]")
    ax.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    ax.grid(axis="y")
    return fig


@styled
def plot_paired(paired: pd.DataFrame, *, method: str = "U-Net", period: str, world: str) -> Figure:
    """Draw the CRPS skill of a method relative to each other method: overall and by group.

    Args:
        paired: Table of `skill.paired_table`.
        method: Method that is compared with the others.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = paired[(paired["method"] == method) & (paired["split"] != "map") & (paired["n"] > 0)]
    overall = rows[rows["split"] == "all"].sort_values("skill", ascending=False)
    others = list(overall["other"])
    names = {"skill": "value", "skill_low": "low", "skill_high": "high"}
    rows = rows.drop(columns=["low", "high"]).rename(columns=names)
    groups = _in_order(rows[["split", "group"]].drop_duplicates())
    held_out = sample_text(overall["n"].max(), "windows with rain", overall["days"].max(), period)
    title = f"Skill of the {method} relative to each other method"
    subtitle = f"held-out days: {held_out}; bars: paired 95 % interval; hollow: it contains zero"
    width = 2.4 + 1.15 * len(groups)
    fig = figure(width, 1.8 + 0.32 * len(others), title=title, subtitle=subtitle, world=world)
    axes = np.atleast_1d(fig.subplots(1, len(groups), sharey=True))
    heights = np.arange(len(others))
    for ax, (split, group) in zip(axes, groups[["split", "group"]].to_numpy(), strict=True):
        part = rows[(rows["split"] == split) & (rows["group"] == group)]
        part = part.set_index("other").reindex(others)
        significant = ((part["low"] > 0) | (part["high"] < 0)).to_numpy()
        for mask, fill in ((significant, colour(1)), (~significant, "white")):
            style = {"color": colour(1), "markerfacecolor": fill}
            intervals(ax, heights[mask], part[mask], across=True, **style)
        ax.axvline(0, color="#777777", linewidth=0.8)
        ax.set_title("all" if split == "all" else group)
        ax.set_yticks(heights, others)
        ax.set(ylim=(-0.6, len(others) - 0.4))
        ax.locator_params(axis="x", nbins=3)
        ax.grid(axis="x")
    fig.supxlabel("CRPS skill relative to that method [1] (higher is better)", size=8.5)
    return fig


@styled
def plot_predicted(
    skill: pd.DataFrame, *, method: str = "U-Net", period: str, world: str
) -> Figure:
    """Draw the mean predicted and the mean observed score, one panel per grouping.

    Args:
        skill: Table as for `plot_skill`, with measures 'predicted' and 'found' (observed).
        method: Method that predicts.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    panels = ("season", "source", "intensity", "age", "hour", "regime")
    rows = skill[(skill["method"] == method) & (skill["n"] > 0)]
    overall = rows[rows["split"] == "all"].iloc[0]
    shown = [name for name in panels if (rows["split"] == name).any()]
    held_out = sample_text(overall["n"], "windows with rain", overall["days"], period)
    title = f"Mean score: predicted by the {method}, and observed"
    subtitle = f"held-out days: {held_out}; bars: 95 % interval from resampled days"
    fig = figure(11, 5.6, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(2, 3, sharey=True).ravel()
    for ax in axes[len(shown) :]:
        ax.remove()
    for ax, split in zip(axes, shown, strict=False):
        part = rows[rows["split"] == split].assign(rank=rows["group"].map(_rank))
        names = list(part.sort_values(["rank", "group"])["group"].unique())
        positions = np.arange(len(names))
        for measure, label, shift, shade in (
            ("found", "observed", -0.12, colour(0)),
            ("predicted", "predicted", 0.12, colour(1)),
        ):
            means = part[part["measure"] == measure].set_index("group").reindex(names)
            intervals(ax, positions + shift, means, color=shade, label=label)
        ax.set_title(split)
        words = [name.removesuffix(" mm/h").removesuffix(" UTC") for name in names]
        ax.set_xticks(positions, words, rotation=40, ha="right", size=7.5)
        ax.grid(axis="y")
    for ax in axes[::3]:
        ax.set_ylabel("mean score [1]")
    axes[0].legend()
    return fig


@styled
def plot_reliability(reliability: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the reliability of the predicted quantiles and of the probability of hidden rain.

    Args:
        reliability: Table of `heldout.Skill`: what ('score' or 'hidden rain'), level, share, low,
            high (95 % interval from resampled days) [1], n, days; for scores also less [1], the
            share clearly below the quantile.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    parts = dict(list(reliability.groupby("what")))
    days = reliability["days"].max()
    windows = f"{count(parts['score']['n'].max())} windows with rain"
    if "hidden rain" in parts:
        windows += f" and {count(parts['hidden rain']['n'].sum())} without"
    title = "Reliability of the predictions"
    subtitle = f"held-out days: {windows}, {count(days)} days, {period}"
    fig = figure(9.5, 5.7, title=title, subtitle=subtitle, world=world)
    score, hidden = fig.subplots(1, 2)
    for ax in (score, hidden):
        ax.plot([0, 1], [0, 1], color="#777777", linewidth=0.8)
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.grid()
    rows = parts["score"]
    score.vlines(rows["level"], rows["less"], rows["share"], color=colour(1), linewidth=5)
    score.set_title("Quantiles of the score; bars: from below to at or below")
    score.set(
        xlabel="level of the predicted quantile [1]", ylabel="share of the observed scores [1]"
    )
    hidden.set_title("Hidden rain where IMERG has none; bars: 95 % interval")
    hidden.set(xlabel="predicted probability [1]", ylabel="share of windows with rain [1]")
    if "hidden rain" in parts:
        rows = parts["hidden rain"].rename(columns={"share": "value"})
        intervals(hidden, rows["level"].to_numpy(), rows, color=colour(0))
    return fig


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows sorted by grouping, and by group within a grouping."""
    order = rows["split"].map({name: i for i, name in enumerate(SPLITS)})
    rows = rows.assign(order=order, rank=rows["group"].map(_rank))
    return rows.sort_values(["order", "rank"], kind="stable", ignore_index=True)


def _rank(group: str) -> float:
    """Return the sort key of a group: seasons by date, classes by their bounds, then others."""
    if group in SEASONS:
        return SEASONS.index(group)
    if group == "now":
        return -1.0
    bound = re.search(r"\d+\.?\d*", group)
    shift = -0.01 if "<" in group else 0.01 if ">" in group else 0.0
    return float(bound.group()) + shift if bound else np.inf
