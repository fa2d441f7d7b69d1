import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.grids import Grid
from rainscore.simulation.diagnostics import COLUMNS as SUMS
from rainscore.simulation.diagnostics import (
    add_up,
    amount_sums,
    hourly_sums,
    pass_sums,
    rain_sums,
    run_sums,
    skill_sums,
    structure_sums,
)
from rainscore.simulation.worldtables import COLUMNS, rain_table, satellite_table

CELLS = Grid("EPSG:4326", 2.0, 46.0, 0.1, 0.1, 10, 10)
TIMES = pd.date_range("2019-01-01", periods=48, freq="30min").to_numpy()


def pair(*, lag: int = 0, factor: float = 1.0) -> xr.Dataset:
    """Truth, and an IMERG with a delay of `lag` half-hours and microwave every third half-hour."""
    rng = np.random.default_rng(1)
    truth = np.maximum(rng.standard_normal((TIMES.size, 10, 10)), 0).astype(np.float32)
    truth = (truth + np.roll(truth, 1, axis=0)) / np.float32(2)
    rate = np.roll(truth, lag, axis=0) * np.float32(factor)
    source = np.zeros(rate.shape, np.float32)
    source[::3] = 9
    maps = {
        "radar": truth,
        "precipitation": rate,
        "mw_source": source,
        "ir_influence": np.where(source > 0, 0, 60).astype(np.float32),
        "ir_precipitation": rate[::-1],
    }
    variables = {name: (("time", "lat", "lon"), values) for name, values in maps.items()}
    state = {"imerg_state": (("time",), np.zeros(TIMES.size, np.int8))}
    coords = {"time": TIMES, "lat": CELLS.y, "lon": CELLS.x}
    return xr.Dataset({**variables, **state}, coords)


def regimes() -> pd.DataFrame:
    return pd.DataFrame({"time": TIMES, "regime": ["front"] * 32 + ["dry"] * 16})


def sums(**options) -> pd.DataFrame:
    month = pair(**options)
    parts = [
        amount_sums(month),
        run_sums(month, month["radar"].values, run="final"),
        skill_sums(month, month["radar"].values, regimes(), run="final"),
        pass_sums(month, CELLS),
    ]
    return add_up(parts)


def value(table: pd.DataFrame, quantity: str, product: str, regime: str = "all") -> float:
    rows = table[
        (table["quantity"] == quantity)
        & (table["product"] == product)
        & (table["regime"] == regime)
    ]
    assert len(rows) == 1
    return float(rows["simulated"].iloc[0])


def test_a_perfect_product_has_perfect_scores_and_no_lag():
    table = satellite_table(sums(), run="final", year=2019)
    assert list(table.columns) == COLUMNS
    for product in ("final", "microwave", "GMI"):
        assert value(table, "CC", product) == pytest.approx(1)
        assert value(table, "FAR", product) == 0
    assert value(table, "bias [%]", "final", "front") == pytest.approx(0, abs=1e-4)
    assert abs(value(table, "lag behind the rain [h]", "final")) < 0.1


def test_a_delayed_and_doubled_product_has_a_lag_and_a_bias_of_100_percent():
    table = satellite_table(sums(lag=1, factor=2), run="final", year=2019)
    assert value(table, "lag behind the rain [h]", "final") == pytest.approx(0.5, abs=0.1)
    assert value(table, "bias [%]", "final") == pytest.approx(100, abs=2)


def test_sensors_without_observations_have_no_score():
    table = satellite_table(sums(), run="final", year=2019)
    assert np.isnan(value(table, "CC", "AMSR2"))


def test_passes_every_third_half_hour_leave_gaps_of_an_hour_and_a_half():
    table = satellite_table(sums(), run="final", year=2019)
    assert value(table, "share of half-hours with microwave", "passes") == pytest.approx(1 / 3)
    for quantity in ("mean gap [h]", "90th percentile of the gaps [h]", "longest gap [h]"):
        assert value(table, quantity, "passes") == 1.5
    assert 10 < value(table, "passes a day over the centre", "passes") < 30


def test_the_rain_of_a_year_is_the_mean_rate_times_its_hours():
    month = pair()
    table = rain_table(amount_sums(month))
    mean = float(month["radar"].mean())
    assert value(table, "rain of a year [mm]", "radar") == pytest.approx(mean * 8766, rel=1e-4)
    wet = float((month["radar"] >= 0.2).mean())
    assert value(table, "wet share of the half-hours", "radar") == pytest.approx(wet)


