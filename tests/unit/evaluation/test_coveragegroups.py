"""Groups in which the coverage of the intervals is evaluated."""

from types import SimpleNamespace

import numpy as np
import pytest

from rainscore.evaluation.coveragegroups import (
    Windows,
    add_by_inputs,
    decile_edges,
    decile_groups,
    group_table,
)
from rainscore.evaluation.daysums import DaySums
from rainscore.evaluation.skill import DECILE_SPLITS, INPUTS, LOWER_BOUND, MAP_INPUTS, STATISTICS
from rainscore.scores import distribution
from rainscore.scores.distribution import MASSES
from rainscore.training.inputstates import STATES
from rainscore.training.trained import TrainedUNet


def test_windows_are_grouped_by_deciles_and_by_their_lower_bound() -> None:
    masses = np.eye(MASSES)[[0, 5, 10, 15, 21]]
    windows = Windows(masses, distribution.interval(masses), np.linspace(0, 0.8, 5))
    edges = np.array([np.linspace(0.1, 0.9, 9), np.zeros(9), np.linspace(0.05, 0.85, 9)])
    groups = decile_groups(windows, edges)
    # The centres of the bins are 0.225, 0.475 and 0.725.
    assert groups["predicted score"].index.tolist() == [0, 2, 4, 7, 9]
    assert groups["rain amount"].index.tolist() == [0, 2, 4, 6, 8]
    assert [groups[LOWER_BOUND].names[i] for i in groups[LOWER_BOUND].index] == [
        "0", "above 0", "above 0", "above 0", "above 0",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def unet(run: SimpleNamespace) -> TrainedUNet:
    return TrainedUNet(run.unet, run.card, run.calibration)


def test_a_decile_holds_a_tenth_of_the_windows(run: SimpleNamespace, unet: TrainedUNet) -> None:
    edges = decile_edges(unet, [run.path], run.splits["time"].to_numpy())
    assert edges.shape == (len(DECILE_SPLITS), 9)
    assert (np.diff(edges, axis=1) >= 0).all()


def test_intervals_are_evaluated_for_each_state_of_the_inputs(
    run: SimpleNamespace, unet: TrainedUNet
) -> None:
    times = run.splits.loc[run.splits["split"] == "test", "time"].to_numpy()
    observed = run.table.set_index("time")["map_score"]
    sums = DaySums(len(STATISTICS))
    add_by_inputs(sums, unet, [run.path], times, observed)
    table = group_table(sums, resamples=20, seed=0)
    coverage = table[table["measure"] == "coverage"]
    for split in (INPUTS, MAP_INPUTS):
        rows = coverage[coverage["split"] == split]
        assert set(rows["group"]) == set(STATES)
        assert rows["value"].between(0.5, 1).all()
        assert rows["n"].nunique() == 1
