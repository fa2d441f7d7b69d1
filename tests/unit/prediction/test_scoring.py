"""Scoring of new maps by the models of a run, in a simulated world with known scores."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import xarray as xr

from rainscore.cli import main
from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.reader import read_granule
from rainscore.imerg.writer import write_granule
from rainscore.prediction.outputs import (
    Outcome,
    ScoringJob,
    score_all,
    score_into,
    window_summary,
)
from rainscore.prediction.scorer import Scorer, load_scorer
from rainscore.prediction.scoring import score_files, score_loaded
from rainscore.prediction.scoringgrids import scoring_grid
from rainscore.prediction.scoringmodels import find_model_files, load_models
from rainscore.scores import distribution
from rainscore.training.dataset import ScoreMaps
from rainscore.training.timecontext import remove_sides, unavailable_channels
from tests.compliance import cf_errors
from tests.data import shared
from tests.world import CELLS, month_pair, write_granules


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of six half-hours of the world."""
    pair = month_pair("2019-05-01", "2019-05-01T03:00")
    return write_granules(tmp_path_factory.mktemp("granules"), pair)


def scored(files: list[Path], scorer: Scorer, learning: Grid) -> Iterator[tuple[Path, xr.Dataset]]:
    """Scored maps of granules that can all be scored."""
    for file, dataset in score_files(files, scorer, learning):
        assert isinstance(dataset, xr.Dataset)
        yield file, dataset


def outcomes(out: Path, scorer: Scorer, files: list[Path]) -> list[Outcome]:
    """Outcomes of granules scored in the training's own window."""
    return list(score_into(out, scorer, ScoringJob(scorer.learning_grid, files)))


def test_a_new_map_is_scored_as_it_was_in_training(run, granules) -> None:
    """The workflow and a user get the same result for a half-hour."""
    scorer = load_scorer(run.models)
    results = dict(scored(granules, scorer, scorer.learning_grid))
    time = np.datetime64("2019-05-01T01:00")
    data = ScoreMaps([run.path], np.array([time]))
    inputs, _, wet, _ = data.read(np.array([0]))
    with torch.inference_mode():
        masses, _ = scorer.models.unet.model(inputs)
    got = results[granules[2]]
    assert "half-hour" not in got.attrs["unavailable_inputs"]
    mask = wet[0].numpy()
    calibrated = scorer.models.unet.calibration.local(masses.numpy(), inputs.numpy(), wet.numpy())
    np.testing.assert_array_equal(np.isfinite(got["score"].values), mask)
    low, high = distribution.interval(calibrated)
    for name, values in {
        "score": distribution.quantiles(calibrated, (0.5,))[:, 0],
        "score_mean": distribution.mean(calibrated),
        "score_low": low,
        "score_high": high,
        "score_zero_probability": calibrated[:, 0],
    }.items():
        np.testing.assert_allclose(got[name].values[mask], values, atol=5e-3, err_msg=name)
    assert got.attrs["calibration_state"] == "complete"


def test_a_new_map_gets_the_name_and_the_calibrated_score_of_its_cluster(run, granules) -> None:
    scorer = load_scorer(run.models)
    labels = run.labels.set_index("cluster")
    for _, got in scored(granules, scorer, scorer.learning_grid):
        label = labels.loc[int(got["cluster"])]
        assert got.attrs["cluster_name"] == label["name"]
        score = [float(got[f"cluster_score_{end}"]) for end in ("low", "median", "high")]
        assert score == pytest.approx(label[["score_low", "score", "score_high"]].tolist())
        assert float(got["novelty"]) in (0, 1)
        assert got["novelty"].attrs["false_alarm_rate"] == 0.01


def test_score_and_hidden_rain_are_never_blended(run, granules) -> None:
    scorer = load_scorer(run.models)
    _, got = next(scored(granules, scorer, scorer.learning_grid))
    score, hidden = got["score"].values, got["hidden_rain_probability"].values
    assert not (np.isfinite(score) & np.isfinite(hidden)).any()
    assert (np.isfinite(score) | np.isfinite(hidden)).all()
    known = np.isfinite(score)
    assert (got["score_low"].values[known] <= got["score_high"].values[known]).all()


def test_the_unavailable_inputs_of_a_lone_granule_are_named(run, granules) -> None:
    scorer = load_scorer(run.models)
    _, got = next(scored(granules[1:2], scorer, scorer.learning_grid))
    assert "the half-hour before, the half-hour after" in got.attrs["unavailable_inputs"]


def test_a_window_at_the_edges_of_its_file_is_scored_and_the_edges_are_named(
    run, granules, tmp_path: Path
) -> None:
    (outcome,) = outcomes(tmp_path, load_scorer(run.models), granules[1:2])
    edges = "0 km in the west, 0 km in the east, 0 km in the north, 0 km in the south"
    assert f"(margin in the file: {edges}" in outcome.message and outcome.written is not None
    with xr.open_dataset(outcome.written) as result:
        assert result.attrs["short_margin"].startswith(edges)
        assert result.attrs["map_interval_withheld"] == ""
        assert np.isfinite(float(result["map_score_low"]))


