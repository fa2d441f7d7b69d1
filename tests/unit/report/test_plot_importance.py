import numpy as np
import pandas as pd

from rainscore.report.figures.plot_importance import plot_ablation, plot_importance
from tests.unit.report.figuredata import PERIOD, bars, points, table, ticks


def test_groups_of_inputs_are_drawn_in_percent_the_most_important_on_top() -> None:
    rows = table(group=["rain", "phase", "age"])
    rows[["value", "low", "high"]] = [[0.5, 0.4, 0.6], [0.0, -0.1, 0.1], [0.2, 0.1, 0.3]]
    ax = plot_importance(rows, period=PERIOD, world="real").axes[0]
    assert ticks(ax) == ["phase", "age", "rain"]
    np.testing.assert_allclose(points(ax)[:, 0], [0, 20, 50])
    np.testing.assert_allclose(bars(ax), [[-10, 10], [10, 30], [40, 60]])


def test_a_variant_is_drawn_relative_to_the_unet_of_the_run() -> None:
    rows = pd.DataFrame(
        {
            "variant": ["no-JJA", "rain-only", "rain-only"],
            "measure": ["crps", "crps", "coverage"],
            "value": [0.11, 0.15, 0.9],
            "difference": [0.01, 0.05, 0.0],
            "difference_low": [-0.01, 0.04, 0.0],
            "difference_high": [0.02, 0.06, 0.0],
            "n": 100,
            "days": 12,
        }
    )
    ax = plot_ablation(rows, period=PERIOD, world="real").axes[0]
    assert ticks(ax) == ["rain-only", "no-JJA"]
    np.testing.assert_allclose(points(ax)[:, 0], [50, 10])
    np.testing.assert_allclose(bars(ax), [[40, 60], [-10, 20]])
