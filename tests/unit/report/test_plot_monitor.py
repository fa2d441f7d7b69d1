from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.monitoring import Monitoring
from rainscore.grids import Grid
from rainscore.report.figures.plot_monitor import plot_monitor
from rainscore.report.figures.style import save

GRID = Grid("EPSG:4326", -10.0, 40.0, 2.5, 2.5, 8, 6)


def monitoring(*, agreement: float = 0.6, predicted: float = np.nan) -> Monitoring:
    """Values of 47 boxes with ten passes, and one box with too few."""
    box = np.arange(48)
    spread = (box % 10) / 50
    boxes = pd.DataFrame(
        {
            "box": box,
            "longitude": GRID.x[box % 8],
            "latitude": GRID.y[box // 8],
            "passes": np.where(box == 5, 1.0, 10.0),
            "agreement": np.where(box == 5, np.nan, agreement + spread),
            "predicted_score": np.where(box == 5, np.nan, predicted + spread),
        }
    )
    rows = [("agreement", 0.63, 0.6, 0.66, 7, 47)]
    overall = pd.DataFrame(rows, columns=["measure", "value", "low", "high", "days", "boxes"])
    period = np.datetime64("2019-06-01", "ns"), np.datetime64("2019-06-07T23:30", "ns")
    return Monitoring(GRID, boxes, overall, 336, period, "simulated")


def test_without_predictions_the_figure_is_one_map_of_the_agreement() -> None:
    ax, _ = plot_monitor(monitoring()).axes
    drawn: np.ma.MaskedArray = np.ma.asarray(ax.collections[-1].get_array())
    assert ax.get_title(loc="left") == "Agreement with the next pass"
    assert np.ma.count(drawn) == 47
    assert drawn.reshape(GRID.shape)[0, 1] == pytest.approx(0.62)


def test_with_predictions_both_maps_and_the_boxes_are_drawn(tmp_path: Path) -> None:
    fig = plot_monitor(monitoring(predicted=0.5))
    titles = [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")]
    assert titles[-1] == "By box"
    points = next(ax for ax in fig.axes if ax.get_title(loc="left") == "By box").collections[0]
    assert np.asarray(points.get_offsets()).shape == (47, 2)
    save(fig, tmp_path / "monitor.png")


def test_a_figure_without_values_says_why() -> None:
    fig = plot_monitor(monitoring(agreement=np.nan))
    assert "no box has rain and enough passes" in " ".join(t.get_text() for t in fig.texts)


def test_the_subtitle_states_sample_period_and_interval() -> None:
    text = " ".join(t.get_text() for t in plot_monitor(monitoring()).texts)
    assert "47 boxes with 5 or more passes, 7 days, 2019-06-01 00:00 to 2019-06-07 23:30" in text
    assert "agreement 0.63 [0.60, 0.66]" in text
    assert "(simulated world)" in text
