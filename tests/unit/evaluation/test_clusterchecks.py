"""Evaluation of the labels of clusters on held-out days."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.clusterchecks import check_labels, pool_weight
from rainscore.scores.distribution import CENTRES, MASSES
from rainscore.training.calibration import map_scores
from tests.labelled import labelled_world


def test_the_weight_of_the_better_of_two_forecasts_is_one() -> None:
    truth = np.arange(5, 16)
    right, wrong = (np.eye(MASSES)[numbers] for numbers in (truth, MASSES - 1 - truth))
    assert pool_weight(right[:4], wrong[:4], CENTRES[truth[:4]]) == 1
    assert pool_weight(wrong[:4], right[:4], CENTRES[truth[:4]]) == 0
    # One is too high and the other too low by as much.
    high, low = (np.eye(MASSES)[truth + step] for step in (2, -2))
    assert pool_weight(high, low, CENTRES[truth]) == pytest.approx(0.5)


def test_labels_are_measured_on_days_that_they_have_not_seen() -> None:
    clusters, table, _ = labelled_world()
    held = clusters["split"].isin(["calibration", "test"])
    unet = pd.Series(table["map_score"][held].to_numpy() + 0.1, index=table["time"][held])
    checks = check_labels(clusters, table, unet, resamples=50, seed=0)
    rows = checks.set_index(["split", "method", "measure", "group"])["value"]
    assert rows["map", "climatology", "crps_skill", "all"] == 0
    assert rows["map", "cluster", "crps_skill", "all"] > 0.3
    # The network errs by a constant, which the calibration days correct.
    assert rows["map", "U-Net", "mae", "all"] < 0.03
    assert rows["map", "cluster", "crps_gain", "all"] < 0
    assert rows["map", "U-Net and cluster", "crps_gain", "all"] == pytest.approx(0, abs=0.01)
    assert rows["left out", "cluster", "coverage", "all"] == pytest.approx(0.9, abs=0.05)


def test_without_calibration_days_the_network_is_left_out() -> None:
    clusters, table, _ = labelled_world()
    clusters["split"] = clusters["split"].replace("calibration", "train")
    checks = check_labels(clusters, table, pd.Series(dtype=float), resamples=20, seed=0)
    assert set(checks["method"]) == {"climatology", "cluster"}


def test_labels_are_compared_with_the_network_on_the_held_out_days(
    run: SimpleNamespace,
) -> None:
    times = run.splits.loc[run.splits["split"].isin(["calibration", "test"]), "time"].to_numpy()
    unet = map_scores(run.unet, run.card, run.calibration, [run.path], times)
    checks = check_labels(run.clusters, run.table, unet, resamples=50, seed=0)
    methods = set(checks.loc[checks["split"] == "map", "method"])
    assert methods == {"climatology", "cluster", "U-Net", "U-Net and cluster"}
    covered = checks[(checks["measure"] == "coverage") & (checks["method"] == "cluster")]
    assert covered.set_index("split").loc["left out", "days"] == 12
    assert covered["value"].between(0.5, 1).all()
