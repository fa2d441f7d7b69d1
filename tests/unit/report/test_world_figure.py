import numpy as np
import pandas as pd

from rainscore.report.figures.plot_world import plot_world, plot_year
from rainscore.report.figures.style import save
from rainscore.simulation.worldtables import cycle_table, rain_table, satellite_table
from tests.unit.simulation.test_diagnostics import sums
from tests.unit.simulation.test_worldtables import MONTHS


def test_the_figure_shows_every_quantity_that_has_an_aim_even_where_it_is_unknown(tmp_path):
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    fig = plot_world(rain, satellite, maps=48, period="2019-01", world="simulated")
    labels = [text.get_text() for ax in fig.axes for text in ax.get_yticklabels()]
    assert "autocorrelation at 12.5 km" in labels
    assert "final: CC" in labels
    assert "rain of a year [mm]" in labels
    save(fig, tmp_path / "world.svg")
    assert (tmp_path / "world.svg").stat().st_size > 0


def test_a_value_outside_of_its_aim_has_another_colour():
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    satellite.loc[0, "simulated"] = 0.99
    fig = plot_world(rain, satellite, maps=48, period="2019-01", world="simulated")
    scores = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("Products: scores"))
    outside = scores.lines[-1]
    assert 0.99 in np.asarray(outside.get_xdata())


def test_a_value_within_two_standard_errors_of_its_aim_is_not_outside():
    rain, satellite = rain_table(sums()), satellite_table(sums(), run="final", year=2019)
    row = rain.index[rain["quantity"] == "autocorrelation at 2.5 km"][0]
    for error, outside in ((0.005, True), (0.05, False)):
        rain.loc[row, ["simulated", "error"]] = 0.84, error
        fig = plot_world(rain, satellite, maps=48, period="2019-01", world="simulated")
        front = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("Front"))
        assert (0.84 in np.asarray(front.lines[-1].get_xdata())) == outside


def test_the_figure_shows_months_seasons_and_runs(tmp_path):
    satellite = satellite_table(sums(), run="final", year=2019)
    table = pd.concat([cycle_table(MONTHS), satellite], ignore_index=True)
    fig = plot_year(table, period="2018", world="simulated")
    months, days, ages = fig.axes
    assert len(months.patches) == 3 and len(days.lines) == 2
    assert [line.get_label() for line in ages.lines] == ["final"]
    save(fig, tmp_path / "year.svg")
    assert (tmp_path / "year.svg").stat().st_size > 0
