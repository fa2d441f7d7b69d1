from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from rainscore.analysis.cells import cell_month
from rainscore.analysis.dailysums import fss_sums, rate_sums, spectrum_sums, timing_sums
from rainscore.analysis.stratification import stratify_skill, with_context
from rainscore.analysis.summaries import (
    fss_by_scale,
    joint_rates,
    spectra,
    threshold_skill,
    timing,
)
from rainscore.analysis.tabulation import add_places, condition_sums, place_sums
from rainscore.errors import RainscoreError
from rainscore.imerg.reader import FIELDS
from rainscore.io import read_table, write_netcdf, write_table
from rainscore.regridding.conservative import overlap_weights
from rainscore.report.draw_analysis import (
    ANALYSIS_FIGURES,
    AnalysisFiles,
    analysis_sample,
    worst_maps,
)
from rainscore.report.figures.plot_conditions import rows
from rainscore.report.figures.plot_detection import plot_contingency, plot_performance, plot_rates
from rainscore.report.figures.plot_scales import plot_timing
from rainscore.report.figures.style import save
from rainscore.report.runsample import RunSample
from rainscore.scores.scoremaps import score_month
from tests.unit.report.figuredata import bars, colour_values, labelled_lines, points, ticks
from tests.world import CELLS, GRID, SCORE, TO_CELLS, month_pair

BOOTSTRAP: dict = {"resamples": 20, "seed": 0}


