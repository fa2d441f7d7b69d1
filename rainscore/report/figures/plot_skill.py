"""Skill on the held-out days: methods beside one another, coverage, reliability."""

import re

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.report.figures.style import colour, count, figure, intervals, sample, styled
from rainscore.times import SEASONS

MEASURES = {
    "crps_skill": "CRPS skill against climatology [1]\n(more is better)",
    "mae": "mean absolute error [1]\n(less is better)",
    "correlation": "correlation with the score found [1]\n(more is better)",
}


SPLITS = {
    name: place
    for place, name in enumerate(
        ("all", "map", "season", "source", "rain", "intensity", "age", "hour", "regime")
    )
}


@styled
def plot_skill(skill: pd.DataFrame, *, split: str = "all", period: str, world: str) -> Figure:
    """Skill of every method with intervals: a panel a measure, a row a method.

    Args:
        skill: Columns method, measure, split, group, value, low, high [1] (95 % over days), days,
            n, as of `skill.skill_table`.
        split: 'all' for the score at each pixel, 'map' for the score of the whole map.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = skill[(skill["split"] == split) & (skill["group"] == "all")]
    wide = rows[rows["measure"] == "crps_skill"].sort_values("value")
    methods = list(wide["method"])
    what = "pixels with rain" if split == "all" else "maps"
    subtitle = f"held-out days: {sample(wide['n'].max(), what, wide['days'].max(), period)}"
    height = 1.4 + 0.32 * len(methods)
    name = "score at each pixel" if split == "all" else "score of the whole map"
    title = f"Skill of the methods, {name}"
    subtitle += "; bars: 95 % over days"
    fig = figure(10, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(1, len(MEASURES), sharey=True)
    places = np.arange(len(methods))
    for ax, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        part = rows[rows["measure"] == measure].set_index("method").reindex(methods)
        ours = np.array([method == "U-Net" for method in methods])
        for mask, shade in ((ours, colour(1)), (~ours, colour(0))):
            intervals(ax, places[mask], part[mask], across=True, color=shade)
        ax.set_yticks(places, methods)
        ax.set(xlabel=label, ylim=(-0.6, len(methods) - 0.4))
        ax.grid(axis="x")
        if measure == "crps_skill":
            ax.axvline(0, color="#777777", linewidth=0.8)
    return fig


@styled
def plot_coverage(
    skill: pd.DataFrame, *, method: str = "U-Net", nominal: float = 0.9, period: str, world: str
) -> Figure:
    """Share of the scores found inside a method's interval, in each group of the held-out days.

    Args:
        skill: As in `plot_skill`, with measure 'coverage'.
        method: Whose intervals.
        nominal: What the coverage should be [1].
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = skill[(skill["measure"] == "coverage") & (skill["method"] == method)]
    rows = rows[(rows["n"] > 0) & rows["split"].isin(SPLITS)]
    rows = rows.assign(rank=rows["group"].map(_rank), order=rows["split"].map(SPLITS).fillna(99))
    rows = rows.sort_values(["order", "rank"], kind="stable", ignore_index=True)
    whole = rows[rows["split"] == "all"].iloc[0]
    found = sample(whole["n"], "pixels with rain", whole["days"], period)
    subtitle = f"held-out days: {found}; bars: 95 % over days; shaded: ± 5 %"
    starts = np.cumsum(np.r_[0, (rows["split"] != rows["split"].shift()).to_numpy()[1:]])
    places = -(np.arange(len(rows)) + 0.5 * starts)
    title = f"Coverage of the {nominal:.0%} interval, {method}".replace("%", " %")
    height = 1.2 + 0.24 * -places[-1]
    fig = figure(7.5, height, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    ax.axvspan(100 * nominal - 5, min(100 * nominal + 5, 100), color="#e8f1f8", lw=0)
    ax.axvline(100 * nominal, color="#777777", linewidth=1, label=f"nominal {nominal:.0%}")
    percent = rows.assign(**{name: 100 * rows[name] for name in ("value", "low", "high")})
    intervals(ax, places, percent, across=True, color=colour(0))
    words = {"all": "all pixels", "map": "whole maps"}
    names = [
        f"{words.get(split, f'{split}: {group}')} ({count(n)})"
        for split, group, n in zip(rows["split"], rows["group"], rows["n"], strict=True)
    ]
    ax.set_yticks(places, names)
    ax.locator_params(axis="x", steps=[1, 2, 5, 10])
    ax.set(xlabel="scores found inside the interval [%]", ylim=(places[-1] - 0.7, 0.7))
    ax.grid(axis="x")
    return fig


@styled
def plot_paired(paired: pd.DataFrame, *, method: str = "U-Net", period: str, world: str) -> Figure:
    """CRPS skill of a method against each other one: over all, by season, by source.

    Args:
        paired: Of `skill.paired_table`.
        method: The one that is compared with the others.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = paired[(paired["method"] == method) & (paired["split"] != "map") & (paired["n"] > 0)]
    whole = rows[rows["split"] == "all"].sort_values("skill", ascending=False)
    others = list(whole["other"])
    names = {"skill": "value", "skill_low": "low", "skill_high": "high"}
    rows = rows.drop(columns=["low", "high"]).rename(columns=names)
    groups = rows[["split", "group"]].drop_duplicates()
    groups = groups.assign(
        order=groups["split"].map(SPLITS), rank=groups["group"].map(_rank)
    ).sort_values(["order", "rank"], kind="stable")
    found = sample(whole["n"].max(), "windows with rain", whole["days"].max(), period)
    title = f"{method} against each other method"
    subtitle = f"held-out days: {found}; bars: 95 % over days, hollow where they hold zero"
    width = 2.4 + 1.15 * len(groups)
    fig = figure(width, 1.8 + 0.32 * len(others), title=title, subtitle=subtitle, world=world)
    axes = np.atleast_1d(fig.subplots(1, len(groups), sharey=True))
    places = np.arange(len(others))
    for ax, (split, group) in zip(axes, groups[["split", "group"]].to_numpy(), strict=True):
        part = rows[(rows["split"] == split) & (rows["group"] == group)]
        part = part.set_index("other").reindex(others)
        sure = ((part["low"] > 0) | (part["high"] < 0)).to_numpy()
        for mask, fill in ((sure, colour(1)), (~sure, "white")):
            style = {"color": colour(1), "markerfacecolor": fill}
            intervals(ax, places[mask], part[mask], across=True, **style)
        ax.axvline(0, color="#777777", linewidth=0.8)
        ax.set_title("all" if split == "all" else group)
        ax.set_yticks(places, others)
        ax.set(ylim=(-0.6, len(others) - 0.4))
        ax.locator_params(axis="x", nbins=3)
        ax.grid(axis="x")
    fig.supxlabel("CRPS skill against that method [1] (more is better)", size=8.5)
    return fig


@styled
def plot_predicted(
    skill: pd.DataFrame, *, method: str = "U-Net", period: str, world: str
) -> Figure:
    """Mean score predicted beside the mean found, a panel a grouping, a column a group.

    Args:
        skill: As in `plot_skill`, with measures 'predicted' and 'found'.
        method: Who predicts.
        period: In words.
        world: 'simulated' or 'real'.
    """
    panels = ("season", "source", "intensity", "age", "hour", "regime")
    rows = skill[(skill["method"] == method) & (skill["n"] > 0)]
    whole = rows[rows["split"] == "all"].iloc[0]
    shown = [name for name in panels if (rows["split"] == name).any()]
    found = sample(whole["n"], "windows with rain", whole["days"], period)
    title = f"Scores predicted by the {method}, and found"
    subtitle = f"held-out days: {found}; bars: 95 % over days"
    fig = figure(11, 5.6, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(2, 3, sharey=True).ravel()
    for ax in axes[len(shown) :]:
        ax.remove()
    for ax, split in zip(axes, shown, strict=False):
        part = rows[rows["split"] == split].assign(rank=rows["group"].map(_rank))
        names = list(part.sort_values(["rank", "group"])["group"].unique())
        places = np.arange(len(names))
        for measure, shift, shade in (("found", -0.12, colour(0)), ("predicted", 0.12, colour(1))):
            one = part[part["measure"] == measure].set_index("group").reindex(names)
            intervals(ax, places + shift, one, color=shade, label=measure)
        ax.set_title(split)
        words = [name.removesuffix(" mm/h").removesuffix(" UTC") for name in names]
        ax.set_xticks(places, words, rotation=40, ha="right", size=7.5)
        ax.grid(axis="y")
    for ax in axes[::3]:
        ax.set_ylabel("mean score [1]")
    axes[0].legend()
    return fig


@styled
def plot_reliability(reliability: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Share of the scores found below each predicted quantile, and how often rain was hidden.

    Args:
        reliability: Columns what ('score' or 'hidden rain'), level, share, low, high (95 % over
            days), n, days and, of scores, less: of `heldout.Skill`, all 1.
        period: In words.
        world: 'simulated' or 'real'.
    """
    parts = dict(list(reliability.groupby("what")))
    days = reliability["days"].max()
    known = " and ".join(
        f"{count(parts[name]['n'].sum() if name == 'hidden rain' else parts[name]['n'].max())} "
        f"{unit}"
        for name, unit in (("score", "windows with rain"), ("hidden rain", "without"))
        if name in parts
    )
    title = "Reliability of what is predicted"
    subtitle = f"held-out days: {known}, {count(days)} days, {period}; bars: see the panels"
    fig = figure(9.5, 5.7, title=title, subtitle=subtitle, world=world)
    score, hidden = fig.subplots(1, 2)
    for ax in (score, hidden):
        ax.plot([0, 1], [0, 1], color="#777777", linewidth=0.8)
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.grid()
    rows = parts["score"]
    score.vlines(rows["level"], rows["less"], rows["share"], color=colour(1), linewidth=5)
    score.set_title("Quantiles of the score: from below to at the quantile")
    score.set(xlabel="level of the predicted quantile [1]", ylabel="share of the scores found [1]")
    hidden.set_title("Rain hidden where IMERG has none: 95 % over days")
    hidden.set(xlabel="probability told [1]", ylabel="share with rain [1]")
    if "hidden rain" in parts:
        rows = parts["hidden rain"].rename(columns={"share": "value"})
        intervals(hidden, rows["level"].to_numpy(), rows, color=colour(0))
    return fig


def _rank(group: str) -> float:
    """Place of a group among its like: seasons in order, classes by their bounds, then the rest."""
    if group in SEASONS:
        return SEASONS.index(group)
    if group == "now":
        return -1.0
    bound = re.search(r"\d+\.?\d*", group)
    shift = -0.01 if "<" in group else 0.01 if ">" in group else 0.0
    return float(bound.group()) + shift if bound else np.inf
