"""Figure of the skill at home, in unseen worlds and on real rain."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.evaluation.skill import ALL_CASES, AT_HOME, UNET
from rainscore.report.figures.style import colour, figure, intervals, styled
from rainscore.report.numbers import count

METHODS = {UNET: 1, "gradient boosting": 2, "random error": 0, "quality index": 4}
"""Methods of the figure, best first, with the number of their colour."""

NOMINAL = 0.9
"""Nominal coverage of the interval."""

_LOWEST_SKILL = -1.0
"""A skill below it is drawn at the edge of the panel."""


@styled
def plot_transfer(transfer: pd.DataFrame, *, period: str) -> Figure:
    """Draw the CRPS skill and the coverage of the methods by case.

    Args:
        transfer: Table of `transferskill.transfer_table`.
        period: Period of the data at home.
    """
    rows = transfer[(transfer["split"] == "all") & transfer["method"].isin(METHODS)]
    cases = _cases(rows)
    title = "Skill at home, in unseen worlds and on real rain"
    subtitle = (
        f"at home: held-out days, {period}; real rain is observed by simulated satellites\n"
        "bars: 95 % interval over resampled blocks of weather; hollow: too short for an interval"
    )
    gaps = cases["kind"].ne(cases["kind"].shift()).cumsum()  # a gap before each kind
    heights = -(np.arange(len(cases)) + 0.6 * gaps.to_numpy())
    size = 1.6 + 0.36 * -heights[-1]
    fig = figure(10, size, title=title, subtitle=subtitle, world="real")
    skill, coverage = fig.subplots(1, 2, sharey=True)
    for number, (method, shade) in enumerate(METHODS.items()):
        shift = 0.27 - 0.18 * number
        for ax, measure, factor in ((skill, "crps_skill", 1), (coverage, "coverage", 100)):
            part = rows[(rows["method"] == method) & (rows["measure"] == measure)]
            part = cases[["kind", "case"]].merge(part, how="left", on=["kind", "case"])
            part[["value", "low", "high"]] *= factor
            if ax is skill:
                part[["value", "low", "high"]] = part[["value", "low", "high"]].clip(_LOWEST_SKILL)
            short = part["low"].isna().to_numpy()
            for mask, fill in ((~short, colour(shade)), (short, "white")):
                style = {"color": colour(shade), "markerfacecolor": fill, "markersize": 4}
                intervals(ax, heights[mask] + shift, part[mask], across=True, **style)
        skill.plot([], [], "o", color=colour(shade), markersize=4, label=method)
    skill.axvline(0, color="#777777", linewidth=0.8)
    skill.set_yticks(heights, [_label(row) for row in cases.to_dict("records")])
    skill.set(xlabel="CRPS skill against climatology of the training [1]\n(higher is better)")
    coverage.axvspan(100 * NOMINAL - 5, 100 * NOMINAL + 5, color="#e8f1f8", lw=0)
    coverage.axvline(100 * NOMINAL, color="#777777", linewidth=1)
    coverage.set(xlabel="observed scores within the 90 % interval [%]\n(shaded: 85 to 95 %)")
    for ax in (skill, coverage):
        ax.grid(axis="x")
        ax.set_ylim(heights[-1] - 0.6, heights[0] + 0.6)
    fig.legend(*skill.get_legend_handles_labels(), loc="outside lower center", ncols=len(METHODS))
    return fig


def _cases(rows: pd.DataFrame) -> pd.DataFrame:
    """Cases in the order of the figure: kind, case, n; a kind of one case has one row."""
    cases = rows.groupby(["kind", "case"], as_index=False, sort=False)["n"].max()
    number = cases.groupby("kind")["case"].transform("size")
    cases = cases[(cases["case"] != ALL_CASES) | (number > 2)]
    order = {kind: i for i, kind in enumerate(rows["kind"].unique())}
    cases = cases.assign(order=cases["kind"].map(order), single=cases["case"] != ALL_CASES)
    return cases.sort_values(["order", "single", "case"], ignore_index=True)


def _label(case: dict) -> str:
    """Label of a case with its number of windows."""
    together = {"unseen world": "unseen worlds together", "real radar": "real rain together"}
    name = together.get(case["kind"], case["kind"]) if case["case"] == ALL_CASES else case["case"]
    name = AT_HOME if case["kind"] == AT_HOME else name
    return f"{name} ({count(case['n'])})" if case["n"] else f"{name} (no window)"
