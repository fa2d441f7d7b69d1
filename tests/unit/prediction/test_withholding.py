"""A map of which most windows are withheld has no score, and says why."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.prediction.outputs import facts, window_summary
from rainscore.prediction.reasons import reasons
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoring import score_files
from rainscore.prediction.scoringmodels import find_model_files, load_models
from rainscore.prediction.withholding import MAP_FLAG, withhold_map_scores
from rainscore.report.figures.scorebanner import verdict
from rainscore.training.guard import fit_guard
from tests.world import month_pair, write_granules


def test_a_map_score_is_withheld_if_more_than_half_of_its_windows_are() -> None:
    flags = np.zeros((3, 1, 4), np.int8)
    flags[1, 0, :2] = flags[2, 0, :3] = 1
    wet = np.ones((3, 1, 4), bool)
    table = pd.DataFrame({"map_score": 0.5, "map_score_low": 0.4, "map_score_high": 0.6}, range(3))
    result = withhold_map_scores(table.assign(cluster=1), flags, wet)
    assert result[MAP_FLAG].tolist() == [0, 0, 1]
    assert result["map_score_low"].isna().tolist() == [False, False, True]
    assert result["cluster"].tolist() == [1, 1, 1]


def test_windows_without_rain_do_not_count() -> None:
    flags, wet = np.zeros((1, 1, 4), np.int8), np.zeros((1, 1, 4), bool)
    table = pd.DataFrame({"map_score": [np.nan], "map_score_low": 0.4, "map_score_high": 0.6})
    assert withhold_map_scores(table, flags, wet)[MAP_FLAG].tolist() == [0]


@pytest.fixture(scope="module")
def granule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("granules")
    return write_granules(folder, month_pair("2019-05-01", "2019-05-01T00:30"))[0]


def scored(run: SimpleNamespace, granule: Path, limit: float) -> xr.Dataset:
    """Map scored with a guard that withholds windows beyond a distance."""
    guard = fit_guard(run.card, [run.path], run.splits, seed=0)
    guard = replace(guard, limit=np.full_like(guard.limit, limit))
    models = load_models(find_model_files(run.models))
    scorer = Scorer(replace(models, unet=replace(models.unet, guard=guard)))
    ((_, result),) = score_files([granule], scorer, scorer.learning_grid)
    assert isinstance(result, xr.Dataset)
    return result


def test_the_score_of_a_map_outside_the_training_is_withheld_with_its_reason(run, granule) -> None:
    result = scored(run, granule, -1.0)
    assert all(np.isnan(result[f"map_score{end}"]) for end in ("", "_low", "_high"))
    assert float(result[MAP_FLAG]) == 1
    assert result[MAP_FLAG].attrs["flag_meanings"] == "not_withheld most_windows_withheld"
    reason = "100 % of the places with rain are outside what the model has learnt"
    assert result.attrs["map_score_withheld"] == reason
    assert window_summary(result).startswith(f"map score withheld: {reason}, ")
    assert facts(result)["map_score_withheld"] == reason
    assert verdict(result).words == "withheld: 100 % unlike the training"
    assert f"The map has no score: {reason}." in reasons(result)


def test_the_score_of_a_map_like_the_training_stays(run, granule) -> None:
    result = scored(run, granule, np.inf)
    assert float(result[MAP_FLAG]) == 0 and np.isfinite(float(result["map_score"]))
    assert result.attrs["map_score_withheld"] == ""