def test_the_sums_of_two_halves_add_up_to_those_of_the_whole():
    month = pair()
    halves = [amount_sums(month.isel(time=part)) for part in (slice(20), slice(20, 48))]
    whole, added = rain_table(amount_sums(month)), rain_table(add_up(halves))
    np.testing.assert_allclose(added["simulated"], whole["simulated"])


def test_a_long_spell_is_measured_in_its_middle_and_a_short_one_is_not():
    starts = []

    def frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        starts.append(start)
        times = np.arange(start, end, np.timedelta64(5, "m"))
        rain = np.random.default_rng(0).lognormal(0, 1, (64, 64))
        return times, np.stack([np.roll(rain, i, axis=1) for i in range(times.size)])

    table = regimes().iloc[:40]
    result = rain_table(rain_sums(frames, table, km=4))
    assert starts == [TIMES[15]]
    assert value(result, "Lagrangian correlation at 20 min", "radar", "front") > 0.99
    assert value(result, "advection speed [km/h]", "radar", "front") == pytest.approx(48, abs=0.5)
    assert np.isnan(value(result, "wet fraction", "radar", "showers"))


def test_the_error_of_a_regime_is_that_of_the_mean_over_its_spells():
    values = np.array([0.5, 0.6, 0.7, 0.4])
    rows = [("radar", "front", "autocorrelation at 2.5 km", v, 1.0, v**2) for v in values]
    rows += [("radar", "dry", "wet fraction", 0.1, 1.0, 0.01)]
    table = rain_table(add_up([pd.DataFrame([row], columns=SUMS) for row in rows]))
    front = table[(table["regime"] == "front") & (table["quantity"] == "autocorrelation at 2.5 km")]
    assert front["error"].item() == pytest.approx(values.std(ddof=1) / 2)
    assert table[table["regime"] == "dry"]["error"].isna().all()


def test_runs_with_a_shorter_latency_have_lower_scores():
    month = pair()
    truth, blurred = month["radar"].values, pair(lag=1)
    late = month.assign(precipitation=(month["precipitation"] + blurred["precipitation"]) / 2)
    parts = [sums(), run_sums(late, truth, run="late"), run_sums(blurred, truth, run="early")]
    table = satellite_table(add_up(parts), run="final", year=2019)
    assert value(table, "CC less that of late", "final") > 0
    assert value(table, "CC less that of early", "late") > 0
    assert value(table, "lag behind the rain [h]", "early") == pytest.approx(0.5, abs=0.1)


def test_without_frames_there_are_no_statistics():
    def no_frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        return np.array([], "datetime64[ns]"), np.empty((0, 8, 8))

    assert rain_sums(no_frames, regimes(), km=4).empty
    table = rain_table(rain_sums(no_frames, regimes(), km=4))
    assert table["simulated"].isna().all()


def test_the_structure_of_imerg_is_its_correlation_with_itself():
    month = pair()
    parts = [
        structure_sums(month),
        hourly_sums(month, month["radar"].values),
        skill_sums(month, month["radar"].values, regimes(), run="final"),
        pass_sums(month, CELLS),
    ]
    table = satellite_table(add_up(parts), run="final", year=2019)
    name = "correlation of ln(R + 0.1)"
    log_rate = np.log(month["precipitation"].values + 0.1)
    half_hour = np.corrcoef(log_rate[:-1].ravel(), log_rate[1:].ravel())[0, 1]
    assert value(table, name, "IMERG 30 min later") == pytest.approx(half_hour, abs=1e-4)
    two = np.corrcoef(log_rate[:, :, :-2].ravel(), log_rate[:, :, 2:].ravel())[0, 1]
    assert value(table, name, "IMERG 2 cells to the east") == pytest.approx(two, abs=1e-4)


def test_hours_are_means_of_whole_hours_and_a_lag_shifts_the_radar():
    month = pair().isel(time=slice(1, None))  # begins at half past
    radar = month["radar"].values
    hours = radar[1:].reshape(-1, 2, 10, 10)[:23].mean(axis=1)
    late = month.assign(precipitation=(("time", "lat", "lon"), np.roll(radar, 2, axis=0)))
    parts = [
        hourly_sums(late, radar),
        skill_sums(late, radar, regimes(), run="final"),
        pass_sums(late, CELLS),
    ]
    table = satellite_table(add_up(parts), run="final", year=2019)
    assert value(table, "CC", "hourly, radar -1 h") == pytest.approx(1, abs=0.02)
    expected = np.corrcoef(hours[:-1].ravel(), hours[1:].ravel())[0, 1]
    assert value(table, "CC", "hourly") == pytest.approx(expected, abs=0.05)
