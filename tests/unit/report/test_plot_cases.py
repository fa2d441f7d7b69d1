from pathlib import Path

import numpy as np

from rainscore.evaluation.importance import CHANNEL_GROUPS
from rainscore.report.figures.plot_cases import (
    SENSITIVITY_GROUPS,
    CaseMaps,
    WindowSensitivity,
    plot_cases,
    plot_sensitivity,
)
from rainscore.report.figures.style import save
from tests.unit.report.figuredata import GRID, TIMES, colour_values, rng


def case_maps() -> CaseMaps:
    rain = rng().gamma(0.3, 2, (2, *GRID.shape))
    score = rng().uniform(0, 1, (2, 10, 10))
    score[:, :3] = np.nan
    return CaseMaps(
        imerg=rain,
        radar=2 * rain,
        observed=score,
        median=score / 2,
        low=score - 0.1,
        high=score + 0.2,
        grid=GRID,
        score_grid=GRID.coarsen(2),
    )


def test_each_half_hour_shows_both_products_both_scores_and_the_width() -> None:
    maps = case_maps()
    fig = plot_cases(maps, TIMES[:2].to_numpy(), world="real")
    axes = np.array(fig.axes[:10]).reshape(2, 5)
    fields = (maps.imerg, maps.radar, maps.observed, maps.median, maps.high - maps.low)
    for row in range(2):
        for ax, field in zip(axes[row], fields, strict=True):
            drawn = colour_values(ax.collections[-1])
            np.testing.assert_allclose(drawn, field[row])


def test_a_window_without_score_is_blank_and_not_missing() -> None:
    fig = plot_cases(case_maps(), TIMES[:2].to_numpy(), world="real")
    blank = colour_values(fig.axes[2].collections[0])
    assert (blank[:3] == 0).all() and np.isnan(blank[3:]).all()


def test_the_same_cases_give_the_same_small_svg(tmp_path: Path) -> None:
    for name in ("first", "second"):
        fig = plot_cases(case_maps(), TIMES[:2].to_numpy(), world="real")
        save(fig, tmp_path / f"{name}.svg")
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    assert b"dc:date" not in first
    assert len(first) < 1_500_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.svg", "second.svg"]


def test_sensitivities_share_one_colour_scale_and_mark_the_window() -> None:
    influence = {name: rng().uniform(0, 1e-3, GRID.shape) for name in CHANNEL_GROUPS}
    window = WindowSensitivity(GRID, rng().gamma(0.3, 2, GRID.shape), influence)
    fig = plot_sensitivity([window] * 2, TIMES[:2].to_numpy(), world="real")
    axes = np.array(fig.axes[:12]).reshape(2, 6)
    for ax, name in zip(axes[0, 1:], SENSITIVITY_GROUPS, strict=True):
        np.testing.assert_allclose(colour_values(ax.collections[0]), influence[name])
    largest = max(influence[name].max() for name in SENSITIVITY_GROUPS)
    limits = {ax.collections[0].get_clim() for ax in axes[:, 1:].ravel()}
    assert limits == {(0.0, largest / 4)}
    cross = axes[0, 0].lines[-1].get_xydata()[0]
    np.testing.assert_allclose(cross, [GRID.x[GRID.nx // 2], GRID.y[GRID.ny // 2]])
