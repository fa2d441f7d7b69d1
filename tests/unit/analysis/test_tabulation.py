from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.analysis.cells import CellMonth, cell_month
from rainscore.analysis.dailysums import (
    OFFSETS,
    RATE_EDGES,
    SPECTRUM_SOURCES,
    rate_sums,
    spectrum_sums,
    timing_sums,
)
from rainscore.analysis.summaries import joint_rates, spectra, timing, timing_correlations
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
from rainscore.scores.spectral import spectral_sums
from rainscore.scores.sums import STEP
from tests.compliance import cf_errors
from tests.world import CELLS, GRID, SCORE, month_pair


@pytest.fixture(scope="module")
def pair() -> xr.Dataset:
    pair = month_pair("2019-05-01", "2019-05-03")
    pair["radar"][3, :10] = np.nan
    pair["precipitation"][5] = np.nan
    return pair


@pytest.fixture(scope="module")
def scores(pair: xr.Dataset) -> xr.Dataset:
    return score_month(pair, SCORE)[0]


@pytest.fixture(scope="module")
def month(pair: xr.Dataset) -> CellMonth:
    return cell_month(pair, overlap_weights(GRID, CELLS))


@pytest.fixture(scope="module")
def table(month: CellMonth, scores: xr.Dataset) -> pd.DataFrame:
    return condition_sums(month, scores, threshold=0.2)


def test_the_conditions_of_a_map_add_up_to_the_map(month, scores, table) -> None:
    of = table.groupby("time")[list(SUMS)].sum()
    a, b = month.imerg[7], month.radar[7]
    both = np.isfinite(a) & np.isfinite(b)
    row = of.loc[pd.Timestamp(month.times[7])]
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


def test_a_map_without_imerg_has_windows_or_cells_only_where_something_is_known(
    month, table
) -> None:
    gone = table[table["time"] == month.times[5]]
    assert gone["n"].sum() == 0
    assert (gone["intensity"] == "unknown").all()


def test_two_parts_of_a_month_add_up_to_it_byte_for_byte(pair, scores, month, table) -> None:
    halves = []
    for part in (slice(0, 40), slice(40, None)):
        half = CellMonth(
            month.times[part], month.cells, *(a[part] for a in (
                month.imerg, month.radar, month.source, month.code))
        )  # fmt: skip
        halves.append(condition_sums(half, scores.isel(time=part), threshold=0.2))
    again = pd.concat(halves[::-1]).sort_values("time", kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    sums = [np.asarray(t[list(SUMS)].sum()) for t in (table, table.iloc[::-1])]
    assert sums[0].tobytes() == sums[1].tobytes()
    assert (table["sum_imerg2"] % STEP == 0).all()


def test_the_places_hold_what_the_conditions_hold(month, scores, table, tmp_path: Path) -> None:
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


def tiny(imerg, radar, source) -> CellMonth:
    """A month of maps of one row of cells each."""
    imerg, radar = (np.asarray(values, np.float32)[:, None, :] for values in (imerg, radar))
    codes = np.asarray(source, np.uint8)[:, None, :]
    times = np.datetime64("2019-01-01", "ns") + np.arange(len(imerg)) * np.timedelta64(30, "m")
    return CellMonth(times, CELLS, imerg, radar, codes, codes.astype(np.int32))


def test_the_joint_histogram_counts_each_source_and_day_apart() -> None:
    month = tiny([[0.0, 0.2, 250.0, 1.0]], [[0.05, 0.3, 100.0, np.nan]], [[0, 0, 3, 3]])
    found = rate_sums(month)
    assert found["n"].tolist() == [1, 1, 1]
    assert found["source"].tolist() == ["imager", "imager", "morphed"]
    assert RATE_EDGES[found["imerg_class"]].tolist() == [0.0, 0.2, 100.0]
    assert RATE_EDGES[found["radar_class"]].tolist() == [0.0, 0.3, 100.0]
    joint = joint_rates(found)
    assert joint.loc[joint["source"] == "all", "n"].sum() == 3


def test_a_perfect_product_is_coherent_at_every_wavelength(pair, month) -> None:
    perfect = pair.assign(imerg=pair["radar"])
    table = spectra(spectrum_sums(perfect, month), resamples=20, seed=0)
    shared = table[(table["measure"] == "coherence") & (table["source"] == "all")]
    assert shared["value"].to_numpy() == pytest.approx(1)
    best = table[table["measure"] == "effective_resolution"]
    assert best["value"].to_numpy() == pytest.approx(16)  # two pixels of 8 km


def test_a_tile_belongs_to_the_source_that_fills_it_and_a_missing_pixel_leaves_it_out(
    pair, month
) -> None:
    found = spectrum_sums(pair, month)
    assert set(found["source"]) == {"imager", "infrared"}
    assert set(SPECTRUM_SOURCES) > set(found["source"])
    of_one_band = found[found["wavelength_km"] == found["wavelength_km"].max()]
    assert of_one_band["tiles"].sum() == month.times.size - 1  # one of the radar's is cut


def test_rain_that_imerg_shows_half_an_hour_late_agrees_best_half_an_hour_before() -> None:
    rng = np.random.default_rng(4)
    rain = rng.gamma(0.5, 2, (60, 30)).astype(np.float32)
    month = tiny(np.roll(rain, 1, axis=0), rain, np.full(rain.shape, 3))
    table = timing(timing_sums(month), resamples=20, seed=0)
    best = table[table["source"] == "all"].set_index("measure")["value"]
    assert best["best_lag"] == -30
    assert best["best_accumulation"] == 30
    one = table[(table["lag"] == -30) & (table["accumulation"] == 30)]
    assert one["value"].to_numpy() == pytest.approx(1)


def test_the_timing_agrees_with_a_correlation_written_out() -> None:
    rng = np.random.default_rng(5)
    imerg, radar = rng.gamma(0.5, 2, (2, 12, 4)).astype(np.float32)
    month = tiny(imerg, radar, np.zeros((12, 4)))
    sums = timing_sums(month)
    wide = sums.pivot(index="source", columns=["i", "j"], values="value").to_numpy()
    found = timing_correlations(wide)["correlation", 15.0, 60.0]
    f, o = (np.log1p(rate / 0.1) for rate in (imerg, radar))
    inside = slice(-OFFSETS[0], 12 - OFFSETS[-1])
    later = (o + np.roll(o, -1, axis=0)) / 2
    expected = np.corrcoef(f[inside].ravel(), later[inside].ravel())[0, 1]
    assert found == pytest.approx(expected, abs=1e-5)


def test_fine_pixels_are_averaged_before_the_transform(monkeypatch, pair, month) -> None:
    monkeypatch.setattr("rainscore.analysis.dailysums.SPECTRUM_STEP_KM", 16.0)
    coarse = spectrum_sums(pair, month)
    assert coarse["wavelength_km"].min() == 32
    fine = pair["radar"].values[7]
    perfect = pair.assign(imerg=pair["radar"], radar=pair["radar"]).isel(time=[7])
    one = CellMonth(
        month.times[[7]], month.cells, month.imerg[[7]], month.radar[[7]],
        month.source[[7]], month.code[[7]],
    )  # fmt: skip
    found = spectrum_sums(perfect, one)
    means = fine.reshape(20, 2, 20, 2).mean(axis=(1, 3))[None].astype(np.float32)
    expected = spectral_sums(means, means, tile=20)
    assert found["radar_power"].to_numpy() == pytest.approx(expected.radar_power[0], rel=1e-5)
