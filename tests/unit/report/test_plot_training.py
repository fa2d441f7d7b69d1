import numpy as np
import pandas as pd

from rainscore.report.figures.plot_training import plot_latent_sizes, plot_learning
from tests.unit.report.figuredata import PERIOD, labelled_lines, line_points


def test_losses_are_drawn_by_epoch_with_the_epoch_of_the_kept_network() -> None:
    curve = pd.DataFrame({"epoch": [1, 2, 3], "training": [3, 2, 1], "validation": [3, 1, 2]})
    ax = plot_learning({"U-Net": curve}, period=PERIOD, world="real").axes[0]
    training, validation, kept = map(line_points, ax.lines)
    np.testing.assert_array_equal(training, [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(validation, [[1, 3], [2, 1], [3, 2]])
    assert kept[:, 0].tolist() == [2, 2]


def test_reconstruction_errors_are_drawn_in_percent_in_order_of_the_latent_size() -> None:
    sizes = pd.DataFrame(
        {
            "method": ["auto-encoder", "principal components"] * 2,
            "latent": [8, 8, 4, 4],
            "share": [0.3, 0.4, 0.5, 0.6],
            "maps": 237,
        }
    )
    ax = plot_latent_sizes(sizes, period=PERIOD, world="real").axes[0]
    lines = labelled_lines(ax)
    np.testing.assert_allclose(lines["auto-encoder"], [[4, 50], [8, 30]])
    np.testing.assert_allclose(lines["principal components"], [[4, 60], [8, 40]])
