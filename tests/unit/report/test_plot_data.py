import numpy as np
import pandas as pd

from rainscore.report.figures.plot_data import plot_availability
from tests.unit.report.figuredata import TIMES


def test_shares_of_the_states_of_each_day_add_to_100_percent() -> None:
    states = ["present"] * 90 + ["missing"] * 4 + ["damaged"] * 2
    manifest = pd.DataFrame({"time": TIMES, "state": states})
    fig = plot_availability({"IMERG": manifest, "radar": manifest}, world="real")
    for ax in fig.axes:
        labels = ax.get_legend_handles_labels()[1]
        assert labels == ["present 90 (93.8 %)", "missing 4 (4.2 %)", "damaged 2 (2.1 %)"]
        bands = [band.get_paths()[0] for band in ax.collections]
        bounds = bands[0].get_extents()
        np.testing.assert_allclose((bounds.y0, bounds.y1), (0, 100))
        # The second day has 42 present, 4 missing and 2 damaged half-hours.
        second = [bool(band.contains_point((1.5, 95))) for band in bands]
        assert second == [False, True, False]
