from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from rainscore.analysis.lag import find_lag, lag_sums
from rainscore.grids import Grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule
from rainscore.report.figures.plot_data import plot_lag

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 20, 16)
START = np.datetime64("2020-01-01T12:00", "ns")
MINUTE = np.timedelta64(1, "m")


def world() -> np.ndarray:
    """Rain [mm/h] at each minute of four hours, correlated over about 15 minutes."""
    noise = np.random.default_rng(1).standard_normal((240, 16, 20))
    smooth = gaussian_filter(noise, (15, 1, 1))
    return np.minimum(np.exp(2 * smooth / smooth.std()), 250).astype(np.float32)


def granules(folder: Path, rain: np.ndarray) -> pd.DataFrame:
    """Two half-hours with microwave observations at minutes 3 to 26, row by row."""
    rows = []
    for start in (START, START + 30 * MINUTE):
        minute = np.broadcast_to(np.linspace(3, 26, 16).astype(int)[:, None], CELLS.shape)
        first = int((start - START) / MINUTE) + 90
        observed = rain[first + minute, np.arange(16)[:, None], np.arange(20)]
        names = ["precipitation", "random_error", "mw_precipitation", "ir_precipitation"]
        names += ["precipitation_uncal", "quality_index"]
        fields = dict.fromkeys(names, (("lat", "lon"), observed))
        fields |= {
            name: (("lat", "lon"), np.full(CELLS.shape, 9.0))
            for name in ("mw_source", "ir_influence", "liquid_probability")
        }
        fields["mw_minute"] = (("lat", "lon"), minute.astype(float))
        dataset = xr.Dataset(fields, {"lat": CELLS.y, "lon": CELLS.x, "time": start})
        path = folder / granule_name("final", start)
        write_granule(path, dataset, run="final")
        rows.append({"time": pd.Timestamp(start), "state": "present", "file": str(path)})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("stamp_error", [-5, 0, 5])
def test_a_wrong_time_stamp_shifts_the_best_lag_by_one_step(
    stamp_error: int, tmp_path: Path
) -> None:
    rain = world()
    means = rain.reshape(48, 5, 16, 20).mean(axis=1)
    times = START - 90 * MINUTE + np.arange(48) * 5 * MINUTE + stamp_error * MINUTE

    def frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        inside = (times >= start) & (times < end)
        return times[inside], means[inside]

    sums = lag_sums(granules(tmp_path, rain), frames, CELLS, step_minutes=5, half_hours=5)
    table, best = find_lag(sums, resamples=50)
    assert best.half_hours == 2
    assert best.best == pytest.approx(stamp_error, abs=1.5)
    assert table["value"].max() > 0.9
    assert table["n"].eq(2 * 16 * 20).all()


def test_without_microwave_rain_there_is_no_lag_and_the_figure_says_so(tmp_path: Path) -> None:
    dry = granules(tmp_path, np.zeros((180, 16, 20), np.float32))

    def no_frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        return np.array([], "datetime64[ns]"), np.empty((0, 16, 20), np.float32)

    table, best = find_lag(lag_sums(dry, no_frames, CELLS, step_minutes=5, half_hours=5))
    assert (len(table), best.half_hours) == (0, 0)
    assert np.isnan(best.best)
    drawn = plot_lag(
        table,
        {**best.as_dict(), "timestamp_convention": "start"},
        period="2020-01",
        world="real",
    )
    assert drawn.texts[-1].get_text().startswith("no half-hour")


def test_a_radar_that_never_rains_has_no_best_lag(tmp_path: Path) -> None:
    times = START + np.arange(-90, 150, 5) * MINUTE

    def dry(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        inside = times[(times >= start) & (times < end)]
        return inside, np.zeros((inside.size, 16, 20), np.float32)

    sums = lag_sums(granules(tmp_path, world()), dry, CELLS, step_minutes=5, half_hours=5)
    table, best = find_lag(sums, resamples=5)
    assert (len(sums) > 0, len(table), best.half_hours) == (True, 0, 2)
    assert np.isnan(best.best)
