"""New maps scored by the models of a run, on a world where the answer is known."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.reader import read_granule
from rainscore.imerg.writer import granule_name, write_granule
from rainscore.prediction.outputs import score_into, window
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoring import score_files
from rainscore.report.figures.plot_scored import headline, plot_scored
from rainscore.training.dataset import ScoreMaps, forget, unknown_channels
from rainscore.training.modelfiles import save_model
from rainscore.training.models import load_unet
from tests.compliance import cf_errors
from tests.world import CELLS, month_pair


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of six half-hours of the world."""
    folder = tmp_path_factory.mktemp("granules")
    pair = month_pair("2019-05-01", "2019-05-01T03:00")
    paths = []
    for i, time in enumerate(pair["time"].values):
        one = pair.isel(time=i).drop_vars(["imerg", "radar", "x", "y"])
        one["precipitation_uncal"] = one["precipitation"]
        paths.append(folder / granule_name("final", time, "V07B"))
        write_granule(paths[-1], one.assign_coords(time=time), run="final")
    return paths


def scored(files: list[Path], scorer: Scorer, learning: Grid) -> Iterator[tuple[Path, xr.Dataset]]:
    """Maps of granules that can all be scored."""
    for file, found in score_files(files, scorer, learning):
        assert isinstance(found, xr.Dataset)
        yield file, found


def test_a_new_map_is_scored_as_it_was_in_training(run, granules) -> None:
    """What the workflow computes for a half-hour is what a user gets from its file."""
    scorer = Scorer(run.models)
    results = dict(scored(granules, scorer, scorer.learning_grid))
    time = np.datetime64("2019-05-01T01:00")
    data = ScoreMaps([run.path], np.array([time]))
    inputs, _, wet, _ = data.read(np.array([0]))
    with torch.inference_mode():
        quantiles, _ = scorer.unet(inputs)
    got = results[granules[2]]
    assert "half-hour" not in got.attrs["unknown"]
    middle = quantiles[0, 2].numpy()
    mask = wet[0].numpy()
    np.testing.assert_array_equal(np.isfinite(got["score"].values), mask)
    np.testing.assert_allclose(got["score"].values[mask], middle[mask], atol=2e-3)


def test_a_new_map_gets_the_name_and_the_calibrated_score_of_its_cluster(run, granules) -> None:
    scorer = Scorer(run.models)
    labels = run.labels.set_index("cluster")
    for _, got in scored(granules, scorer, scorer.learning_grid):
        label = labels.loc[int(got["cluster"])]
        assert got.attrs["cluster_name"] == label["name"]
        told = [float(got[f"cluster_score_{end}"]) for end in ("low", "median", "high")]
        assert told == pytest.approx(label[["score_low", "score", "score_high"]].tolist())
        assert float(got["novelty"]) in (0, 1)
        assert got["novelty"].attrs["false_alarm_rate"] == 0.01


def test_score_and_hidden_rain_are_never_blended(run, granules) -> None:
    scorer = Scorer(run.models)
    _, got = next(scored(granules, scorer, scorer.learning_grid))
    score, hidden = got["score"].values, got["hidden_rain_probability"].values
    assert not (np.isfinite(score) & np.isfinite(hidden)).any()
    assert (np.isfinite(score) | np.isfinite(hidden)).all()
    known = np.isfinite(score)
    assert (got["score_low"].values[known] <= got["score_high"].values[known]).all()


def test_what_a_lone_granule_cannot_tell_is_said(run, granules) -> None:
    scorer = Scorer(run.models)
    _, got = next(scored(granules[1:2], scorer, scorer.learning_grid))
    assert "the half-hour before, the half-hour after" in got.attrs["unknown"]


def test_an_early_map_is_scored_without_what_comes_after(run, granules) -> None:
    scorer = Scorer(run.models)
    scorer.card["hidden"] = list(unknown_channels("early"))
    _, known = list(scored(granules, scorer, scorer.learning_grid))[2]
    _, alone = list(scored(granules[:3], scorer, scorer.learning_grid))[2]
    assert "after" not in alone.attrs["unknown"]
    np.testing.assert_array_equal(known["score"].values, alone["score"].values)


@pytest.mark.parametrize(("shown", "side"), [(slice(0, 3), "after"), (slice(2, None), "before")])
def test_a_map_at_an_end_is_scored_as_the_training_showed_such(run, granules, shown, side) -> None:
    """The newest map of the Late run has no next half-hour, the first of a record none before."""
    scorer = Scorer(run.models)
    got = dict(scored(granules[shown], scorer, scorer.learning_grid))[granules[2]]
    inputs, _, wet, _ = ScoreMaps([run.path], np.array(["2019-05-01T01:00"], "M8[s]"))[0]
    forget(inputs.numpy(), scorer.card["channels"], (side,))
    with torch.inference_mode():
        quantiles, _ = scorer.unet(inputs[None])
    assert got.attrs["unknown"].startswith(f"the half-hour {side}")
    assert "the half-hour" not in got.attrs["unknown"].removeprefix(f"the half-hour {side}")
    mask = wet.numpy()
    np.testing.assert_allclose(got["score"].values[mask], quantiles[0, 2].numpy()[mask], atol=2e-3)
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
    scorer = Scorer(run.models)
    ((line, good),) = score_into(tmp_path, scorer, scorer.learning_grid, [empty])
    assert good and "nothing to score, IMERG is missing here" in line
    assert "the rain of 100 % of the window" in line
    with xr.open_dataset(next(tmp_path.glob("*.nc"))) as found:
        for name in ("score", "hidden_rain_probability", "map_score", "cluster", "novelty"):
            assert np.isnan(found[name].values).all(), name


