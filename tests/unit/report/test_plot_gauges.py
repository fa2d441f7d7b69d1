from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.gaugetables import Gauges
from rainscore.evaluation.gaugeverification import (
    Verification,
    VerificationSettings,
    verify,
    write_verification,
)
from rainscore.report.draw_gauges import GAUGE_FIGURES, GaugeFiles
from rainscore.report.figures.plot_gauges import plot_gauges
from rainscore.report.gaugetext import gauges_section
from rainscore.report.page import Picture
from rainscore.report.reportfiles import ReportFiles
from tests.gauges import write_map


def verification(folder: Path, *, dry: bool = False) -> Verification:
    """Two days of half-hourly maps and two gauges."""
    rng = np.random.default_rng(2)
    times = np.arange(96) * np.timedelta64(30, "m") + np.datetime64("2023-11-01")
    rows = []
    for i, time in enumerate(times):
        rain = 0.0 if dry or i % 3 == 0 else 0.1 + rng.gamma(1, 2)
        score, hidden = (rng.uniform(0, 1), np.nan) if rain else (np.nan, rng.uniform(0, 1))
        write_map(folder, str(time), rain, score=score, hidden=hidden)
        rows += [(name, time, rain * rng.integers(0, 2)) for name in ("a", "b")]
    rates = pd.DataFrame(rows, columns=["station", "start", "rate"])
    rates["start"] = rates["start"].astype("datetime64[ns]")
    stations = pd.DataFrame({"station": ["a", "b"], "longitude": [-50, -49.8], "latitude": -25.0})
    gauges = Gauges(stations, rates, np.timedelta64(30, "m"), 0, 0)
    return verify([folder], gauges, VerificationSettings(resamples=50))


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Verification:
    return verification(tmp_path_factory.mktemp("scored"))


def test_the_figure_shows_the_values_of_the_tables(result: Verification) -> None:
    fifths, methods, differences, hidden, lag, stations, *_ = plot_gauges(result).axes
    drawn = {line.get_label(): line for line in fifths.containers}
    assert set(drawn) == {
        "mean agreement of single gauges",
        "affinity of the sums",
        "share of wet gauges",
    }
    names = [label.get_text() for label in methods.get_yticklabels()]
    assert names == ["predicted score", "IMERG rate", "wet share"]
    assert [label.get_text() for label in differences.get_yticklabels()] == names[1:]
    assert "128 accumulations with rain" in "".join(t.get_text() for t in plot_gauges(result).texts)
    assert hidden.get_xlabel() == "mean probability of rain in the window [1]"
    assert np.size(lag.lines[0].get_xdata()) == len(result.lag)
    assert np.shape(stations.collections[-1].get_offsets()) == (2, 2)


def test_the_figure_of_dry_maps_says_so(tmp_path: Path) -> None:
    figure = plot_gauges(verification(tmp_path, dry=True))
    assert "IMERG has no rain at any gauge" in [text.get_text() for text in figure.texts]


def test_the_report_has_a_section_with_the_period_of_the_gauges(
    result: Verification, tmp_path: Path
) -> None:
    write_verification(result, tmp_path)
    paths = [str(tmp_path / "pairs.parquet"), str(tmp_path / "lag.csv")]
    names = ReportFiles.__dataclass_fields__
    values: Any = {name: paths if name == "verification" else "" for name in names}
    files = ReportFiles(**values)
    section = gauges_section(files, [Picture(Path("gauges.svg"), "caption", "alt", "run")])
    ranks, fifths = section.tables
    assert ranks.frame["method"].tolist() == ["predicted score", "IMERG rate", "wet share"]
    assert fifths.frame["fifth"].tolist() == [1, 2, 3, 4, 5]
    assert "mean predicted score" in fifths.frame
    periods = [part.period for part in section.tables]
    periods += [picture.period for picture in section.pictures]
    assert periods == ["2023-11-01 to 2023-11-02"] * 3
    assert GAUGE_FIGURES["gauges"](GaugeFiles(paths)).axes
