import numpy as np
import pandas as pd
import pytest

from rainscore.report.figures.plot_world import plot_year
from rainscore.report.figures.style import save
from rainscore.simulation.diagnostics import COLUMNS
from rainscore.simulation.published import satellite_table
from rainscore.simulation.year import cycle_table
from tests.unit.simulation.test_diagnostics import sums


def month(rate: float, peak: int) -> pd.DataFrame:
    """A month of a constant rate [mm/h], but for three hours of twice as much."""
    rows = [("rain [mm/h]", rate * 100, 100.0)]
    for hour in range(0, 24, 3):
        rows.append((f"rain [mm/h] from {hour:02d} UTC", rate * (1 + (hour == peak)) * 10, 10.0))
    full = [("radar", "all", *row, np.nan) for row in rows]
    return pd.DataFrame(full, columns=COLUMNS)


MONTHS = {"2018-01": month(0.1, 3), "2018-06": month(0.2, 15), "2018-07": month(0.1, 15)}


def simulated(table: pd.DataFrame, quantity: str) -> float:
    return table.set_index("quantity")["simulated"][quantity]


def test_the_rain_of_a_month_is_its_mean_rate_times_its_hours():
    table = cycle_table(MONTHS)
    assert simulated(table, "rain of 2018-01 [mm]") == pytest.approx(0.1 * 744)
    assert simulated(table, "rain of 2018-06 [mm]") == pytest.approx(0.2 * 720)


def test_the_daily_cycle_of_a_season_is_the_mean_over_its_months():
    table = cycle_table(MONTHS)
    assert simulated(table, "JJA: rain from 15 UTC, ratio to the mean") == pytest.approx(2)
    assert simulated(table, "JJA: rain from 00 UTC, ratio to the mean") == pytest.approx(1)
    assert simulated(table, "DJF: rain from 03 UTC, ratio to the mean") == pytest.approx(2)
    assert simulated(table, "hour of most summer rain [UTC]") == 16.5
    assert not table["quantity"].str.startswith("MAM").any()


def test_the_figure_shows_months_seasons_and_runs(tmp_path):
    satellite = satellite_table(sums(), run="final", year=2019)
    table = pd.concat([cycle_table(MONTHS), satellite], ignore_index=True)
    fig = plot_year(table, period="2018", world="simulated")
    months, days, ages = fig.axes
    assert len(months.patches) == 3 and len(days.lines) == 2
    assert [line.get_label() for line in ages.lines] == ["final"]
    save(fig, tmp_path / "year.svg")
    assert (tmp_path / "year.svg").stat().st_size > 0
