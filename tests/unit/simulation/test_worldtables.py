import numpy as np
import pandas as pd
import pytest

from rainscore.simulation.diagnostics import COLUMNS
from rainscore.simulation.worldtables import cycle_table


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
