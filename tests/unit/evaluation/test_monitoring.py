from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.cli import main
from rainscore.errors import RainscoreError
from rainscore.evaluation.monitoring import (
    Monitoring,
    MonitorSettings,
    monitor,
    summary,
    write_monitoring,
)
from rainscore.grids import window_grid
from tests.earlygranules import SIDE, write_early
from tests.gauges import write_map

SETTINGS = MonitorSettings(degrees=0.5, resamples=50)
SCORED_GRID = window_grid(centre=(-49.5, -24.5), size_km=(160, 160), step_km=8)


def write_passes(folder: Path, *, days: int = 2, pairs: int = 4, microwave=4.0) -> list[Path]:
    """Half-hours with 1 mm/h of carried rain, each followed by a pass over all cells."""
    files = []
    for day in range(1, days + 1):
        for hour in range(pairs):
            at = f"2019-06-{day:02d}T{hour:02d}"
            files += [
                write_early(folder, f"{at}:00", 1.0),
                write_early(folder, f"{at}:30", 2.0, source=3, microwave=microwave),
            ]
    return files


def overall(result: Monitoring, measure: str) -> pd.Series:
    return result.overall[result.overall["measure"] == measure].iloc[0]


def test_the_agreement_of_each_box_is_the_affinity_of_carried_and_observed_rain(
    tmp_path: Path,
) -> None:
    observed = np.full((SIDE, SIDE), 4.0)
    observed[:, 5:] = 1.0
    result = monitor(write_passes(tmp_path, microwave=observed)[::-1], settings=SETTINGS)
    assert len(result.boxes) == 4
    west, east = result.boxes.iloc[0], result.boxes.iloc[1]
    assert (west["longitude"], west["latitude"]) == pytest.approx((-49.75, -24.75))
    assert west["agreement"] == pytest.approx(0.8)
    assert (west["agreement_low"], west["agreement_high"]) == pytest.approx((0.8, 0.8))
    assert east["agreement"] == pytest.approx(1)
    assert west["passes"] == pytest.approx(8, rel=1e-3)
    assert (west["carried_rain"], west["observed_rain"]) == pytest.approx((1, 4), rel=1e-3)
    assert west["days"] == 2
    assert overall(result, "agreement")["value"] == pytest.approx(1 - 1 / 7, rel=1e-3)
    assert np.isnan(west["predicted_score"])
    assert (result.half_hours, result.world) == (16, "real")


def test_a_box_with_few_passes_has_no_agreement(tmp_path: Path) -> None:
    result = monitor(write_passes(tmp_path, days=1), settings=SETTINGS)
    assert result.boxes["agreement"].isna().all()
    assert (result.boxes["passes"] < 5).all()
    assert "0 of them with at least 5" in summary(result)[0]


def test_one_day_gives_a_value_without_an_interval(tmp_path: Path) -> None:
    result = monitor(write_passes(tmp_path, days=1, pairs=6), settings=SETTINGS)
    assert result.boxes["agreement"].to_numpy() == pytest.approx(0.8)
    assert result.boxes["agreement_low"].isna().all()


@pytest.mark.parametrize("run", ["late", "final"])
def test_granules_of_late_and_final_are_refused(run: str, tmp_path: Path) -> None:
    file = write_early(tmp_path, "2019-06-01T00:00", 1.0, run=run)
    with pytest.raises(RainscoreError, match=f"{file.name}: its run is {run}, but .* Early"):
        monitor([file])


def test_a_damaged_granule_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    files = write_passes(tmp_path)
    files[0].write_bytes(b"damaged")
    result = monitor(files, settings=SETTINGS)
    assert [files[0].name in message for message in result.failures] == [True]
    assert result.half_hours == 15
    assert result.boxes["passes"].to_numpy() == pytest.approx(7, rel=1e-3)


def test_two_granules_of_one_half_hour_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "copy"
    other.mkdir()
    files = [write_early(folder, "2019-06-01T00:00", 1.0) for folder in (tmp_path, other)]
    with pytest.raises(RainscoreError, match="same half-hour"):
        monitor(files)


def test_granules_without_a_pass_after_carried_rain_are_refused(tmp_path: Path) -> None:
    files = [write_early(tmp_path, f"2019-06-01T00:{m}0", 1.0) for m in (0, 3)]
    with pytest.raises(RainscoreError, match="no microwave pass follows"):
        monitor(files)


