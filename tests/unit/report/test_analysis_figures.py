from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.analysis.cells import cell_month
from rainscore.analysis.dailysums import rate_sums, spectrum_sums, timing_sums
from rainscore.analysis.stratification import stratify_skill, with_context
from rainscore.analysis.summaries import joint_rates, spectra, threshold_skill, timing
from rainscore.analysis.tabulation import add_places, condition_sums, place_sums
from rainscore.errors import RainscoreError
from rainscore.io import read_table, write_netcdf, write_table
from rainscore.regridding.conservative import overlap_weights
from rainscore.report.draw_analysis import figures
from rainscore.report.figures.plot_conditions import rows
from rainscore.report.figures.plot_detection import plot_contingency, plot_performance, plot_rates
from rainscore.report.figures.plot_scales import plot_timing
from rainscore.report.figures.style import save
from rainscore.scores.scoremaps import score_month
from tests.world import CELLS, GRID, SCORE, month_pair

BOOTSTRAP: dict = {"resamples": 20, "seed": 0}
NAMES = (
    "skill_maps",
    "skill_by_age",
    "skill_by_condition",
    "skill_by_two",
    "cycles",
    "performance",
    "contingency",
    "rates",
    "spectra",
    "timing",
)


def analyse(folder: Path, start: str, end: str, *, hole: bool = False) -> Path:
    """The result files of a tiny world without regimes; the radar may never see one pixel."""
    pair = month_pair(start, end)
    if hole:
        pair["radar"][:, 7, 7] = np.nan
    scores, table = score_month(pair, SCORE)
    month = cell_month(pair, overlap_weights(GRID, CELLS))
    sums = condition_sums(month, scores, threshold=0.2)
    clusters = pd.DataFrame({"time": month.times, "cluster": np.arange(month.times.size) % 2 - 1})
    context = with_context(sums, table, clusters)
    rates = rate_sums(month)
    tables = {
        "conditions": stratify_skill([context], **BOOTSTRAP),
        "joint": joint_rates(rates),
        "thresholds": threshold_skill(rates, **BOOTSTRAP),
        "spectra": spectra(spectrum_sums(pair, month), **BOOTSTRAP),
        "timing": timing(timing_sums(month), **BOOTSTRAP),
    }
    for name, part in tables.items():
        write_table(part, folder / f"{name}.parquet")
    write_netcdf(add_places([place_sums(month, scores, threshold=0.2)]), folder / "places.nc")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return analyse(tmp_path_factory.mktemp("analysis"), "2019-05-01", "2019-05-05")


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_the_analysis_says_its_world_sample_and_units(folder: Path, name: str) -> None:
    fig = figures(folder, simulated=True)[name]()
    title, subtitle = (text.get_text() for text in fig.texts)
    assert title.endswith("(simulated world)")
    assert subtitle.startswith("192 maps, 4 days, 2019-05-01 to 2019-05-04")
    for ax in fig.axes:
        is_map = any("°" in label.get_text() for label in ax.get_xticklabels())
        shared = ax.get_shared_x_axes().get_siblings(ax)
        if ax.axison and not is_map and ax.get_label() != "<colorbar>":
            assert any(other.get_xlabel() for other in shared), ax


def test_a_world_of_one_day_is_drawn_without_intervals(tmp_path: Path) -> None:
    drawn = figures(analyse(tmp_path, "2019-05-01", "2019-05-02"), simulated=False)
    for name, draw in drawn.items():
        fig = draw()
        assert "simulated" not in fig.texts[0].get_text(), name
        save(fig, tmp_path / f"{name}.svg")
    assert set(drawn) == set(NAMES)


def test_a_radar_that_never_sees_one_pixel_has_no_spectra_and_the_figure_says_so(tmp_path) -> None:
    drawn = figures(analyse(tmp_path, "2019-05-01", "2019-05-03", hole=True), simulated=True)
    for name, draw in drawn.items():
        texts = [text.get_text() for text in draw().texts]
        assert ("no tile with rain is without a missing pixel" in texts) == (name == "spectra"), (
            name
        )


def test_less_than_seven_half_hours_have_no_timing_and_the_figure_says_so(tmp_path: Path) -> None:
    table = timing(pd.DataFrame(columns=["day", "source", "i", "j", "value"]), **BOOTSTRAP)
    write_table(table, tmp_path / "timing.parquet")
    fig = plot_timing(table, maps=5, days=1, period="2019", world="real")
    assert fig.texts[-1].get_text().startswith("no cell is seen")


def test_nothing_in_common_is_an_error_that_says_where_to_look() -> None:
    pair = month_pair("2019-05-01", "2019-05-02")
    pair["radar"][:] = np.nan
    scores, table = score_month(pair, SCORE)
    sums = condition_sums(cell_month(pair, overlap_weights(GRID, CELLS)), scores, threshold=0.2)
    clusters = pd.DataFrame({"time": pair["time"].values, "cluster": 0})
    with pytest.raises(RainscoreError, match="in common; see results/data/availability"):
        stratify_skill([with_context(sums, table, clusters)], **BOOTSTRAP)


def test_a_source_met_on_two_days_of_many_has_no_line(folder: Path) -> None:
    read = {name: read_table(folder / f"{name}.parquet") for name in ("timing", "thresholds")}
    for table in read.values():
        table.loc[table["source"] == "imager", "days"] = 2
    about: dict = {"maps": 1, "days": 4, "period": "2019", "world": "real"}
    joint, conditions = (read_table(folder / f"{n}.parquet") for n in ("joint", "conditions"))
    drawn = (
        plot_timing(read["timing"], **about).axes[1],
        plot_contingency(read["thresholds"], joint, **about).axes[1],
    )
    for ax in drawn:
        lines = {line.get_label(): np.size(line.get_xdata()) for line in ax.lines}
        assert lines.get("imager", 0) == 0 < lines["infrared"]
    paths = plot_performance(conditions, read["thresholds"], **about).axes[1].lines
    assert {line.get_label(): np.size(line.get_xdata()) for line in paths}["imager"] == 0


def test_a_class_of_rates_that_never_occurs_is_left_blank_and_not_bridged() -> None:
    joint = pd.DataFrame(
        {
            "source": "morphed",
            "imerg_from": [0.1, 2.0, 5.0],
            "radar_from": [0.1, 2.0, 5.0],
            "n": [50, 50, 50],
            "days": 3,
        }
    )
    fig = plot_rates(joint, maps=1, days=3, period="2019", world="real")
    line = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("morphed")).lines[0]
    np.testing.assert_allclose(
        np.asarray(line.get_xdata()), np.sqrt([0.1 * 0.12, 2 * 2.5, 5 * 6]), rtol=1e-6
    )


def test_the_same_results_give_the_same_svg(folder: Path, tmp_path: Path) -> None:
    for name in ("once", "again"):
        save(figures(folder, simulated=True)["performance"](), tmp_path / f"{name}.svg")
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_class_met_on_too_few_days_is_not_drawn_unless_all_are() -> None:
    table = pd.DataFrame(
        {
            "grouping": "source",
            "source": ["imager", "morphed", "infrared", "unknown"],
            "measure": "score",
            "value": [0.5, 0.4, 0.3, 0.2],
            "days": [9, 3, 2, 9],
        }
    )
    assert rows(table, "source", measure="score")["source"].tolist() == ["imager", "morphed"]
    few = table.assign(days=1)
    assert len(rows(few, "source", measure="score")) == 3
