import numpy as np
import pandas as pd

from rainscore.simulation.airmass import freezing_level
from rainscore.simulation.regimes import (
    EPOCH_HOURS,
    REGIMES,
    daily_factor,
    simulate_regimes,
    simulate_weather,
)

YEAR = np.datetime64("2018-01-01"), np.datetime64("2019-01-01")


def test_each_half_hour_has_one_of_the_seven_regimes():
    table = simulate_regimes(*YEAR, seed=1)
    assert len(table) == 365 * 48
    assert table["time"].dtype == "datetime64[ns]"
    assert table["time"].iloc[0] == pd.Timestamp("2018-01-01")
    assert set(table["regime"]) == set(REGIMES)


def test_a_month_simulated_alone_equals_the_month_of_a_whole_year():
    year = simulate_regimes(*YEAR, seed=1)
    start, end = np.datetime64("2018-05-01"), np.datetime64("2018-06-01")
    month = simulate_regimes(start, end, seed=1)
    inside = year[(year["time"] >= start) & (year["time"] < end)].reset_index(drop=True)
    pd.testing.assert_frame_equal(month, inside)


def test_the_parameters_of_an_instant_do_not_depend_on_the_period_to_the_last_bit():
    start, end = np.datetime64("2018-05-03T10:00"), np.datetime64("2018-05-03T20:00")
    alone = simulate_weather(start, end, seed=1, side_km=1024)
    longer = simulate_weather(start - np.timedelta64(40, "D"), end, seed=1, side_km=1024)
    for name in ("wet", "mean", "sigma", "cells", "daily", "u", "v", "x", "y"):
        assert np.array_equal(getattr(alone, name), getattr(longer, name)[-20:]), name


def test_another_seed_gives_other_weather():
    one, two = (simulate_regimes(*YEAR, seed=seed)["regime"] for seed in (1, 2))
    assert (one != two).mean() > 0.5


def test_snow_occurs_in_winter_and_convection_in_summer():
    table = simulate_regimes(np.datetime64("2010-01-01"), np.datetime64("2020-01-01"), seed=1)
    share = table.groupby(table["time"].dt.month)["regime"].value_counts(normalize=True)
    assert share.get((7, "snow"), 0) == 0 < 0.05 < share[1, "snow"]
    assert share[7, "organised"] > 5 * share.get((1, "organised"), 0)
    assert share[1, "front"] > share[7, "front"]


def test_snow_occurs_under_a_low_freezing_level():
    table = simulate_regimes(np.datetime64("2012-11-01"), np.datetime64("2013-04-01"), seed=1)
    hours = table["time"].astype("datetime64[s]").astype(int) / 3600
    level = np.array([freezing_level(hour, seed=1) for hour in hours])
    snow = table["regime"] == "snow"
    assert snow.any() and level[snow].mean() < level[~snow].mean() - 400


def test_the_daily_cycle_has_mean_one_and_its_maximum_in_the_late_afternoon():
    hours = np.arange(0, 24, 0.5)
    factor = daily_factor(1.4, hours)
    assert np.isclose(factor.mean(), 1) and hours[factor.argmax()] == 16.5
    assert factor.max() > 2.5 and np.allclose(daily_factor(0.0, hours), 1)


def test_convective_rain_falls_in_summer_afternoons_and_winter_rain_at_any_hour():
    weather = simulate_weather(
        np.datetime64("2010-01-01"), np.datetime64("2020-01-01"), seed=1, side_km=1024
    )
    time = pd.DatetimeIndex(weather.time)
    hour = (time.hour + time.minute / 60).to_numpy()
    rain = pd.Series(weather.wet * daily_factor(weather.daily, hour) * weather.mean)
    cycle = rain.groupby([time.month, time.hour // 3]).mean().unstack()
    summer, winter = (cycle.loc[months].mean() for months in ([6, 7, 8], [12, 1, 2]))
    assert summer.idxmax() == 5 and summer.max() > 1.7 * summer.min()
    assert winter.max() < 1.2 * winter.min()


def test_convection_starts_during_the_day():
    table = simulate_regimes(np.datetime64("2010-01-01"), np.datetime64("2020-01-01"), seed=1)
    begins = (table["regime"] == "isolated") & (table["regime"].shift() != "isolated")
    hour = table["time"][begins].dt.hour
    assert hour.between(8, 16).mean() > 2 * (hour.ge(20) | hour.lt(4)).mean()


def test_the_path_of_the_rain_closes_on_the_torus_at_the_end_of_each_epoch():
    epoch = int(np.datetime64("2018-05-01", "h").astype(int) // EPOCH_HOURS)
    start = np.datetime64(epoch * EPOCH_HOURS, "h")
    weather = simulate_weather(
        start, start + np.timedelta64(EPOCH_HOURS, "h"), seed=1, side_km=1024
    )
    for speed, path in ((weather.u, weather.x), (weather.v, weather.y)):
        assert path[0] == 0
        turns = (path[-1] + speed[-1] / 2) / 1024
        assert abs(turns - round(turns)) < 1e-9
