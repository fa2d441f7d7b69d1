"""The figure that compares the clustering methods."""

import pandas as pd

from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.report.figures.plot_clusters import plot_methods


def test_the_figure_has_a_row_per_method_with_the_reference_first() -> None:
    rows = [
        {
            "method": method,
            "k": 3,
            "seed": seed,
            "measure": "eta2",
            "group": "test",
            "value": 0.3,
            "low": 0.2,
            "high": 0.4,
            "null": 0.1,
        }
        for method in ("kmeans", "dcec", "wet share")
        for seed in (ALL_SEEDS, 0)
    ]
    fig = plot_methods(pd.DataFrame(rows), period="2019-01", world="simulated")
    labels = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert labels == ["wet share", "dcec", "kmeans"]
    assert "simulated world" in fig.texts[0].get_text()
