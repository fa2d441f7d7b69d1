from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.analysis.cells import CellMonth, cell_month
from rainscore.analysis.tabulation import (
    CELL_SUMS,
    SCORE_SUMS,
    SUMS,
    add_places,
    condition_sums,
    place_sums,
)
from rainscore.io import write_netcdf
from rainscore.regridding.conservative import overlap_weights
from rainscore.scores.scoremaps import score_month
from rainscore.scores.sums import STEP
from tests.compliance import cf_errors
from tests.world import CELLS, GRID, SCORE, TO_CELLS, month_pair


@pytest.fixture(scope="module")
def pair() -> xr.Dataset:
    pair = month_pair("2019-05-01", "2019-05-03")
    pair["radar"][3, :10] = np.nan
    pair["precipitation"][5] = np.nan
    return pair


@pytest.fixture(scope="module")
def scores(pair: xr.Dataset) -> xr.Dataset:
    return score_month(pair, TO_CELLS, SCORE)[0]


@pytest.fixture(scope="module")
def month(pair: xr.Dataset) -> CellMonth:
    return cell_month(pair, overlap_weights(GRID, CELLS))


@pytest.fixture(scope="module")
def table(month: CellMonth, scores: xr.Dataset) -> pd.DataFrame:
    return condition_sums(month, scores, threshold=0.2)


def test_the_conditions_of_a_map_add_up_to_the_map(month, scores, table) -> None:
    sums = table.groupby("time")[list(SUMS)].sum()
    a, b = month.imerg[7], month.radar[7]
    both = np.isfinite(a) & np.isfinite(b)
    row = sums.loc[pd.Timestamp(month.times[7])]
    assert row["n"] == both.sum()
    assert row["sum_product"] == pytest.approx((a[both].astype(float) * b[both]).sum(), abs=1e-3)
    wet_a, wet_b = a[both] >= np.float32(0.2), b[both] >= np.float32(0.2)
    assert row["hits"] == (wet_a & wet_b).sum()
    assert row["misses"] == (~wet_a & wet_b).sum()
    assert row["false_alarms"] == (wet_a & ~wet_b).sum()
    assert row["correct_negatives"] == (~wet_a & ~wet_b).sum()
    assert row["windows"] == np.isfinite(scores["score"].values[7]).sum()
    expected = np.nansum(scores["numerator"].values[7], dtype=float)
    assert row["score_numerator"] == pytest.approx(expected, rel=1e-4)
    f, o = (scores[f"{name}_fraction"].values[7].astype(float) for name in ("imerg", "radar"))
    assert row["fss_numerator"] == pytest.approx(np.nansum((f - o) ** 2), rel=1e-4)


def test_a_map_without_imerg_has_no_cells_and_unknown_intensity(month, table) -> None:
    rows = table[table["time"] == month.times[5]]
    assert rows["n"].sum() == 0
    assert (rows["intensity"] == "unknown").all()


def test_two_parts_of_a_month_add_up_to_it_byte_for_byte(pair, scores, month, table) -> None:
    halves = []
    for part in (slice(0, 40), slice(40, None)):
        half = CellMonth(
            month.times[part], month.cells, *(a[part] for a in (
                month.imerg, month.radar, month.source, month.code))
        )  # fmt: skip
        halves.append(condition_sums(half, scores.isel(time=part), threshold=0.2))
    total = pd.concat(halves[::-1]).sort_values("time", kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(total, table, check_exact=True)
    sums = [np.asarray(t[list(SUMS)].sum()) for t in (table, table.iloc[::-1])]
    assert sums[0].tobytes() == sums[1].tobytes()
    assert (table["sum_imerg2"] % STEP == 0).all()


def test_the_sums_by_place_add_up_to_the_sums_by_condition(
    month, scores, table, tmp_path: Path
) -> None:
    places = place_sums(month, scores, threshold=0.2)
    for name in (*CELL_SUMS, *SCORE_SUMS):
        assert float(places[name].sum()) == pytest.approx(table[name].sum(), abs=0.02), name
    assert int(places["maps"]) == month.times.size - 1
    whole = add_places([places, places])
    assert float(whole["n"].sum()) == 2 * float(places["n"].sum())
    assert whole.attrs["months"] == 2
    assert whole.attrs["first"].startswith("2019-05-01")
    write_netcdf(whole, tmp_path / "places.nc")
    assert cf_errors(tmp_path / "places.nc") == []