def test_an_early_map_is_scored_without_later_half_hours(run, granules) -> None:
    models = load_models(find_model_files(run.models))
    card = replace(models.unet.card, hidden=unavailable_channels("early"))
    scorer = Scorer(replace(models, unet=replace(models.unet, card=card)))
    _, known = list(scored(granules, scorer, scorer.learning_grid))[2]
    _, alone = list(scored(granules[:3], scorer, scorer.learning_grid))[2]
    assert "after" not in alone.attrs["unavailable_inputs"]
    np.testing.assert_array_equal(known["score"].values, alone["score"].values)


@pytest.mark.parametrize(("shown", "side"), [(slice(0, 3), "after"), (slice(2, None), "before")])
def test_the_first_and_the_newest_map_of_a_record_are_scored_as_in_training(
    run, granules, shown, side
) -> None:
    """The newest map of the Late run has no next half-hour, the first of a record none before."""
    scorer = load_scorer(run.models)
    got = dict(scored(granules[shown], scorer, scorer.learning_grid))[granules[2]]
    inputs, _, wet, _ = ScoreMaps([run.path], np.array(["2019-05-01T01:00"], "M8[s]"))[0]
    remove_sides(inputs.numpy(), scorer.models.unet.card.channels, (side,))
    with torch.inference_mode():
        masses, _ = scorer.models.unet.model(inputs[None])
    assert got.attrs["unavailable_inputs"].startswith(f"the half-hour {side}")
    assert "the half-hour" not in got.attrs["unavailable_inputs"].removeprefix(
        f"the half-hour {side}"
    )
    mask = wet.numpy()
    calibration = scorer.models.unet.calibration
    calibrated = calibration.local(masses.numpy(), inputs[None].numpy(), mask[None])
    expected = distribution.mean(calibrated)
    np.testing.assert_allclose(got["score_mean"].values[mask], expected, atol=5e-3)
    missing = {"before": "previous", "after": "next"}[side]
    assert got.attrs["calibration_state"] == f"without {missing} half-hour"
    assert np.isfinite(float(got["map_score"]))


def rewritten(file: Path, folder: Path, version: str = "V07B", **changes) -> Path:
    """The granule with some of its rain changed, or under the name of another version."""
    granule = read_granule(file, CELLS).assign(precipitation_uncal=lambda g: g["precipitation"])
    if "rain" in changes:
        granule["precipitation"] = granule["precipitation"] * changes["rain"]
    path = folder / granule_name("final", np.datetime64(granule["time"].item(), "ns"), version)
    write_granule(path, granule, run="final", version=version)
    return path


def test_a_map_without_any_estimate_is_missing_and_not_dry(run, granules, tmp_path: Path) -> None:
    empty = rewritten(granules[1], tmp_path, rain=np.nan)
    scorer = load_scorer(run.models)
    (outcome,) = outcomes(tmp_path, scorer, [empty])
    assert "nothing to score, IMERG is missing here" in outcome.message
    assert "the rain of 100 % of the window" in outcome.message
    assert outcome.written is not None
    with xr.open_dataset(outcome.written) as result:
        for name in ("score", "hidden_rain_probability", "map_score", "cluster", "novelty"):
            assert np.isnan(result[name].values).all(), name


def test_rain_that_is_the_same_everywhere_is_refused_and_a_dry_map_has_no_map_score(
    run, granules, tmp_path: Path
) -> None:
    scorer = load_scorer(run.models)
    dry = rewritten(granules[1], tmp_path, rain=0)
    _, got = next(scored([dry], scorer, scorer.learning_grid))
    assert np.isnan(float(got["map_score"])) and not np.isfinite(got["score"]).any()
    assert window_summary(got).startswith("no rain")
    with read_granule(dry) as granule:
        same = granule.assign(precipitation=granule["precipitation"] * 0 + 50)
    with pytest.raises(RainscoreError, match="the same rain, 50 mm/h, which no real map has"):
        score_loaded(same, [], scorer, scorer.learning_grid)


