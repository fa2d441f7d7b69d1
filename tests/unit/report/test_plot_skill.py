import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection

from rainscore.evaluation.skill import DECILE_SPLITS, DECILES
from rainscore.report.figures.plot_skill import (
    plot_coverage,
    plot_coverage_deciles,
    plot_paired,
    plot_predicted,
    plot_reliability,
    plot_skill,
)
from tests.unit.report.figuredata import PERIOD, bars, line_points, points, table, ticks


def skill_rows() -> pd.DataFrame:
    groups = [("all", "all"), ("map", "all"), ("age", "> 4 h"), ("age", "now"), ("age", "1–2 h")]
    rows = [
        (method, measure, split, group)
        for method in ("climatology", "U-Net")
        for measure in ("crps_skill", "mae", "correlation", "coverage")
        for split, group in groups
    ]
    names = ("method", "measure", "split", "group")
    return table(**dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def chosen(rows: pd.DataFrame, **values: str) -> pd.DataFrame:
    for name, value in values.items():
        rows = rows[rows[name] == value]
    return rows


def test_methods_are_drawn_with_their_values_and_intervals_the_best_on_top() -> None:
    rows = skill_rows()
    rows.loc[rows["method"] == "U-Net", ["value", "low", "high"]] += 1
    for split in ("all", "map"):
        axes = plot_skill(rows, split=split, period=PERIOD, world="real").axes
        assert ticks(axes[0]) == ["climatology", "U-Net"]
        for ax, measure in zip(axes, ("crps_skill", "mae", "correlation"), strict=True):
            expected = chosen(rows, measure=measure, split=split, group="all")
            np.testing.assert_allclose(points(ax)[:, 0], expected["value"])
            np.testing.assert_allclose(bars(ax), expected[["low", "high"]])


def test_a_method_without_a_measure_leaves_its_row_empty() -> None:
    rows = skill_rows()
    rows = rows[~((rows["method"] == "climatology") & (rows["measure"] == "mae"))]
    ax = plot_skill(rows, period=PERIOD, world="real").axes[1]
    assert np.isfinite(points(ax)).all(axis=1).sum() == 1


def test_groups_of_the_coverage_are_in_their_natural_order() -> None:
    rows = skill_rows()
    ax = plot_coverage(rows, period=PERIOD, world="real").axes[0]
    assert [label.split(" (")[0] for label in ticks(ax)[::-1]] == [
        "all windows",
        "whole maps",
        "age: now",
        "age: 1–2 h",
        "age: > 4 h",
    ]
    expected = chosen(rows, method="U-Net", measure="coverage").set_index("group")["value"]
    np.testing.assert_allclose(points(ax)[0, 0], 100 * expected["> 4 h"])
    np.testing.assert_allclose(points(ax)[2, 0], 100 * expected["now"])


def test_each_decile_has_its_coverage_for_each_quantity() -> None:
    kinds = [kind for kind in DECILE_SPLITS for _ in DECILES]
    rows = table(kind=kinds, group=[*DECILES] * 3).rename(columns={"value": "coverage"})
    rows = rows.drop(index=5)  # no window in the sixth decile of the first quantity
    axes = plot_coverage_deciles(rows, period=PERIOD, world="real").axes[0]
    lines = [np.asarray(line.get_ydata()) for line in axes.lines]
    drawn = [line for line in lines if len(line) == len(DECILES)]
    assert len(drawn) == 3
    values = 100 * rows["coverage"].to_numpy()
    np.testing.assert_allclose(np.concatenate(drawn)[np.arange(30) != 5], values)
    assert np.isnan(drawn[0][5])


def test_a_group_without_windows_has_no_coverage() -> None:
    rows = skill_rows()
    rows.loc[rows["group"] == "now", "n"] = 0
    ax = plot_coverage(rows, period=PERIOD, world="real").axes[0]
    assert len(points(ax)) == 4 and not any("now" in label for label in ticks(ax))


def test_a_paired_skill_whose_interval_contains_zero_is_hollow() -> None:
    rows = pd.DataFrame(
        {
            "method": "U-Net",
            "other": ["climatology", "quality index"] * 2,
            "split": ["all", "all", "season", "season"],
            "group": ["all", "all", "DJF", "DJF"],
            "skill": [0.4, 0.1, 0.3, 0.2],
            "skill_low": [0.3, -0.1, 0.1, 0.1],
            "skill_high": [0.5, 0.3, 0.5, 0.3],
            "low": 0.0,
            "high": 0.0,
            "n": 1234,
            "days": 12,
        }
    )
    overall, winter = plot_paired(rows, period=PERIOD, world="real").axes
    assert ticks(overall) == ["climatology", "quality index"]
    np.testing.assert_allclose(points(overall)[:, 0], [0.4, 0.1])
    np.testing.assert_allclose(points(winter)[:, 0], [0.3, 0.2])
    hollow = [
        x
        for line in overall.lines
        if line.get_markerfacecolor() == "white"
        for x in line_points(line)[:, 0].tolist()
    ]
    assert hollow == [0.1]


def test_predicted_and_observed_means_are_drawn_by_group() -> None:
    groups = [("all", "all"), ("season", "DJF"), ("season", "JJA"), ("age", "now")]
    rows = [(*group, name) for group in groups for name in ("predicted", "found")]
    names = ("split", "group", "measure")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    frame = table(method=["U-Net"] * 8, **columns)
    season, age = plot_predicted(frame, period=PERIOD, world="real").axes
    for measure, container in zip(("found", "predicted"), season.containers, strict=True):
        expected = chosen(frame, split="season", measure=measure)["value"]
        np.testing.assert_allclose(container[0].get_ydata(), expected)
    assert [label.get_text() for label in age.get_xticklabels()] == ["now"]


def test_reliability_spans_the_shares_from_below_to_at_each_quantile() -> None:
    rows = pd.DataFrame(
        {
            "what": ["score", "score", "hidden rain"],
            "level": [0.05, 0.5, 0.3],
            "share": [0.2, 0.6, 0.25],
            "less": [0.03, 0.45, np.nan],
            "low": [0.1, 0.5, 0.2],
            "high": [0.3, 0.7, 0.3],
            "n": 100,
            "days": 12,
        }
    )
    score, hidden = plot_reliability(rows, period=PERIOD, world="real").axes
    (bars_drawn,) = (part for part in score.collections if isinstance(part, LineCollection))
    segments = np.array(bars_drawn.get_segments())
    np.testing.assert_allclose(segments[:, :, 0], [[0.05, 0.05], [0.5, 0.5]])
    np.testing.assert_allclose(segments[:, :, 1], [[0.03, 0.2], [0.45, 0.6]])
    np.testing.assert_allclose(points(hidden), [[0.3, 0.25]])


def test_reliability_without_dry_windows_has_no_points_of_hidden_rain() -> None:
    rows = table(what=["score"], level=[0.5]).rename(columns={"value": "share"})
    hidden = plot_reliability(rows.assign(less=0.1), period=PERIOD, world="real").axes[1]
    assert hidden.containers == []
