"""Comparison with `xskillscore`, for scores of the same definition."""

import numpy as np
import pytest
import xarray as xr
import xskillscore

from rainscore.scores import categorical, continuous
from rainscore.scores.categorical import contingency_sums
from rainscore.scores.continuous import moment_sums

MAP = ["y", "x"]
THRESHOLD = 0.5


def fields() -> tuple[np.ndarray, np.ndarray, xr.DataArray, xr.DataArray]:
    """Pairs with holes in both products, as NumPy and as xarray arrays."""
    rng = np.random.default_rng(0)
    radar = rng.gamma(0.3, 3.0, (4, 30, 40)).astype(np.float32)
    imerg = (0.6 * radar + rng.gamma(0.3, 1.0, radar.shape)).astype(np.float32)
    imerg[:, :5], radar[1:, :, 25:] = np.nan, np.nan
    a, b = (xr.DataArray(field, dims=("time", *MAP)).astype(float) for field in (imerg, radar))
    return imerg, radar, a, b


@pytest.mark.parametrize(
    "ours, theirs", [("mean_error", "me"), ("mae", "mae"), ("rmse", "rmse"), ("cc", "pearson_r")]
)
def test_continuous_scores_of_each_map_agree(ours: str, theirs: str) -> None:
    imerg, radar, a, b = fields()
    expected = getattr(xskillscore, theirs)(a, b, dim=MAP, skipna=True)
    score = getattr(continuous, ours)(moment_sums(imerg, radar))
    np.testing.assert_allclose(score, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("pod", "hit_rate"),
        ("pofd", "false_alarm_rate"),
        ("far", "false_alarm_ratio"),
        ("csi", "threat_score"),
        ("ets", "equit_threat_score"),
        ("hss", "heidke_score"),
        ("hk", "peirce_score"),
    ],
)
def test_categorical_scores_of_each_map_agree(ours: str, theirs: str) -> None:
    imerg, radar, a, b = fields()
    edges = np.array([0, THRESHOLD, 1000])
    expected = getattr(xskillscore.Contingency(b, a, edges, edges, dim=MAP), theirs)()
    score = getattr(categorical, ours)(contingency_sums(imerg, radar, THRESHOLD))
    np.testing.assert_allclose(score, expected, rtol=1e-12)
