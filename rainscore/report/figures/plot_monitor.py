"""Figure of the monitoring of Early granules."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.evaluation.monitoring import AGREEMENT, MIN_PASSES, Monitoring
from rainscore.report.figures.mapaxes import aspect, draw_map
from rainscore.report.figures.style import colour, figure, sample_text, styled, without_data


@styled
def plot_monitor(result: Monitoring) -> Figure:
    """Draw maps of the agreement of carried rain with the next pass and of the predicted score.

    Args:
        result: The monitoring. Without predicted scores only the first map is drawn.
    """
    boxes = result.boxes[result.boxes["passes"] >= MIN_PASSES]
    both = boxes[boxes["predicted_score"].notna()]
    first, last = (str(time.astype("datetime64[m]")).replace("T", " ") for time in result.period)
    days = int(result.overall["days"].max())
    sample = sample_text(len(boxes), f"boxes with {MIN_PASSES:g} or more passes", days, first)
    total = result.overall.set_index("measure").loc[AGREEMENT]
    subtitle = (
        f"{sample} to {last}\nall boxes: agreement {total['value']:.2f} "
        f"[{total['low']:.2f}, {total['high']:.2f}], 95 % interval from resampled days"
    )
    panels = 3 if len(both) else 1
    height = 1.9 + 4.4 * min(aspect(result.grid), 1.5)
    title = "Carried rain tested by the next microwave pass"
    fig = figure(
        6.5 if panels == 1 else 15, height, title=title, subtitle=subtitle, world=result.world
    )
    if boxes["agreement"].isna().all():
        return without_data(fig, "no box has rain and enough passes")
    axes = fig.subplots(1, panels, squeeze=False)[0]
    _map(axes[0], result, boxes, "agreement", "Agreement with the next pass")
    if len(both):
        _map(axes[1], result, boxes, "predicted_score", "Predicted score, weighted by rain")
        _compare(axes[2], both)
    return fig


def _map(ax: Axes, result: Monitoring, boxes: pd.DataFrame, column: str, title: str) -> None:
    """Draw a column of the table of boxes; boxes without a value are white."""
    values = np.full(result.grid.size, np.nan)
    values[boxes["box"].to_numpy(int)] = boxes[column]
    field = values.reshape(result.grid.shape)
    label = "affinity [1]" if column == "agreement" else None
    draw_map(ax, field, result.grid, kind="score", blank=np.isnan(field), label=label)
    ax.set_title(title)


def _compare(ax: Axes, both: pd.DataFrame) -> None:
    """Draw the agreement of each box against its predicted score."""
    ax.scatter(both["predicted_score"], both["agreement"], s=14, color=colour(0), alpha=0.7)
    ax.set(xlabel="predicted score [1]", ylabel="agreement with the next pass [1]")
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.grid(True)
    ax.set_title("By box")
