from dataclasses import replace

import numpy as np
import pytest
from scipy.fft import irfft2

from rainscore.grids import study_grid
from rainscore.simulation import rain as world_rain
from rainscore.simulation.rain import CELLS, SHEETS, simulate_rain
from rainscore.simulation.regimes import Weather, daily_factor

GRID = study_grid(centre=(2.5, 46.6), size_km=400, step_km=8)
START = np.datetime64("2018-11-30T22:00")


def frames(start: np.datetime64, hours: int, **options) -> dict[np.datetime64, np.ndarray]:
    end = start + np.timedelta64(hours, "h")
    return dict(simulate_rain(options.pop("grid", GRID), start, end, **{"seed": 3, **options}))


def field(texture, *, size=64, side_km=512.0):
    return world_rain._Field(texture, side_km=side_km, size=size, seed=1, stream=0)


def constant_weather(**values: float) -> Weather:
    time = np.arange("2018-01-01", "2018-01-05", np.timedelta64(30, "m"), dtype="datetime64[ns]")
    arrays = {k: np.full(time.size, v, float) for k, v in values.items()}
    zero = np.zeros(time.size)
    return Weather(
        time,
        np.full(time.size, "front"),
        **{"daily": zero, **arrays},
        u=zero,
        v=zero,
        x=zero,
        y=zero,
    )


def test_frames_are_five_minutes_apart_complete_and_never_negative():
    result = frames(START, 1)
    assert list(result) == list(np.arange(START, START + 60, np.timedelta64(5, "m")))
    for rate in result.values():
        assert rate.shape == GRID.shape and rate.dtype == np.float32
        assert np.isfinite(rate).all() and rate.min() >= 0


def test_a_frame_does_not_depend_on_the_start_of_the_simulation():
    whole, part = frames(START, 5), frames(START + np.timedelta64(3, "h"), 2)
    assert len(part) == 24
    for time, rate in part.items():
        assert np.array_equal(rate, whole[time])


def test_a_longer_step_gives_the_same_frames():
    every_five, every_thirty = frames(START, 2), frames(START, 2, step_minutes=30)
    assert len(every_thirty) == 4
    assert all(np.array_equal(rate, every_five[time]) for time, rate in every_thirty.items())


def test_another_seed_gives_other_rain():
    one, two = frames(START, 1), frames(START, 1, seed=4)
    assert not np.array_equal(one[START], two[START])


def test_an_oblong_grid_is_an_error():
    with pytest.raises(ValueError, match="square grid"):
        next(simulate_rain(replace(GRID, nx=30), START, START + 60, seed=1))


@pytest.mark.parametrize("texture", [SHEETS, CELLS])
def test_the_gaussian_fields_have_unit_variance(texture):
    source = field(replace(texture, outer=60.0))
    maps = [irfft2(source.modes(h), s=(64, 64), norm="forward") for h in range(0, 2000, 40)]
    assert np.var(maps) == pytest.approx(1, abs=0.05)
    assert np.mean(maps) == pytest.approx(0, abs=1e-6)


def test_the_spectrum_has_the_slope_of_its_texture():
    source = field(replace(CELLS, slope=3.0, fine_slope=3.0, outer=1e5), side_km=64.0)
    power = np.mean([abs(source.modes(h)) ** 2 for h in range(0, 400, 4)], axis=0)
    k = np.hypot(np.fft.fftfreq(64, 1 / 64)[:, None], np.arange(33))
    inside = (k > 2) & (k < 30) & (np.arange(33) > 0)
    slope = np.polyfit(np.log(k[inside]), np.log(power[inside]), 1)[0]
    assert slope == pytest.approx(-3, abs=0.1)


def test_small_structures_have_a_shorter_lifetime_than_large_ones():
    source = field(CELLS)
    now, later = source.modes(1000.0), source.modes(1000.5)
    small, large = source.octave == 5, source.octave == 2
    correlation = [
        (now[m] * later[m].conj()).real.sum() / (abs(now[m]) ** 2).sum() for m in (small, large)
    ]
    assert correlation[0] < correlation[1]


