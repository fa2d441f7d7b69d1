from dataclasses import asdict, replace

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from rainscore.grids import Grid
from rainscore.simulation.errorsources import ALL_ERRORS, ErrorSources
from rainscore.simulation.product import Product, simulate_imerg, simulate_rates

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 50, 40)
START = np.datetime64("2018-11-10", "ns")
PERFECT = ErrorSources(**dict.fromkeys(asdict(ALL_ERRORS), False))
FIELDS = {
    "precipitation",
    "precipitation_uncal",
    "mw_precipitation",
    "mw_source",
    "mw_minute",
    "ir_precipitation",
    "ir_influence",
    "liquid_probability",
    "quality_index",
    "random_error",
}
rng = np.random.default_rng(0)
PATTERNS = [
    np.maximum(gaussian_filter(rng.standard_normal(CELLS.shape), 3, mode="wrap") * 25 - 1.5, 0)
    for _ in range(3)
]


def drifting(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Rain that moves one cell an hour to the east and changes every six hours."""
    times = np.arange(start, end, np.timedelta64(15, "m")).astype("datetime64[ns]")
    hours = (times - START) / np.timedelta64(1, "h")
    rates = []
    for hour in hours:
        turn = hour / 6 % 3
        first, part = int(turn), turn % 1
        mixed = PATTERNS[first] * (1 - part) + PATTERNS[(first + 1) % 3] * part
        rates.append(np.roll(mixed, round(hour), axis=1))
    return times, np.array(rates, np.float32).reshape(-1, *CELLS.shape)


def mean_rain(granule: xr.Dataset) -> np.ndarray:
    start = np.datetime64(granule["time"].item(), "ns")
    return drifting(start, start + np.timedelta64(30, "m"))[1].mean(axis=0)


def simulate(hours: int = 24, *, truth=drifting, start=START, **options) -> list[xr.Dataset]:
    end = start + np.timedelta64(hours, "h")
    return list(simulate_imerg(truth, CELLS, start, end, **{"seed": 5, "run": "late", **options}))


@pytest.fixture(scope="module")
def late() -> list[xr.Dataset]:
    return simulate()


def test_the_rates_alone_are_those_of_the_granules(late: list[xr.Dataset]) -> None:
    end = START + np.timedelta64(24, "h")
    rates = list(simulate_rates(drifting, CELLS, START, end, seed=5, run="late"))
    assert [time for time, _ in rates] == [granule["time"].values for granule in late]
    for (_, rate), granule in zip(rates, late, strict=True):
        np.testing.assert_array_equal(rate, granule["precipitation"])


def test_every_half_hour_has_all_fields_on_the_cells(late):
    assert len(late) == 48
    for i, granule in enumerate(late):
        assert set(granule.data_vars) == FIELDS
        assert granule["time"].values == START + np.timedelta64(30 * i, "m")
        assert all(v.dims == ("lat", "lon") and v.dtype == np.float32 for v in granule.values())
        assert granule["lat"].values[0] == 45.05 and granule["lon"].values[-1] == 4.95
        assert np.isfinite(granule["precipitation"]).all()


def test_source_minute_and_microwave_rain_are_present_in_the_same_cells(late):
    for granule in late:
        observed = granule["mw_source"] > 0
        assert np.array_equal(observed, np.isfinite(granule["mw_precipitation"]))
        assert np.array_equal(observed, np.isfinite(granule["mw_minute"]))
        assert granule["mw_minute"].max() <= 29 or not observed.any()
        assert not granule["ir_influence"].where(observed).max() > 0


def test_about_a_third_of_the_maps_are_observed_by_microwave(late):
    share = np.mean([(granule["mw_source"] > 0).mean() for granule in late])
    assert 0.25 < share < 0.5


@pytest.mark.parametrize("run", ["early", "late"])
def test_a_half_hour_does_not_depend_on_the_period(run, late):
    longer = simulate(48, run=run)[24:60]
    part = simulate(18, start=START + np.timedelta64(12, "h"), run=run)
    assert len(part) == 36
    for a, b in zip(longer, part, strict=True):
        xr.testing.assert_identical(a, b)


def test_late_and_uncalibrated_final_are_the_same(late):
    for a, b in zip(late, simulate(run="final"), strict=True):
        np.testing.assert_array_equal(a["precipitation"], b["precipitation_uncal"])


def test_final_is_adjusted_towards_the_mean_rain():
    granules = simulate(48, run="final", errors=replace(PERFECT, bias=True))
    truth = np.mean([mean_rain(granule) for granule in granules])
    final, before = (
        abs(np.mean([granule[name] for granule in granules]) - truth)
        for name in ("precipitation", "precipitation_uncal")
    )
    assert final < before


def test_without_errors_imerg_is_the_mean_rain():
    for granule in simulate(6, errors=PERFECT):
        np.testing.assert_allclose(granule["precipitation"], mean_rain(granule), rtol=1e-6)


def test_early_correlates_less_with_the_rain_than_late():
    def correlation(run: str) -> float:
        granules = simulate(run=run, errors=replace(PERFECT, sampling=True))
        no_microwave = [granule["mw_source"].values == 0 for granule in granules]
        estimate = [
            g["precipitation"].values[mask] for g, mask in zip(granules, no_microwave, strict=True)
        ]
        rain = [mean_rain(g)[mask] for g, mask in zip(granules, no_microwave, strict=True)]
        return float(np.corrcoef(np.concatenate(estimate), np.concatenate(rain))[0, 1])

    assert correlation("early") < correlation("late")


def test_where_rain_is_missing_the_rates_are_missing_but_not_source_and_minute():
    def with_gap(start, end):
        times, rates = drifting(start, end)
        rates[:, :, :20] = np.nan
        return times, rates

    whole, part = simulate(6), simulate(6, truth=with_gap)
    for a, b in zip(whole, part, strict=True):
        for name in ("mw_precipitation", "ir_precipitation"):
            assert np.isnan(b[name].values[:, :20]).all()
        assert np.isnan(b["precipitation"].values[:, :20]).any()
        assert np.isfinite(b["precipitation"].values[:, 20:]).all()
        for name in ("mw_source", "mw_minute"):
            np.testing.assert_array_equal(a[name], b[name])


def test_the_rates_are_missing_where_there_are_no_frames():
    def short(start, end):
        times, rates = drifting(start, end)
        keep = (times >= START) & (times < START + np.timedelta64(3, "h"))
        return times[keep], rates[keep]

    granules = simulate(6, truth=short)
    assert np.isfinite(granules[2]["precipitation"]).all()
    assert np.isnan(granules[8]["mw_precipitation"]).all()
    assert np.isnan(granules[8]["ir_precipitation"]).all()


def test_memory_does_not_grow_with_the_period():
    product = Product(drifting, CELLS, seed=5, run="late", errors=ALL_ERRORS)
    first = int(START.astype("datetime64[m]").astype(int) // 30)
    counts = [len(product.observer.observations) for _ in product.merged(first, first + 5 * 48)]
    assert max(counts[48:]) == counts[48] <= 2 * 48 + 10


def test_an_unknown_run_is_an_error():
    with pytest.raises(ValueError, match="choose one of early, late, final"):
        simulate(run="middle")
