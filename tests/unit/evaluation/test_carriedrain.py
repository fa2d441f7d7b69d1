import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.evaluation.boxes import Boxes
from rainscore.evaluation.carriedrain import carried_sums, cells_of

SHAPE = (10, 10)


def granule(time: str, rain, *, source=0, microwave=np.nan) -> xr.Dataset:
    fields = {"precipitation": rain, "mw_precipitation": microwave, "mw_source": source}
    axis = 0.05 + np.arange(10) / 10
    return xr.Dataset(
        {
            name: (("lat", "lon"), np.broadcast_to(np.float32(value), SHAPE))
            for name, value in fields.items()
        },
        {"lat": axis, "lon": axis, "time": np.datetime64(time, "ns")},
    )


def sums(*granules: xr.Dataset) -> pd.DataFrame:
    return carried_sums(granules, Boxes(cells_of(granules[0]), 1.0))


def agreement(table: pd.DataFrame) -> float:
    return 1 - table["numerator"].sum() / table["denominator"].sum()


def test_carried_rain_is_compared_with_the_microwave_rain_of_the_next_half_hour() -> None:
    table = sums(
        granule("2019-06-01T00:00", 1.0),
        granule("2019-06-01T00:30", 7.0, source=3, microwave=4.0),
    )
    row = table.iloc[0]
    # (√1 − √4)² = 1 over 1 + 4
    assert row["numerator"] == pytest.approx(1, rel=1e-3)
    assert row["denominator"] == pytest.approx(5, rel=1e-3)
    assert agreement(table) == pytest.approx(0.8)
    assert (row["carried"], row["observed"]) == pytest.approx((1, 4), rel=1e-3)
    assert row["passes"] == pytest.approx(1, rel=1e-3)


def test_only_cells_without_a_sensor_before_and_with_one_after_count() -> None:
    before, after = np.zeros(SHAPE), np.full(SHAPE, 3)
    before[:, 5:] = 11  # observed before: not carried
    before[:2] = np.nan  # missing source: neither
    after[:, :1] = 0  # not observed after
    table = sums(
        granule("2019-06-01T00:00", 1.0, source=before),
        granule("2019-06-01T00:30", 1.0, source=after, microwave=4.0),
    )
    assert table["passes"].item() == pytest.approx(4 * 8 / 100, rel=1e-3)
    assert agreement(table) == pytest.approx(0.8)


def test_missing_rates_do_not_count() -> None:
    microwave = np.full(SHAPE, np.nan)
    microwave[:5] = 1.0
    table = sums(
        granule("2019-06-01T00:00", 1.0),
        granule("2019-06-01T00:30", 1.0, source=3, microwave=microwave),
    )
    assert table["passes"].item() == pytest.approx(0.5, rel=1e-3)
    assert agreement(table) == 1


def test_half_hours_on_both_sides_of_a_gap_are_not_compared() -> None:
    table = sums(
        granule("2019-06-01T00:00", 1.0),
        granule("2019-06-01T01:00", 1.0, source=3, microwave=4.0),
    )
    assert table.empty


def test_a_pair_belongs_to_the_day_of_the_pass_and_sums_add() -> None:
    granules = [
        granule("2019-06-01T23:30", 1.0),
        granule("2019-06-02T00:00", 1.0, source=3, microwave=4.0),
        granule("2019-06-02T00:30", 9.0),
        granule("2019-06-02T01:00", 9.0, source=3, microwave=9.0),
    ]
    table = sums(*granules)
    assert list(table["day"]) == [pd.Timestamp("2019-06-02")]
    assert table["passes"].item() == pytest.approx(2, rel=1e-3)
    assert agreement(table) == pytest.approx(1 - 1 / (5 + 18), rel=1e-3)


def test_a_dry_box_has_passes_but_no_amount() -> None:
    table = sums(
        granule("2019-06-01T00:00", 0.0),
        granule("2019-06-01T00:30", 0.0, source=3, microwave=0.0),
    )
    assert table["denominator"].item() == 0
    assert table["passes"].item() == pytest.approx(1, rel=1e-3)
