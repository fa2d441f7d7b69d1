import numpy as np
import pytest

from rainscore.grids import imerg_cells, study_grid
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.threeruns import measure_runs, rain_on_cells
from rainscore.simulation.worlds import REFERENCE
from rainscore.simulation.worldtables import satellite_table

GRID = study_grid(centre=(2.5, 46.6), size_km=240, step_km=8)
CELLS = imerg_cells(GRID)
START, END = np.datetime64("2018-12-05"), np.datetime64("2018-12-06")


def test_the_rain_on_the_cells_has_the_mean_of_the_rain_on_the_grid():
    end = START + np.timedelta64(1, "h")
    time, rain, radar = rain_on_cells(
        GRID, CELLS, START, end, seed=3, step_minutes=10, world=REFERENCE
    )
    frames = dict(simulate_rain(GRID, START, end, seed=3, step_minutes=10))
    assert list(time) == list(frames) and rain.shape == (6, *CELLS.shape)
    mean = np.mean(list(frames.values()))
    assert mean > 0.01 and np.nanmean(rain) == pytest.approx(mean, rel=0.15)
    assert radar.shape == rain.shape and not np.allclose(radar, rain, equal_nan=True)
    assert np.nanmean(radar) == pytest.approx(mean, rel=0.5)


def test_the_three_runs_of_a_day_are_measured_together():
    table = satellite_table(
        measure_runs(GRID, CELLS, START, END, seed=3, step_minutes=15), run="final", year=2018
    )
    rows = table[(table["quantity"] == "CC") & (table["regime"] == "all")]
    cc = rows.set_index("product")["simulated"]
    assert 0 < cc["early"] < cc["late"] < 1
    assert cc["final"] == pytest.approx(cc["late"], abs=0.1)