def analyse(
    folder: Path, start: str, end: str, *, hole: bool = False, rain_only: bool = False
) -> AnalysisFiles:
    """Result files of a small world without regimes.

    Args:
        folder: Folder of the files.
        start, end: Period.
        hole: Whether a pixel has no radar.
        rain_only: Whether rain is the only field of IMERG.
    """
    pair = month_pair(start, end)
    for name in set(FIELDS) - {"precipitation"} if rain_only else ():
        pair[name] = pair[name] * np.nan
    if hole:
        pair["radar"][:, 7, 7] = np.nan
    scores, table = score_month(pair, TO_CELLS, SCORE)
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
        "scales": fss_by_scale(fss_sums(pair, min_valid=0.5), **BOOTSTRAP),
    }
    for name, part in tables.items():
        write_table(part, folder / f"{name}.parquet")
    write_netcdf(add_places([place_sums(month, scores, threshold=0.2)]), folder / "places.nc")
    write_netcdf(pair.drop_vars(["lat", "lon"]), folder / "pairs.nc")
    write_netcdf(scores, folder / "scores.nc")
    write_table(table, folder / "table.parquet")
    paths = {name: str(folder / f"{name}.parquet") for name in tables}
    return AnalysisFiles(
        **paths,
        places=str(folder / "places.nc"),
        pairs=[str(folder / "pairs.nc")],
        scores=[str(folder / "scores.nc")],
        tables=[str(folder / "table.parquet")],
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> AnalysisFiles:
    return analyse(tmp_path_factory.mktemp("analysis"), "2019-05-01", "2019-05-05")


def drawn(files: AnalysisFiles, name: str) -> Figure:
    return ANALYSIS_FIGURES[name](files, analysis_sample(files, world="real"))


def measure_rows(files: AnalysisFiles, grouping: str, measure: str) -> pd.DataFrame:
    table = read_table(files.conditions)
    return table[(table["grouping"] == grouping) & (table["measure"] == measure)]


def test_the_sample_is_that_of_the_analysis(files: AnalysisFiles) -> None:
    sample = analysis_sample(files, world="real")
    assert (sample.maps, sample.days) == (192, 4)
    assert sample.period == "2019-05-01 to 2019-05-04"


def test_maps_show_the_score_of_the_sums_and_missing_cells_as_missing(
    files: AnalysisFiles,
) -> None:
    places = xr.load_dataset(files.places, engine="h5netcdf")
    score, number, correlation, _ = drawn(files, "skill_maps").axes[:4]
    expected = 1 - places["score_numerator"] / places["score_denominator"]
    mesh = colour_values(score.collections[0])
    np.testing.assert_allclose(mesh, expected.where(places["score_denominator"] > 0))
    np.testing.assert_allclose(colour_values(number.collections[0]), places["windows"])
    assert colour_values(correlation.collections[0]).shape == CELLS.shape


def test_the_score_of_each_source_is_drawn_with_its_interval(files: AnalysisFiles) -> None:
    expected = rows(read_table(files.conditions), "source", measure="score")
    panel = drawn(files, "skill_by_condition").axes[1]
    assert [label.split(" (")[0] for label in ticks(panel)[::-1]] == expected["source"].tolist()
    np.testing.assert_allclose(points(panel)[::-1, 0], expected["value"])
    np.testing.assert_allclose(bars(panel)[::-1], expected[["low", "high"]])


def test_the_daily_cycle_has_the_mean_rain_of_both_products(files: AnalysisFiles) -> None:
    rain = drawn(files, "cycles").axes[0]
    lines = labelled_lines(rain)
    for label, measure in (("IMERG", "imerg_mean"), ("radar", "radar_mean")):
        expected = measure_rows(files, "season × hour", measure)
        np.testing.assert_allclose(lines[label][:, 0], np.arange(24) + 0.5)
        np.testing.assert_allclose(lines[label][:, 1], expected["value"])


def test_the_coherence_is_drawn_by_wavelength(files: AnalysisFiles) -> None:
    table = read_table(files.spectra)
    expected = table[(table["source"] == "all") & (table["measure"] == "coherence")]
    coherence = drawn(files, "spectra").axes[2]
    line = labelled_lines(coherence)["all"]
    expected = expected.sort_values("wavelength_km")
    np.testing.assert_allclose(line, expected[["wavelength_km", "value"]])


def test_the_correlation_is_drawn_by_time_shift(files: AnalysisFiles) -> None:
    table = read_table(files.timing)
    rows = table[(table["measure"] == "correlation") & (table["source"] == "all")]
    expected = rows[rows["accumulation"] == rows["accumulation"].min()].sort_values("lag")
    left = drawn(files, "timing").axes[0]
    line = labelled_lines(left)["all"]
    np.testing.assert_allclose(line, expected[["lag", "value"]])


def test_every_row_of_the_contingency_adds_to_100_percent(files: AnalysisFiles) -> None:
    for ax in drawn(files, "contingency").axes[3:6]:
        shares = np.asarray(ax.images[0].get_array())
        total = shares.sum(axis=1)
        np.testing.assert_allclose(total[np.isfinite(total)], 100)


def test_a_world_of_one_day_is_drawn_without_intervals(tmp_path: Path) -> None:
    files = analyse(tmp_path, "2019-05-01", "2019-05-02")
    for name in ANALYSIS_FIGURES:
        save(drawn(files, name), tmp_path / f"{name}.svg")
    panel = drawn(files, "skill_by_condition").axes[0]
    assert np.isfinite(points(panel)).all() and bars(panel).size == 0


def test_a_radar_with_a_missing_pixel_in_each_tile_has_no_spectra(tmp_path: Path) -> None:
    files = analyse(tmp_path, "2019-05-01", "2019-05-03", hole=True)
    for name in ANALYSIS_FIGURES:
        assert bool(drawn(files, name).axes) == (name != "spectra")


def test_fewer_than_seven_half_hours_have_no_timing(tmp_path: Path) -> None:
    table = timing(pd.DataFrame(columns=["day", "source", "i", "j", "value"]), **BOOTSTRAP)
    fig = plot_timing(table, sample=RunSample(5, 1, "2019", "real"))
    assert fig.axes == [] and len(fig.texts) == 3


def test_products_without_common_cells_are_an_error() -> None:
    pair = month_pair("2019-05-01", "2019-05-02")
    pair["radar"][:] = np.nan
    scores, table = score_month(pair, TO_CELLS, SCORE)
    sums = condition_sums(cell_month(pair, overlap_weights(GRID, CELLS)), scores, threshold=0.2)
    clusters = pd.DataFrame({"time": pair["time"].values, "cluster": 0})
    with pytest.raises(RainscoreError, match="in common; see results/data/availability"):
        stratify_skill([with_context(sums, table, clusters)], **BOOTSTRAP)


def test_a_source_of_two_days_has_no_line(files: AnalysisFiles) -> None:
    tables = {name: read_table(vars(files)[name]) for name in ("timing", "thresholds")}
    for table in tables.values():
        table.loc[table["source"] == "imager", "days"] = 2
    sample = RunSample(1, 4, "2019", "real")
    joint, conditions = read_table(files.joint), read_table(files.conditions)
    axes = (
        plot_timing(tables["timing"], sample=sample).axes[1],
        plot_contingency(tables["thresholds"], joint, sample=sample).axes[1],
    )
    for ax in axes:
        lines = {line.get_label(): np.size(line.get_xdata()) for line in ax.lines}
        assert lines.get("imager", 0) == 0 < lines["infrared"]
    paths = plot_performance(conditions, tables["thresholds"], sample=sample).axes[1].lines
    assert {line.get_label(): np.size(line.get_xdata()) for line in paths}["imager"] == 0


def test_the_mean_is_not_drawn_where_a_class_of_rates_does_not_occur() -> None:
    joint = pd.DataFrame(
        {
            "source": "morphed",
            "imerg_from": [0.1, 2.0, 5.0],
            "radar_from": [0.1, 2.0, 5.0],
            "n": [50, 50, 50],
            "days": 3,
        }
    )
    fig = plot_rates(joint, sample=RunSample(1, 3, "2019", "real"))
    line = next(ax for ax in fig.axes if ax.get_title(loc="left").startswith("morphed")).lines[0]
    np.testing.assert_allclose(
        np.asarray(line.get_xdata()), np.sqrt([0.1 * 0.12, 2 * 2.5, 5 * 6]), rtol=1e-6
    )


def test_the_same_results_give_the_same_svg(files: AnalysisFiles, tmp_path: Path) -> None:
    for name in ("first", "second"):
        save(drawn(files, "performance"), tmp_path / f"{name}.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_a_class_of_too_few_days_is_not_drawn_unless_all_are() -> None:
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


def test_the_fss_is_drawn_by_window_size_with_the_useful_scale(files: AnalysisFiles) -> None:
    table = read_table(files.scales)
    left, right = drawn(files, "fss_by_scale").axes
    expected = table[(table["measure"] == "fss") & (table["threshold"] == 0.2)]
    line = next(line for line in left.lines if line.get_label() == "0.2")
    np.testing.assert_allclose(np.asarray(line.get_xdata()), expected["window_km"])
    np.testing.assert_allclose(np.asarray(line.get_ydata()), expected["value"])
    thresholds = [f"{threshold:g}" for threshold in sorted(table["threshold"].unique())]
    assert [text.get_text() for text in right.get_xticklabels()] == thresholds


def test_the_worst_maps_are_rainy_and_of_different_days(files: AnalysisFiles) -> None:
    table = read_table(files.tables[0])
    worst = worst_maps(table, 3)
    assert worst["time"].dt.normalize().is_unique
    rain = table["sum_radar"] / table["n"]
    assert (worst["sum_radar"] / worst["n"]).min() >= rain.quantile(0.8) - 1e-9
    rainy = table[rain >= rain.quantile(0.8)]
    assert worst["map_score"].min() == rainy["map_score"].min()


def test_hit_missed_and_false_rain_are_drawn_as_they_are_in_the_score_maps(
    files: AnalysisFiles,
) -> None:
    fig = drawn(files, "amounts")
    worst = worst_maps(read_table(files.tables[0]), 3)
    scores = xr.load_dataset(files.scores[0], engine="h5netcdf").sel(time=worst["time"].to_numpy())
    panels = np.array(fig.axes[: 6 * len(worst)]).reshape(len(worst), 6)
    for row in range(len(worst)):
        for ax, name in zip(
            panels[row, 2:5], ("hit_rain", "missed_rain", "false_rain"), strict=True
        ):
            mesh = np.ma.filled(ax.collections[-1].get_array(), np.nan)
            np.testing.assert_allclose(mesh, scores[name].values[row], rtol=1e-5)


def test_the_score_below_the_cells_is_drawn_with_its_mean_and_its_shares(
    files: AnalysisFiles,
) -> None:
    fig = drawn(files, "subcell")
    values = xr.load_dataset(files.scores[0], engine="h5netcdf")["subcell_score"].values
    mesh: np.ndarray = np.ma.filled(np.ma.asarray(fig.axes[0].collections[-1].get_array()), np.nan)
    with np.errstate(invalid="ignore"):
        expected = np.nansum(values, axis=0) / np.isfinite(values).sum(axis=0)
    np.testing.assert_allclose(mesh, expected, rtol=1e-4)
    (stairs,) = fig.axes[1].patches
    assert isinstance(stairs, StepPatch)
    shares = np.asarray(stairs.get_data()[0])
    assert shares.sum() == pytest.approx(1)


@pytest.fixture(scope="module")
def rain_only(tmp_path_factory) -> AnalysisFiles:
    """Analysis of IMERG maps that have rain only, as those of the open stores."""
    folder = tmp_path_factory.mktemp("rain_only")
    return analyse(folder, "2019-05-01", "2019-05-03", rain_only=True)


@pytest.mark.parametrize("name", ANALYSIS_FIGURES)
def test_each_figure_can_be_drawn_of_maps_with_rain_only(
    rain_only: AnalysisFiles, name: str, tmp_path: Path
) -> None:
    drawn = ANALYSIS_FIGURES[name](rain_only, analysis_sample(rain_only, world="real"))
    save(drawn, tmp_path / f"{name}.svg")
    if name == "skill_by_two":
        texts = [text.get_text() for text in drawn.texts]
        assert any("do not state the source of their rain" in text for text in texts)