def test_an_area_limits_the_boxes(tmp_path: Path) -> None:
    settings = MonitorSettings(degrees=0.5, bbox=(-50, -25, -49.5, -24.5), resamples=10)
    result = monitor(write_passes(tmp_path), settings=settings)
    assert result.grid.shape == (1, 1)
    assert result.boxes["passes"].item() == pytest.approx(8, rel=1e-3)


def test_the_predicted_score_of_a_box_is_weighted_by_rain(tmp_path: Path) -> None:
    granules, scored = tmp_path / "granules", tmp_path / "scored"
    granules.mkdir()
    scored.mkdir()
    files = write_passes(granules)
    for time, rain, score in (
        ("2019-06-01T00:30", 3.0, 0.2),
        ("2019-06-02T01:00", 1.0, 0.6),
        ("2019-06-03T00:00", 9.0, 0.9),  # outside the period
    ):
        write_map(scored, time, rain, score=score, grid=SCORED_GRID)
    result = monitor(files, [scored], SETTINGS)
    assert result.boxes["predicted_score"].to_numpy() == pytest.approx(0.3)
    assert overall(result, "predicted score")["value"] == pytest.approx(0.3)
    low, high = overall(result, "predicted score")[["low", "high"]]
    assert low <= 0.3 <= high


def test_simulated_maps_are_refused_for_real_granules(tmp_path: Path) -> None:
    files = write_passes(tmp_path)
    scored = write_map(
        tmp_path, "2019-06-01T00:30", 1.0, score=0.5, grid=SCORED_GRID, world="simulated"
    )
    with pytest.raises(RainscoreError, match="is simulated, the granules are real"):
        monitor(files, [scored], SETTINGS)


def test_both_measures_are_compared_by_rank(tmp_path: Path) -> None:
    granules, scored = tmp_path / "granules", tmp_path / "scored"
    granules.mkdir()
    scored.mkdir()
    lat = np.arange(SIDE)
    # The farther north, the more the pass observes, and the lower the predicted score.
    files = write_passes(granules, microwave=(2.0 + lat[:, None] // 2) ** 2 * np.ones(SIDE))
    northward = (SCORED_GRID.lonlat[1] + 25) / 2
    write_map(scored, "2019-06-01T00:30", 1.0, score=0.8 - northward, grid=SCORED_GRID)
    settings = MonitorSettings(degrees=0.2, resamples=20)
    result = monitor(files, [scored], settings)
    assert overall(result, "rank correlation of both")["value"] > 0.9
    assert overall(result, "rank correlation of both")["boxes"] == 25


def test_the_command_writes_tables_and_a_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_passes(tmp_path)
    out = tmp_path / "out"
    scored = write_map(tmp_path, "2019-06-01T00:30", 1.0, score=0.5, grid=SCORED_GRID)
    arguments = [*map(str, files), "--scored", str(scored), "--box", "0.5", "--out", str(out)]
    assert main(["monitor", *arguments]) == 0
    assert "agreement: 0.800 [0.800, 0.800] (2 days, 4 boxes)" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"boxes.csv", "overall.csv", "monitor.png"}
    assert pd.read_csv(out / "boxes.csv")["agreement"].to_numpy() == pytest.approx(0.8)


def test_the_exit_status_says_that_a_granule_was_not_used(tmp_path: Path) -> None:
    files = write_passes(tmp_path)
    files[-1].write_bytes(b"damaged")
    arguments = ["--box", "0.5", "--out", str(tmp_path / "out")]
    assert main(["monitor", *map(str, files), *arguments]) == 1


def test_the_tables_hold_the_values(tmp_path: Path) -> None:
    result = monitor(write_passes(tmp_path), settings=SETTINGS)
    write_monitoring(result, tmp_path)
    written = pd.read_csv(tmp_path / "overall.csv")
    assert written["value"].dropna().to_numpy() == pytest.approx(0.8)


def test_a_side_that_is_no_whole_number_of_cells_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["monitor", "granule.HDF5", "--box", "0.55"]) == 2
    assert "not a multiple of 0.1" in capsys.readouterr().err
