import numpy as np
import pandas as pd

from rainscore.report.figures.plot_choice import (
    plot_evidence,
    plot_honesty,
    plot_redundancy,
    plot_responses,
)
from tests.unit.report.figuredata import PERIOD, line_points, points, table, ticks


def test_each_criterion_has_a_panel_with_the_values_of_the_scores() -> None:
    names = [(s, c) for s in ("fss", "csi") for c in ("displacement", "amplitude", "a", "b")]
    frame = table(score=[s for s, _ in names], criterion=[c for _, c in names]).assign(windows=99)
    frame.loc[0, ["low", "high"]] = np.nan
    fig = plot_evidence(frame, used="fss", period=PERIOD, world="real")
    panels = [ax for ax in fig.axes if ax.get_visible()]
    assert len(panels) == 4
    assert ticks(panels[0]) == ["csi", "fss"]
    for ax, criterion in zip(panels, ("displacement", "amplitude", "a", "b"), strict=True):
        expected = frame[frame["criterion"] == criterion].set_index("score")["value"]
        np.testing.assert_allclose(points(ax)[:, 0], expected[["csi", "fss"]])


def test_the_loss_under_a_fault_is_drawn_as_the_remaining_score() -> None:
    frame = table(
        score=["fss"] * 4,
        criterion=["loss", "loss", "satellite_score", "satellite_score"],
        case=["shift", "shift", "perfect", "bias"],
        level=[8, 16, np.nan, np.nan],
    )
    frame["value"] = [0.1, 0.4, 0.8, 0.6]
    fig = plot_responses(
        frame.assign(windows=99), {"shift": "moved [km]"}, period=PERIOD, world="real"
    )
    line = line_points(fig.axes[0].lines[0])
    np.testing.assert_allclose(line, [[8, 0.9], [16, 0.6]])
    np.testing.assert_allclose(np.sort(points(fig.axes[1])[:, 1]), [0.6, 0.8])


def test_rank_correlations_are_symmetric_with_ones_on_the_diagonal() -> None:
    rows = pd.DataFrame(
        {
            "score": ["fss", "csi", "hss", "csi", "fss", "hss"],
            "criterion": "rank_correlation",
            "case": ["csi", "hss", "fss", "fss", "hss", "csi"],
            "value": [0.9, 0.3, 0.2, 0.9, 0.2, 0.3],
            "windows": 99,
            "days": 12,
        }
    )
    right = plot_redundancy(rows, period=PERIOD, world="real").axes[1]
    matrix = np.asarray(right.images[0].get_array())
    names = [label.get_text() for label in right.get_yticklabels()]
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1)
    assert matrix[names.index("fss"), names.index("csi")] == 0.9
    assert matrix[names.index("fss"), names.index("hss")] == 0.2


def test_the_curves_of_honesty_are_the_change_from_the_unchanged_estimate() -> None:
    frame = table(
        score=["affinity"] * 4,
        criterion=["gaming"] * 4,
        case=["inflation"] * 3 + ["drizzle"],
        level=[0.5, 1, 2, 0.1],
    )
    frame["value"] = [0.5, 0.7, 0.6, 0.4]
    fig = plot_honesty(frame.assign(windows=99), factors=(0.95, 1.05), period=PERIOD, world="real")
    inflation, _, drizzle = fig.axes[:3]
    np.testing.assert_allclose(
        line_points(inflation.lines[0]), np.array([[0.5, -0.2], [1.0, 0.0], [2.0, -0.1]])
    )
    np.testing.assert_allclose(line_points(drizzle.lines[0]), np.array([[0.1, -0.3]]))