def test_coarse_and_fine_grids_hold_the_same_large_structures():
    coarse, fine = field(CELLS, size=32), field(CELLS, size=64)
    a, b = (f.modes(500.0)[:8, :8] / f.amplitude[:8, :8].clip(1e-9) for f in (coarse, fine))
    np.testing.assert_allclose(a[1:, 1:], b[1:, 1:], rtol=1e-4)


def test_wet_share_mean_and_spread_are_those_of_the_regime():
    weather = constant_weather(wet=0.2, mean=1.0, sigma=1.0, cells=0.3)
    local = world_rain._LocalWeather(weather, n=400, side_km=400.0)
    gauss = np.random.default_rng(0).standard_normal((2, 400, 400)).astype(np.float32)
    rate = local.rain(gauss, local.hours[0] + 48)
    assert (rate > 0).mean() == pytest.approx(0.2, abs=0.005)
    assert rate[rate > 0].mean() == pytest.approx(1.0, rel=0.05)
    assert np.log(rate[rate > 0]).std() == pytest.approx(1.0, abs=0.02)


def test_the_highest_rate_of_sheets_is_below_that_of_cells():
    gauss = np.random.default_rng(0).standard_normal((2, 100, 100)).astype(np.float32)
    max_rates = {}
    for cells in (0.0, 1.0):
        weather = constant_weather(wet=0.5, mean=30.0, sigma=2.0, cells=cells)
        local = world_rain._LocalWeather(weather, n=100, side_km=400.0)
        max_rates[cells] = local.rain(gauss, local.hours[0] + 48).max()
    assert max_rates[0.0] <= 25 < 100 < max_rates[1.0] <= 150


def test_a_change_of_regime_arrives_from_the_west():
    weather = constant_weather(wet=0.001, mean=1.0, sigma=1.0, cells=0.5)
    half = weather.time.size // 2
    weather.wet[half:] = 0.9
    local = world_rain._LocalWeather(weather, n=50, side_km=400.0)
    gauss = np.random.default_rng(0).standard_normal((2, 50, 50)).astype(np.float32)
    wet = local.rain(gauss, local.hours[half]) > 0
    assert wet[:, :15].mean() > 0.8 > 0.1 > wet[:, -15:].mean()


def test_the_daily_cycle_has_the_same_phase_everywhere():
    weather = constant_weather(wet=0.2, mean=1.0, sigma=1.0, cells=0.5, daily=1.2)
    local = world_rain._LocalWeather(weather, n=200, side_km=800.0)
    gauss = np.random.default_rng(0).standard_normal((2, 200, 200)).astype(np.float32)
    day = local.hours[0] + 48
    afternoon, night = (local.rain(gauss, day + hour) > 0 for hour in (16.5, 4.5))
    for part in (np.s_[:, :50], np.s_[:, -50:]):
        share = 0.2 * daily_factor(1.2, 16.5)
        assert afternoon[part].mean() == pytest.approx(share, abs=0.03)
        assert night[part].mean() < 0.25 * share


def test_rain_drifts_with_the_wind(monkeypatch):
    weather = constant_weather(wet=0.3, mean=1.0, sigma=1.0, cells=0.0)
    hours = np.arange(weather.time.size) / 2
    moving = replace(weather, u=weather.u + 16.0, v=weather.v + 8.0, x=16.0 * hours, y=8.0 * hours)
    monkeypatch.setattr(world_rain, "simulate_weather", lambda *a, **k: moving)
    frozen = replace(SHEETS, lifetime=1e4, max_lifetime=1e4)
    monkeypatch.setattr(world_rain, "SHEETS", frozen)
    rates = list(frames(np.datetime64("2018-01-02"), 3, step_minutes=120).values())
    # 16 km/h eastward and 8 km/h northward for 2 h: 4 pixels of 8 km right, 2 up.
    moved = np.roll(rates[0], (-2, 4), (0, 1))[2:-2, 4:-4]
    assert np.corrcoef(moved.ravel(), rates[1][2:-2, 4:-4].ravel())[0, 1] > 0.999
