"""Figures of the choice of the score: criteria, responses to faults, rank correlations."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from rainscore.report.figures.style import COLOURS, MARKERS, colour, figure, intervals, styled
from rainscore.report.numbers import count


@styled
def plot_evidence(evidence: pd.DataFrame, *, used: str, period: str, world: str) -> Figure:
    """Draw the value of each candidate score on each criterion, one panel per criterion.

    Args:
        evidence: Rows of the criteria to draw, of `choice.decision.choose_score`: score,
            criterion, value, low, high [1] (95 % interval from resampled days), windows, days.
        used: Score that the run uses, drawn in orange.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    criteria = list(evidence["criterion"].unique())
    scores = list(evidence["score"].unique())[::-1]
    subtitle = f"{_sample(evidence, period)}; bars: 95 % interval; orange: score in use, {used}"
    columns = min(4, len(criteria))
    lines = int(np.ceil(len(criteria) / columns))
    height = 0.7 + lines * (0.75 + 0.2 * len(scores))
    title = "Candidate scores by criterion"
    fig = figure(10, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for ax in axes[len(criteria) :]:
        ax.set_visible(False)
    for ax, criterion in zip(axes, criteria, strict=False):
        part = evidence[evidence["criterion"] == criterion].set_index("score").reindex(scores)
        in_use = np.array([score == used for score in scores])
        for mask, shade in ((in_use, colour(1)), (~in_use, "#555555")):
            intervals(ax, np.flatnonzero(mask), part[mask], across=True, color=shade)
        ax.set_yticks(range(len(scores)), scores)
        ax.set(title=criterion.replace("_", " "), ylim=(-0.6, len(scores) - 0.4))
        ax.set_xlabel("value [1]")
        ax.grid(axis="x")
        ax.margins(x=0.12)
    return fig


@styled
def plot_responses(
    evidence: pd.DataFrame, faults: dict[str, str], *, period: str, world: str
) -> Figure:
    """Draw the mean score of faulty radar maps, and of simulated satellites with one error.

    Args:
        evidence: Table as for `plot_evidence`, with columns case and level and the criteria `loss`
            (loss of score; case: fault) and `satellite_score` (mean score; case: kind of error).
        faults: Meaning and unit of the levels of each fault.
        period, world: As for `plot_evidence`.
    """
    losses = evidence[evidence["criterion"] == "loss"]
    satellites = evidence[evidence["criterion"] == "satellite_score"]
    subtitle = f"{_sample(evidence, period)}; bands and bars: 95 % interval"
    title = "Response of the scores to faults and to single kinds of satellite error"
    fig = figure(10, 6, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(2, 3, sharey=True).ravel()
    scores = list(evidence["score"].unique())
    for ax, (fault, text) in zip(axes, faults.items(), strict=False):
        for i, score in enumerate(scores):
            part = losses[(losses["case"] == fault) & (losses["score"] == score)]
            part = part.sort_values("level")
            remaining = 1 - part[["value", "low", "high"]].to_numpy(float).T
            line = {"color": colour(i), "marker": MARKERS[i % len(MARKERS)], "markersize": 4}
            dashes = "-" if i < len(COLOURS) else "--"  # colours and markers repeat after eight
            ax.plot(part["level"], remaining[0], dashes, label=score, **line)
            ax.fill_between(part["level"], *remaining[1:], color=colour(i), alpha=0.2, lw=0)
        ax.set(title=fault, xlabel=text, ylabel="mean score [1]")
        if fault != "thin":
            ax.set_xscale("log", base=2)
            ax.set_xticks(part["level"], [f"{level:g}" for level in part["level"]], minor=False)
        ax.grid()
    _satellites(axes[len(faults)], satellites, scores)
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=7, fontsize=7)
    return fig


def _satellites(ax: Axes, rows: pd.DataFrame, scores: list[str]) -> None:
    """Draw the mean scores of simulated satellites without error and with one kind of error."""
    errors = list(rows["case"].unique())
    for i, score in enumerate(scores):
        part = rows[rows["score"] == score].set_index("case").reindex(errors)
        shift = (i - (len(scores) - 1) / 2) * 0.08
        positions = np.arange(len(errors)) + shift
        intervals(ax, positions, part, color=colour(i), fmt=MARKERS[i % len(MARKERS)])
    ax.set_xticks(range(len(errors)), errors, fontsize=7, rotation=20)
    ax.set(title="satellites with one error", xlabel="kind of error", ylabel="mean score [1]")
    ax.grid(axis="y")


GAMING_LABELS = {
    "inflation": "factor [1]",
    "smoothing": "standard deviation of the filter [km]",
    "drizzle": "added rate [mm/h]",
}
"""Axis label of each way to change an estimate without bias."""


@styled
def plot_honesty(
    evidence: pd.DataFrame, *, factors: tuple[float, float], period: str, world: str
) -> Figure:
    """Total score of IMERG without bias when it is inflated, smoothed or given drizzle everywhere.

    Args:
        evidence: As for `plot_evidence`, with the columns case and level, and the criterion
            `gaming` (case: a key of `GAMING_LABELS`).
        factors: Range of factors in which an honest score is highest.
        period, world: As for `plot_evidence`.
    """
    rows = evidence[evidence["criterion"] == "gaming"]
    unchanged = rows[(rows["case"] == "inflation") & (rows["level"] == 1)].set_index("score")
    scores = list(rows["score"].unique())
    title = "Total score of IMERG without bias when it is changed to gain score"
    subtitle = f"{_sample(rows, period)}; change from the score of the unchanged estimate"
    fig = figure(11, 4.6, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(1, len(GAMING_LABELS), sharey=True)
    for ax, (case, label) in zip(axes, GAMING_LABELS.items(), strict=True):
        for i, score in enumerate(scores):
            part = rows[(rows["case"] == case) & (rows["score"] == score)].sort_values("level")
            gain = part["value"] - unchanged["value"].get(score, np.nan)
            line = {"color": colour(i), "marker": MARKERS[i % len(MARKERS)], "markersize": 4}
            ax.plot(part["level"], gain, "-" if i < len(COLOURS) else "--", label=score, **line)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(title=case, xlabel=label, ylim=(-0.25, 0.1))
        ax.grid()
    axes[0].set(xscale="log", ylabel="change of the total score [1]")
    axes[0].axvspan(*factors, color="#dddddd", zorder=0)
    axes[0].set_xticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    axes[0].set_xticks([], minor=True)
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=7, fontsize=7)
    return fig


@styled
def plot_redundancy(evidence: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the rank correlations of the scores over the windows, and their dendrogram.

    Args:
        evidence: Table as for `plot_evidence`, with the column case and the criterion
            `rank_correlation` (case: other score).
        period, world: As for `plot_evidence`.
    """
    rows = evidence[evidence["criterion"] == "rank_correlation"]
    scores = list(rows["score"].unique())
    ranks = rows.pivot(index="score", columns="case", values="value")
    matrix = ranks.reindex(index=scores, columns=scores).to_numpy(float, copy=True)
    np.fill_diagonal(matrix, 1)
    correlation = np.nan_to_num((matrix + matrix.T) / 2)
    tree = linkage(squareform(1 - correlation, checks=False), "average")
    title = "Rank correlation of the candidate scores"
    fig = figure(9, 4.2, title=title, subtitle=_sample(rows, period), world=world)
    left, right = fig.subplots(1, 2, width_ratios=(1.2, 1))
    drawn = dendrogram(
        tree,
        orientation="left",
        labels=scores,
        leaf_font_size=8,
        color_threshold=0,
        above_threshold_color="k",
        ax=left,
    )
    left.set(title="Dendrogram (average linkage)", xlabel="1 − rank correlation [1]")
    order = [scores.index(name) for name in drawn["ivl"]]
    ordered = correlation[np.ix_(order, order)]
    right.imshow(ordered, origin="lower", vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (i, j), value in np.ndenumerate(ordered):
        shade = "white" if value > 0.6 else "black"
        right.text(
            j,
            i,
            f"{value:.2f}".replace("0.", ".", 1),
            ha="center",
            va="center",
            size=6.5,
            color=shade,
        )
    right.set_xticks(range(len(scores)), drawn["ivl"], rotation=45, ha="right")
    right.set_yticks(range(len(scores)), drawn["ivl"])
    right.set_title("Rank correlation [1]")
    return fig


def _sample(evidence: pd.DataFrame, period: str) -> str:
    """Return the largest sample as text."""
    windows, days = evidence["windows"].max(), int(evidence["days"].max())
    return f"{count(windows)} windows with rain, {days} days, {period}"