def test_where_a_part_is_missing_nothing_is_said_of_it(run, granules, tmp_path: Path) -> None:
    seen = np.ones(CELLS.shape, np.float32)
    seen[:, : CELLS.nx // 2] = np.nan
    scorer = Scorer(run.models)
    part = rewritten(granules[1], tmp_path, rain=seen)
    ((_, whole),) = scored([granules[1]], scorer, scorer.learning_grid)
    ((_, got),) = scored([part], scorer, scorer.learning_grid)
    assert (
        "the rain of 49 % of the window" in got.attrs["unknown"]
        and "rain" not in whole.attrs["unknown"]
    )
    known = np.isfinite(got["score"].values) | np.isfinite(got["hidden_rain_probability"].values)
    assert not known[:, :7].any() and known[:, -7:].all()
    east = np.s_[:, -4:]
    np.testing.assert_allclose(got["score"].values[east], whole["score"].values[east], atol=0.1)


def test_a_map_smaller_than_the_training_is_scored_and_not_clustered(run, granules) -> None:
    scorer = Scorer(run.models)
    small = window(scorer.learning_grid, bbox=[1.8, 45.8, 5.4, 48.2])
    _, got = next(iter(scored(granules, scorer, small)))
    assert min(got["score"].shape) < min(scorer.learning_grid.shape)
    assert np.isnan(float(got["cluster"])) and np.isfinite(float(got["map_score"]))
    assert "too small" in headline(got)[1]


def test_another_letter_of_the_version_is_scored_and_named(run, granules, tmp_path: Path) -> None:
    repaired = rewritten(granules[1], tmp_path, "V07A")
    scorer = Scorer(run.models)
    ((line, good),) = score_into(tmp_path, scorer, scorer.learning_grid, [repaired])
    assert good and "(beware: it is Final V07A, the model was trained on Final V07B)" in line
    with xr.open_dataset(next(tmp_path.glob("*.nc"))) as found:
        assert found.attrs["differs"] == "it is Final V07A, the model was trained on Final V07B"


def test_another_version_is_refused_unless_it_is_asked_for(run, granules, tmp_path: Path) -> None:
    older = rewritten(granules[1], tmp_path, "V06B")
    scorer = Scorer(run.models)
    lines = list(score_into(tmp_path, scorer, scorer.learning_grid, [older, granules[2]]))
    assert [good for _, good in lines] == [False, True]
    assert f"{older.name}: not scored: it is IMERG Final V06B" in lines[0][0]
    scorer = Scorer(run.models, any_product=True)
    ((_, got),) = scored([older], scorer, scorer.learning_grid)
    assert got.attrs["differs"].startswith("it is Final V06B")


def test_a_damaged_file_among_good_ones_costs_only_itself(run, granules, tmp_path: Path) -> None:
    bad = tmp_path / granules[0].name
    bad.write_text("<html>Sign in</html>")
    scorer = Scorer(run.models)
    lines = list(
        score_into(
            tmp_path / "out", scorer, scorer.learning_grid, [bad, granules[1]], draw=plot_scored
        )
    )
    assert [good for _, good in lines] == [False, True]
    assert bad.name in lines[0][0]
    assert sorted(p.suffix for p in (tmp_path / "out").iterdir()) == [".nc", ".png"]
    assert cf_errors(next((tmp_path / "out").glob("*.nc"))) == []


def test_a_map_elsewhere_has_pixels_of_the_same_size(run) -> None:
    trained = Scorer(run.models).learning_grid
    there = window(trained, centre=[122, 37])
    assert (there.dx, there.shape) == (trained.dx, trained.shape)
    box = window(trained, bbox=[0, 40, 10, 45])
    assert box.shape == (35, 54)
    for bad, message in (
        ({"bbox": [10, 40, 0, 45]}, "WEST SOUTH EAST NORTH"),
        ({"bbox": [0, 40, 1, 41]}, "longer than 256 km"),
        ({"centre": [179.9, 0]}, "date line"),
        ({"centre": [0, 89]}, "pole"),
        ({"centre": [46.6, 122]}, "longitude, then latitude"),
    ):
        with pytest.raises(RainscoreError, match=message):
            window(trained, **bad)


def test_a_model_whose_channels_were_scaled_otherwise_is_refused(run, tmp_path: Path) -> None:
    save_model(tmp_path / "unet", run.unet.state_dict(), {**run.card, "normalisation": {}})
    with pytest.raises(RainscoreError, match=r"unet\.json.*train it again"):
        load_unet(tmp_path / "unet")


def test_a_model_of_another_kind_is_refused(run) -> None:
    with pytest.raises(RainscoreError, match=r"autoencoder\.json: it is no U-Net"):
        load_unet(run.models / "autoencoder")


def test_of_several_labelled_clusterers_one_must_be_named(run, tmp_path: Path) -> None:
    shutil.copytree(run.models, tmp_path, dirs_exist_ok=True)
    shutil.copy(run.models / "kmeans_labels.json", tmp_path / "desom_labels.json")
    with pytest.raises(RainscoreError, match="--clusters: desom, kmeans"):
        Scorer(tmp_path)
    assert Scorer(tmp_path, "kmeans").cluster_card["method"] == "LatentKMeans"
    (tmp_path / "kmeans_labels.json").unlink()
    with pytest.raises(RainscoreError, match=r"kmeans_labels\.json: no such file; label"):
        Scorer(tmp_path, "kmeans")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(RainscoreError, match=r"unet.safetensors: no such model file"):
        Scorer(tmp_path)


def test_granules_of_the_test_world_read_back(granules) -> None:
    assert read_granule(granules[0], CELLS).attrs["world"] == "simulated"
