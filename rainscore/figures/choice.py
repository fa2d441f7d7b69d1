"""The evidence for the choice of the score."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import count, figure, intervals, styled


@styled
def plot_evidence(evidence: pd.DataFrame, *, used: str, period: str, world: str) -> Figure:
    """What each candidate score shows on each criterion: a panel a criterion, a row a score.

    Args:
        evidence: Columns score, criterion, value, low, high [1] (95 % over days), windows, days, as
            of `choice.describe_choice`.
        used: The score that the run uses; drawn in colour.
        period: In words.
        world: 'simulated' or 'real'.
    """
    criteria = list(evidence["criterion"].unique())
    scores = list(evidence["score"].unique())[::-1]
    first = evidence.iloc[0]
    subtitle = (
        f"{count(first['windows'])} windows, {first['days']} days, {period}; bars: 95 % over days; "
        f"in colour: the score in use, {used}"
    )
    columns = min(3, len(criteria))
    lines = int(np.ceil(len(criteria) / columns))
    height = 0.7 + lines * (0.75 + 0.26 * len(scores))
    title = "Evidence for the choice of the score"
    fig = figure(9, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for ax in axes[len(criteria) :]:
        ax.set_visible(False)
    for ax, criterion in zip(axes, criteria, strict=False):
        part = evidence[evidence["criterion"] == criterion].set_index("score").reindex(scores)
        ours = np.array([score == used for score in scores])
        for mask, shade in ((ours, "#d55e00"), (~ours, "#555555")):
            intervals(ax, np.flatnonzero(mask), part[mask], across=True, color=shade)
        ax.set_yticks(range(len(scores)), scores)
        ax.set(title=criterion.replace("_", " "), ylim=(-0.6, len(scores) - 0.4))
        ax.set_xlabel("value [1]")
        ax.grid(axis="x")
        ax.margins(x=0.12)
    return fig