def test_scores_are_missing_where_a_part_of_the_rain_is_missing(
    run, granules, tmp_path: Path
) -> None:
    seen = np.ones(CELLS.shape, np.float32)
    seen[:, : CELLS.nx // 2] = np.nan
    scorer = load_scorer(run.models)
    part = rewritten(granules[1], tmp_path, rain=seen)
    ((_, whole),) = scored([granules[1]], scorer, scorer.learning_grid)
    ((_, got),) = scored([part], scorer, scorer.learning_grid)
    assert (
        "the rain of 49 % of the window" in got.attrs["unavailable_inputs"]
        and "rain" not in whole.attrs["unavailable_inputs"]
    )
    known = np.isfinite(got["score"].values) | np.isfinite(got["hidden_rain_probability"].values)
    assert not known[:, :7].any() and known[:, -7:].all()
    east = np.s_[:, -4:]
    np.testing.assert_allclose(got["score"].values[east], whole["score"].values[east], atol=0.1)


def test_a_map_smaller_than_the_training_is_scored_and_not_clustered(run, granules) -> None:
    scorer = load_scorer(run.models)
    small = scoring_grid(scorer.learning_grid, bbox=[1.8, 45.8, 5.4, 48.2])
    _, got = next(iter(scored(granules, scorer, small)))
    assert min(got["score"].shape) < min(scorer.learning_grid.shape)
    assert np.isnan(float(got["cluster"])) and np.isfinite(float(got["map_score"]))
    assert np.isnan([float(got[f"map_score_{end}"]) for end in ("low", "high")]).all()
    assert got.attrs["map_interval_withheld"].startswith("it is calibrated for windows of 320 km")
    assert "(no interval: it is calibrated for windows of 320 km" in window_summary(got)


def test_another_letter_of_the_version_is_scored_and_described(
    run, granules, tmp_path: Path
) -> None:
    repaired = rewritten(granules[1], tmp_path, "V07A")
    scorer = load_scorer(run.models)
    (outcome,) = outcomes(tmp_path, scorer, [repaired])
    difference = "the granule is IMERG Final V07A, the model was trained on Final V07B"
    assert f"(warning: {difference})" in outcome.message and outcome.written is not None
    with xr.open_dataset(outcome.written) as result:
        assert result.attrs["product_difference"] == difference


def test_another_version_is_refused_unless_any_product_is_accepted(
    run, granules, tmp_path: Path
) -> None:
    older = rewritten(granules[1], tmp_path, "V06B")
    scorer = load_scorer(run.models)
    refused, accepted = outcomes(tmp_path, scorer, [older, granules[2]])
    assert refused.written is None and accepted.written is not None
    assert f"{older.name}: not scored: the granule is IMERG Final V06B" in refused.message
    scorer = load_scorer(run.models, any_product=True)
    ((_, got),) = scored([older], scorer, scorer.learning_grid)
    assert got.attrs["product_difference"].startswith("the granule is IMERG Final V06B")


def test_a_damaged_file_does_not_affect_the_others(run, granules, tmp_path: Path) -> None:
    bad = tmp_path / granules[0].name
    bad.write_text("<html>Sign in</html>")
    refused, accepted = outcomes(tmp_path / "out", load_scorer(run.models), [bad, granules[1]])
    assert (refused.granule, refused.written) == (bad, None) and bad.name in refused.message
    assert list((tmp_path / "out").iterdir()) == [accepted.written]
    assert accepted.written is not None and cf_errors(accepted.written) == []


def test_the_other_granules_of_all_jobs_are_written_before_an_error_is_raised(
    run, granules, tmp_path: Path
) -> None:
    bad = tmp_path / granules[0].name
    bad.write_text("<html>Sign in</html>")
    scorer = load_scorer(run.models)
    grid = scorer.learning_grid
    jobs = [ScoringJob(grid, [bad]), ScoringJob(grid, [granules[1]], [granules[2]])]
    with pytest.raises(RainscoreError, match=f"{bad.name}: not scored"):
        score_all(tmp_path / "out", scorer, jobs)
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".nc"]


def test_the_command_line_writes_a_netcdf_and_a_picture_of_each_map(
    run, granules, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "scored"
    arguments = ["score", str(granules[1]), "--model", str(run.models), "--out", str(out)]
    assert main(arguments) == 0
    assert sorted(path.suffix for path in out.iterdir()) == [".nc", ".png"]
    assert "2019-05-01 00:30  map score" in capsys.readouterr().out
    bad = tmp_path / granules[0].name
    bad.write_text("<html>Sign in</html>")
    assert main([*arguments[:1], str(bad), *arguments[2:]]) == 1
    assert f"{bad.name}: not scored" in capsys.readouterr().err


def test_granules_with_rain_only_are_scored_and_the_unknown_inputs_are_named(
    run, granules, tmp_path: Path
) -> None:
    for file in granules:
        shutil.copy(file, tmp_path)
        with h5py.File(tmp_path / file.name, "a") as copy:
            for name in ("Intermediate", "probabilityLiquidPrecipitation", "randomError"):
                del copy["Grid"][name]
    scorer = load_scorer(run.models)
    files = sorted(tmp_path.iterdir())
    for _, got in scored(files, scorer, scorer.learning_grid):
        unavailable = got.attrs["unavailable_inputs"]
        assert unavailable.startswith(
            "microwave precipitation, microwave source, microwave minute, "
        )
        assert "in places the time since the last microwave pass" in unavailable
        assert np.isfinite(float(got["map_score"]))
        assert np.isfinite(got["score"].values).any()


def test_the_real_granules_with_rain_only_are_scored(run) -> None:
    files = sorted(shared("pairs-brazil-halfhourly/granules").iterdir())
    scorer = load_scorer(run.models, any_product=True)
    window = scoring_grid(scorer.learning_grid, bbox=None, centre=[-53.0, -28.0])
    results = list(scored(files, scorer, window))
    assert [file for file, _ in results] == files
    for _, got in results:
        assert np.isfinite(got["precipitation"].values).all()
        assert "microwave source" in got.attrs["unavailable_inputs"]
        assert got.attrs["version"] == "early V06E"
