"""Transitions between clusters."""

import numpy as np
import pandas as pd

from rainscore.clustering.transitions import count_transitions


def test_only_consecutive_half_hours_form_transitions() -> None:
    times = pd.to_datetime(["00:00", "00:30", "01:00", "02:00", "02:30"], format="%H:%M")
    clusters = pd.DataFrame({"time": times, "cluster": [0, 0, 1, 1, -1]})
    table = count_transitions(clusters.sample(frac=1, random_state=0))
    steps = table.pivot(index="before", columns="after", values="steps")
    assert steps.index.tolist() == steps.columns.tolist() == [-1, 0, 1]
    assert steps.to_numpy().tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 0]]
    share = table.pivot(index="before", columns="after", values="share").to_numpy()
    np.testing.assert_array_equal(share[1:], [[0, 0.5, 0.5], [1, 0, 0]])
    assert np.isnan(share[0]).all()
