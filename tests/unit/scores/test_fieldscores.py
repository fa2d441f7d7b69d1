import numpy as np
import pytest
import scores.categorical
import scores.continuous
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.scores.fieldscores import MEASURES, compare


def fields(seed: int = 0) -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(seed)
    coords = {"time": [1, 2, 3], "y": np.arange(20.0), "x": np.arange(30.0)}
    rain = rng.gamma(0.3, 3, (2, 3, 20, 30))
    rain[0, 0, :4] = np.nan
    rain[1, 1, :, 5] = np.nan
    f, o = (xr.DataArray(field, coords, name="rain") for field in rain)
    return f, o


def test_the_scores_of_four_pixels_are_those_computed_by_hand() -> None:
    # overlap √(1·4) = 2, totals 5 and 7: affinity 2·2 / 12; hits 1, misses 1, false alarms 1
    got = compare([1.0, 4.0, 0.0, 0.0], [4.0, 0.0, 3.0, 0.0])
    assert float(got["affinity"]) == pytest.approx(4 / 12)
    assert float(got["amount_factor"]) == pytest.approx(2 * np.sqrt(35) / 12)
    assert float(got["place_factor"]) == pytest.approx(2 / np.sqrt(35))
    assert float(got["relative_bias"]) == pytest.approx(5 / 7 - 1)
    assert [float(got[name]) for name in ("pod", "far", "csi", "n")] == [0.5, 0.5, 1 / 3, 4]
    assert float(got["rmse"]) == pytest.approx(np.sqrt((9 + 16 + 9) / 4))


def test_missing_pixels_do_not_count_as_dry() -> None:
    whole = compare([1.0, 4.0], [4.0, 1.0])
    with_missing = compare([1.0, 4.0, np.nan, 7.0], [4.0, 1.0, 9.0, np.nan])
    xr.testing.assert_equal(whole, with_missing)
    assert np.isnan(float(compare([np.nan], [1.0])["affinity"]))


def test_scores_over_space_have_a_value_for_each_time_as_the_package_scores_computes_it() -> None:
    f, o = fields()
    got = compare(f, o, dim=["y", "x"], threshold=1.0)
    assert set(got.data_vars) == set(MEASURES) and got["time"].values.tolist() == [1, 2, 3]
    over = {"preserve_dims": "time"}
    np.testing.assert_allclose(got["mae"], scores.continuous.mae(f, o, **over))
    np.testing.assert_allclose(got["rmse"], scores.continuous.rmse(f, o, **over))
    np.testing.assert_allclose(got["kge"], scores.continuous.kge(f, o, **over), rtol=1e-6)
    event = scores.categorical.ThresholdEventOperator(
        default_event_threshold=1.0, default_op_fn=np.greater_equal
    )
    table = event.make_contingency_manager(f, o).transform(**over)
    np.testing.assert_allclose(got["csi"], table.critical_success_index())
    np.testing.assert_allclose(got["ets"], table.equitable_threat_score())
    np.testing.assert_allclose(got["far"], table.false_alarm_ratio())


def test_arrays_and_xarray_objects_get_the_same_scores() -> None:
    f, o = fields()
    of_arrays = compare(f.values, o.values, dim=[1, 2])
    of_labelled = compare(f, o, dim=("y", "x"))
    for name in MEASURES:
        np.testing.assert_array_equal(of_arrays[name], of_labelled[name])


def test_each_score_states_its_definition_and_its_unit() -> None:
    got = compare([1.0], [1.0])
    assert got["rmse"].attrs == {"long_name": "root-mean-square error", "units": "mm h-1"}
    assert got.attrs == {"wet_threshold": "0.2 mm h-1"}


def test_fields_that_cannot_be_compared_are_refused() -> None:
    f, o = fields()
    with pytest.raises(RainscoreError, match="onto one grid"):
        compare(f, o.isel(x=slice(3)))
    with pytest.raises(RainscoreError, match="different coordinates"):
        compare(f, o.assign_coords(x=o["x"] + 1))
    with pytest.raises(RainscoreError, match=r"no dimension z: they have time, y, x"):
        compare(f, o, dim="z")
    with pytest.raises(RainscoreError, match=r"in mm h-1, the reference in mm"):
        compare(f.assign_attrs(units="mm h-1"), o.assign_attrs(units="mm"))
