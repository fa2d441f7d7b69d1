"""Categorical scores: Finley's tornadoes, counts by hand, and against `scores`."""

import numpy as np
import pytest
import scores.categorical as library
import xarray as xr

from rainscore.scores import categorical
from rainscore.scores.categorical import Contingency, contingency_sums

FINLEY = Contingency(*(np.array(n) for n in (28, 23, 72, 2680)))
"""Tornado forecasts of Finley (1884), as in Murphy (1996) and Jolliffe and Stephenson (2012)."""


@pytest.mark.parametrize(
    "name, value",
    [
        ("pod", 28 / 51),
        ("pofd", 72 / 2752),
        ("far", 72 / 100),
        ("csi", 28 / 123),
        ("ets", 0.2161),
        ("hss", 0.3553),
        ("hk", 0.5229),
    ],
)
def test_finleys_tornadoes_give_the_published_scores(name, value):
    np.testing.assert_allclose(getattr(categorical, name)(FINLEY), value, atol=6e-5)


def test_counts_by_hand_leave_out_pixels_missing_in_either_product():
    imerg = np.array([[[1.0, 0.0, 0.3, np.nan], [0.0, 0.2, 0.1, 5.0]]], np.float32)
    radar = np.array([[[1.0, 0.5, 0.0, 1.0], [0.0, 0.2, np.nan, 0.0]]], np.float32)
    table = contingency_sums(imerg, radar, 0.2)
    assert [int(n[0]) for n in table] == [2, 1, 2, 1]


def test_several_thresholds_add_a_last_dimension():
    imerg, radar = np.random.default_rng(0).gamma(0.3, 3.0, (2, 3, 60, 60))
    table = contingency_sums(imerg, radar, [0.2, 1.0, 5.0])
    assert table.hits.shape == (3, 3)
    for k, threshold in enumerate([0.2, 1.0, 5.0]):
        for many, one in zip(table, contingency_sums(imerg, radar, threshold), strict=True):
            np.testing.assert_array_equal(many[:, k], one)


def test_a_score_that_divides_by_zero_is_missing():
    dry = Contingency(*(np.array(n) for n in (0, 0, 0, 9)))
    for name in ("pod", "far", "csi", "ets", "hss", "hk", "sedi", "mcc"):
        assert np.isnan(getattr(categorical, name)(dry)), name


def test_counts_of_two_years_do_not_overflow():
    huge = Contingency(*(np.array(n * 10**10) for n in FINLEY))
    np.testing.assert_allclose(categorical.mcc(huge), categorical.mcc(FINLEY))
    np.testing.assert_allclose(categorical.hss(huge), categorical.hss(FINLEY))


def test_scores_agree_with_the_package_scores():
    imerg, radar = np.random.default_rng(1).gamma(0.3, 3.0, (2, 4, 30, 30))
    imerg[:, :5], radar[:, :, 20:] = np.nan, np.nan
    imerg = imerg + 0.5 * np.nan_to_num(radar)
    dims = ("time", "y", "x")
    events = library.ThresholdEventOperator(default_event_threshold=0.5)
    manager = events.make_contingency_manager(
        xr.DataArray(imerg, dims=dims), xr.DataArray(radar, dims=dims)
    ).transform(preserve_dims="time")
    names = {
        "pod": "probability_of_detection",
        "pofd": "probability_of_false_detection",
        "far": "false_alarm_ratio",
        "csi": "critical_success_index",
        "ets": "equitable_threat_score",
        "hss": "heidke_skill_score",
        "hk": "hanssen_and_kuipers_discriminant",
        "sedi": "symmetric_extremal_dependence_index",
    }
    table = contingency_sums(imerg, radar, 0.5)
    for ours, theirs in names.items():
        np.testing.assert_allclose(
            getattr(categorical, ours)(table), getattr(manager, theirs)(), rtol=1e-12, err_msg=ours
        )


def test_matthews_correlation_is_the_correlation_of_the_events():
    imerg, radar = np.random.default_rng(2).random((2, 1, 30, 30))
    expected = np.corrcoef((imerg >= 0.4).ravel(), (radar >= 0.4).ravel())[0, 1]
    np.testing.assert_allclose(categorical.mcc(contingency_sums(imerg, radar, 0.4)), expected)
