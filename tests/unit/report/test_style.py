from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rainscore.report.figures.style import (
    COLOURS,
    colour,
    draw_figures,
    figure,
    intervals,
    marker,
    sample_text,
    save,
    styled,
)
from tests.unit.report.figuredata import bars, points


def simple(size: float = 3.0) -> Figure:
    fig = figure(size, 2, title="Rain", subtitle="2 maps", world="simulated")
    fig.subplots().plot([0, 1], [0, 1])
    return fig


def test_a_simulated_world_and_an_hourly_radar_are_marked_in_the_title() -> None:
    assert simple().texts[0].get_text() == "Rain (simulated world)"
    hourly = figure(3, 2, title="Rain", subtitle="2 maps", world="hourly")
    assert hourly.texts[0].get_text() == "Rain (hourly radar)"
    real = figure(3, 2, title="Rain", subtitle="2 maps", world="real")
    assert [text.get_text() for text in real.texts] == ["Rain", "2 maps"]


def test_colours_repeat_after_eight_with_another_marker() -> None:
    assert colour(0) == colour(len(COLOURS)) and marker(0) != marker(len(COLOURS))
    assert len({(colour(i), marker(i)) for i in range(16)}) == 16


@pytest.mark.parametrize(
    ("days", "text"), [(1, "2\u202f304 maps, 1 day, 2019"), (48, "2\u202f304 maps, 48 days, 2019")]
)
def test_a_sample_is_stated_with_its_days_and_period(days: int, text: str) -> None:
    assert sample_text(2304, "maps", days, "2019") == text


def test_points_have_their_intervals_and_one_without_interval_is_drawn_too() -> None:
    rows = pd.DataFrame({"value": [0.5, 0.2], "low": [0.4, np.nan], "high": [0.7, np.nan]})
    ax = Figure().subplots()
    intervals(ax, np.arange(2), rows, across=True)
    np.testing.assert_allclose(points(ax), [[0.5, 0], [0.2, 1]])
    np.testing.assert_allclose(bars(ax), [[0.4, 0.7]])


def test_only_the_figures_of_the_paths_are_drawn(tmp_path: Path) -> None:
    calls: list[float] = []

    def draw(size: float) -> Figure:
        calls.append(size)
        return simple(size)

    paths = [str(tmp_path / "a.svg"), str(tmp_path / "b.png")]
    draw_figures({"a": draw, "b": draw, "c": draw}, paths, 4.0)
    assert calls == [4.0, 4.0]
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_drawing_and_saving_leave_the_settings_of_matplotlib_unchanged(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    save(styled(simple)(), tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before


def test_an_unsupported_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="xyz"):
        save(simple(), tmp_path / "a.xyz")
    assert list(tmp_path.iterdir()) == []
