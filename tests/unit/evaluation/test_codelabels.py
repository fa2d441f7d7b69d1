"""Baseline by the codes of windows."""

from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np

from rainscore.clustering.codebook import NO_CODE
from rainscore.evaluation.codelabels import CodeLabels
from rainscore.scores.distribution import masses_of
from tests.unit.evaluation.maps import block_of


def test_each_window_is_predicted_by_the_label_of_its_own_code(tmp_path) -> None:
    """Two windows of one map have two codes, the label of its cluster would be the same."""
    block = block_of(np.array([[[0.2, 0.9]], [[0.8, np.nan]]]))
    block = replace(block, wet=np.array([[[True, True]], [[True, False]]]))
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        # A half-hour before, which the block does not hold.
        file["time"] = np.r_[block.times[:1] - np.timedelta64(30, "m"), block.times].astype("i8")
        file["code"] = np.array([[[1, 1]], [[0, 1]], [[1, NO_CODE]]], np.uint8)
        file.attrs["codes"] = 2
    masses = np.stack([masses_of(np.array([0.25])), masses_of(np.array([0.85]))])
    labels = CodeLabels(SimpleNamespace(masses=masses), tmp_path / "maps.h5")  # type: ignore[arg-type]  # stand-in
    labels.learn(block)
    np.testing.assert_array_equal(labels.predict(block), masses[[0, 1, 1]])
    assert labels.name == "window codes (2)"
