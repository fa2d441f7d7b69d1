import numpy as np
import pandas as pd

from rainscore.report.figures.plot_world import plot_world, plot_year
from rainscore.simulation.worldtables import cycle_table, rain_table, satellite_table
from tests.unit.report.figuredata import heights, line_points, ticks
from tests.unit.simulation.test_diagnostics import sums
from tests.unit.simulation.test_worldtables import MONTHS


def test_every_quantity_with_a_target_is_drawn_even_where_the_run_has_no_value() -> None:
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    fig = plot_world(rain, satellite, half_hours=48, period="2019-01", world="simulated")
    labels = [text.get_text() for ax in fig.axes for text in ax.get_yticklabels()]
    assert "autocorrelation at 12.5 km" in labels
    assert "final: CC" in labels
    assert "rain of a year [mm]" in labels
    panel = next(ax for ax in fig.axes if "final: CC" in ticks(ax))
    scores = satellite[satellite["quantity"].isin(["CC", "POD", "FAR"])]
    scores = scores[scores[["reference", "low", "high"]].notna().any(axis=1)]
    np.testing.assert_allclose(line_points(panel.lines[0])[:, 0], scores["reference"])


def test_a_value_outside_its_target_range_has_another_colour() -> None:
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    satellite.loc[0, "simulated"] = 0.99
    fig = plot_world(rain, satellite, half_hours=48, period="2019-01", world="simulated")
    scores = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("Products: scores"))
    outside = scores.lines[-1]
    assert 0.99 in np.asarray(outside.get_xdata())


def test_a_value_within_two_standard_errors_of_its_target_range_is_not_outside() -> None:
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    row = rain.index[rain["quantity"] == "autocorrelation at 2.5 km"][0]
    for error, outside in ((0.005, True), (0.05, False)):
        rain.loc[row, ["simulated", "error"]] = 0.84, error
        fig = plot_world(rain, satellite, half_hours=48, period="2019-01", world="simulated")
        front = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("Front"))
        assert (0.84 in np.asarray(front.lines[-1].get_xdata())) == outside


def test_a_year_shows_the_months_the_seasons_and_the_runs_of_imerg() -> None:
    satellite = satellite_table(sums(), run="final", year=2019)
    table = pd.concat([cycle_table(MONTHS), satellite], ignore_index=True)
    months, days, ages = plot_year(table, period="2018", world="simulated").axes
    rain = table[table["quantity"].str.startswith("rain of 2")]["simulated"]
    np.testing.assert_allclose(heights(months), rain)
    assert len(months.patches) == 3 and len(days.lines) == 2
    assert [line.get_label() for line in ages.lines] == ["final"]
