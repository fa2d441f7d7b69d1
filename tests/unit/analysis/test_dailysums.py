import numpy as np
import pytest
import xarray as xr

from rainscore.analysis.cells import CellMonth, cell_month
from rainscore.analysis.classes import RATE_EDGES, THRESHOLDS
from rainscore.analysis.dailysums import (
    OFFSETS,
    SPECTRUM_SOURCES,
    fss_sums,
    rate_sums,
    scale_windows,
    spectrum_sums,
    timing_sums,
)
from rainscore.analysis.summaries import (
    fss_by_scale,
    joint_rates,
    spectra,
    timing,
    timing_correlations,
)
from rainscore.regridding.conservative import overlap_weights
from rainscore.scores.fssbyscale import scale_fss, scale_sums
from rainscore.scores.spectral import spectral_sums
from tests.world import CELLS, GRID, month_pair


@pytest.fixture(scope="module")
def pair() -> xr.Dataset:
    pair = month_pair("2019-05-01", "2019-05-03")
    pair["radar"][3, :10] = np.nan
    pair["precipitation"][5] = np.nan
    return pair


@pytest.fixture(scope="module")
def month(pair: xr.Dataset) -> CellMonth:
    return cell_month(pair, overlap_weights(GRID, CELLS))


def tiny(imerg, radar, source) -> CellMonth:
    """A month of maps of one row of cells each."""
    imerg, radar = (np.asarray(values, np.float32)[:, None, :] for values in (imerg, radar))
    codes = np.asarray(source, np.uint8)[:, None, :]
    times = np.datetime64("2019-01-01", "ns") + np.arange(len(imerg)) * np.timedelta64(30, "m")
    return CellMonth(times, CELLS, imerg, radar, codes, codes.astype(np.int32))


def test_the_joint_histogram_counts_each_source_and_day_separately() -> None:
    month = tiny([[0.0, 0.2, 250.0, 1.0]], [[0.05, 0.3, 100.0, np.nan]], [[0, 0, 3, 3]])
    rates = rate_sums(month)
    assert rates["n"].tolist() == [1, 1, 1]
    assert rates["source"].tolist() == ["imager", "imager", "morphed"]
    assert RATE_EDGES[rates["imerg_class"]].tolist() == [0.0, 0.2, 100.0]
    assert RATE_EDGES[rates["radar_class"]].tolist() == [0.0, 0.3, 100.0]
    joint = joint_rates(rates)
    assert joint.loc[joint["source"] == "all", "n"].sum() == 3


def test_a_perfect_product_is_coherent_at_every_wavelength(pair, month) -> None:
    perfect = pair.assign(imerg=pair["radar"])
    table = spectra(spectrum_sums(perfect, month), resamples=20, seed=0)
    shared = table[(table["measure"] == "coherence") & (table["source"] == "all")]
    assert shared["value"].to_numpy() == pytest.approx(1)
    best = table[table["measure"] == "effective_resolution"]
    assert best["value"].to_numpy() == pytest.approx(16)  # two pixels of 8 km


def test_a_tile_counts_for_the_source_that_fills_it_unless_a_pixel_is_missing(pair, month) -> None:
    spectrum = spectrum_sums(pair, month)
    assert set(spectrum["source"]) == {"imager", "infrared"}
    assert set(SPECTRUM_SOURCES) > set(spectrum["source"])
    one_band = spectrum[spectrum["wavelength_km"] == spectrum["wavelength_km"].max()]
    assert one_band["tiles"].sum() == month.times.size - 1  # one map of the radar is cut


def test_an_imerg_half_an_hour_late_agrees_best_with_the_radar_half_an_hour_before() -> None:
    rng = np.random.default_rng(4)
    rain = rng.gamma(0.5, 2, (60, 30)).astype(np.float32)
    month = tiny(np.roll(rain, 1, axis=0), rain, np.full(rain.shape, 3))
    table = timing(timing_sums(month), resamples=20, seed=0)
    best = table[table["source"] == "all"].set_index("measure")["value"]
    assert best["best_lag"] == -30
    assert best["best_accumulation"] == 30
    one = table[(table["lag"] == -30) & (table["accumulation"] == 30)]
    assert one["value"].to_numpy() == pytest.approx(1)


def test_the_timing_agrees_with_a_correlation_computed_directly() -> None:
    rng = np.random.default_rng(5)
    imerg, radar = rng.gamma(0.5, 2, (2, 12, 4)).astype(np.float32)
    month = tiny(imerg, radar, np.zeros((12, 4)))
    sums = timing_sums(month)
    wide = sums.pivot(index="source", columns=["i", "j"], values="value").to_numpy()
    correlation = timing_correlations(wide)["correlation", 15.0, 60.0]
    f, o = (np.log1p(rate / 0.1) for rate in (imerg, radar))
    inside = slice(-OFFSETS[0], 12 - OFFSETS[-1])
    later = (o + np.roll(o, -1, axis=0)) / 2
    expected = np.corrcoef(f[inside].ravel(), later[inside].ravel())[0, 1]
    assert correlation == pytest.approx(expected, abs=1e-5)


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
    spectrum = spectrum_sums(perfect, one)
    means = fine.reshape(20, 2, 20, 2).mean(axis=(1, 3))[None].astype(np.float32)
    expected = spectral_sums(means, means, tile=20)
    assert spectrum["radar_power"].to_numpy() == pytest.approx(expected.radar_power[0], rel=1e-5)


def test_window_sizes_are_odd_numbers_of_pixels_near_the_sizes_in_km() -> None:
    assert scale_windows(4.0) == [1, 3, 5, 9, 17, 33, 65]
    assert scale_windows(8.0) == [1, 3, 5, 9, 17, 33]


def test_the_fss_of_each_scale_is_that_of_the_whole_period(pair) -> None:
    table = fss_by_scale(fss_sums(pair, min_valid=0.5), resamples=20, seed=0)
    windows = scale_windows(8.0)
    sums = scale_sums(
        pair["imerg"].values, pair["radar"].values,
        thresholds=THRESHOLDS, windows=windows, min_valid=0.5,
    )  # fmt: skip
    expected = scale_fss(type(sums)(*(part.sum(axis=0) for part in sums)))
    values = table[table["measure"] == "fss"].pivot(
        index="threshold", columns="window_km", values="value"
    )
    assert values.columns.tolist() == [8.0 * window for window in windows]
    np.testing.assert_allclose(values.to_numpy(), expected)
    assert table["days"].eq(2).all()
    bounded = table.dropna(subset=["low", "high"])
    assert (bounded["low"] <= bounded["high"]).all()


def test_a_perfect_product_is_useful_at_the_smallest_scale(pair) -> None:
    perfect = pair.assign(imerg=pair["radar"])
    table = fss_by_scale(fss_sums(perfect, min_valid=0.5), resamples=20, seed=0)
    useful = table[(table["measure"] == "useful_scale") & (table["threshold"] == 0.2)]
    assert useful["value"].tolist() == [8.0]
    assert np.isnan(useful["window_km"]).all()


def test_a_period_without_valid_pixels_has_an_empty_table_of_scales(pair) -> None:
    missing = pair.assign(radar=pair["radar"] * np.nan)
    assert fss_by_scale(fss_sums(missing, min_valid=0.5), resamples=5, seed=0).empty
