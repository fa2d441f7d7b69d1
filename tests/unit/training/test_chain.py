"""From training files to skill, on a world where the answer is known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.latents import latent_columns
from rainscore.clustering.mapsets import read_rain
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.clusterchecks import check_labels
from rainscore.evaluation.heldout import EvaluationSettings, Skill, StudyData, evaluate
from rainscore.io import read_json, write_json
from rainscore.training.calibration import map_scores, read_calibration
from rainscore.training.cards import UNetCard
from rainscore.training.trained import TrainedUNet
from tests.world import LEARNING, SCORE


@pytest.fixture(scope="module")
def judged(run: SimpleNamespace) -> Skill:
    data = StudyData([run.path], run.splits, run.table, {"kmeans": run.clusters}, run.latents)
    unet = TrainedUNet(run.unet, run.card, run.calibration)
    return evaluate(data, unet, EvaluationSettings(boosting_windows=5000, resamples=50, seed=0))


@pytest.fixture(scope="module")
def skill(judged: Skill) -> pd.DataFrame:
    return judged.skill


def value(skill: pd.DataFrame, method: str, measure: str, split: str = "all") -> float:
    rows = skill[(skill["method"] == method) & (skill["measure"] == measure)]
    return rows.loc[rows["split"] == split, "value"].iloc[0]


def test_a_network_that_learnt_beats_climatology_on_the_held_out_days(skill) -> None:
    assert value(skill, "climatology", "crps_skill") == 0
    assert value(skill, "U-Net", "crps_skill") > 0.3
    assert value(skill, "quality index", "crps_skill") > 0.2
    assert value(skill, "gradient boosting", "crps_skill") > 0.3
    assert value(skill, "U-Net", "rank_correlation") > 0.5


def test_every_method_is_measured_on_the_same_pixels(skill) -> None:
    rows = skill[(skill["split"] == "all") & (skill["measure"] == "crps")]
    assert set(rows["method"]) == {
        "U-Net",
        "climatology",
        "source and age",
        "quality index",
        "random error",
        "cluster (kmeans)",
        "nearest maps",
        "gradient boosting",
    }
    assert len(set(rows["n"])) == 1
    assert rows["days"].eq(2).all()


def test_groups_partition_the_pixels(skill) -> None:
    rows = skill[(skill["method"] == "U-Net") & (skill["measure"] == "crps")]
    totals = rows.groupby("split")["n"].sum()
    for split in ("source", "age", "intensity", "season", "rain", "hour"):
        assert totals[split] == totals["all"], split


def test_map_score_and_hidden_rain_are_measured(skill) -> None:
    assert {
        "U-Net",
        "climatology",
        "quality index",
        "cluster (kmeans)",
        "nearest maps",
    } == set(skill.loc[skill["split"] == "map", "method"])
    areas = skill[(skill["split"] == "map") & (skill["measure"] == "auc_bad_map")]
    assert len(areas) == 5 and areas["value"].between(0, 1).all()
    brier = skill[(skill["split"] == "hidden") & (skill["measure"] == "brier")]
    assert brier["value"].between(0, 1).all()


def test_coverage_and_reliability_tell_of_the_same_windows(judged: Skill) -> None:
    n = judged.skill.loc[judged.skill["split"] == "all", "n"].iloc[0]
    whole = judged.coverage[judged.coverage["kind"] == "all"]
    assert whole["n"].eq(n).all() and whole["coverage"].between(0.5, 1).all()
    assert set(judged.coverage["kind"]) >= {"all", "season", "source", "rain", "map"}
    scores = judged.reliability[judged.reliability["what"] == "score"]
    assert scores["n"].eq(n).all() and scores["share"].is_monotonic_increasing
    assert (scores["less"] <= scores["share"]).all()
    dry = judged.reliability[judged.reliability["what"] == "hidden rain"]
    brier = judged.skill[judged.skill["measure"] == "brier"]
    assert dry["n"].sum() == brier["n"].iloc[0]


def test_pairs_of_methods_are_compared_both_ways(judged: Skill) -> None:
    rows = judged.paired[judged.paired["split"] == "all"].to_dict("records")
    by_pair = {(row["method"], row["other"]): row for row in rows}
    there, back = by_pair["U-Net", "climatology"], by_pair["climatology", "U-Net"]
    assert there["difference"] == pytest.approx(-back["difference"])
    assert there["low"] <= there["difference"] <= there["high"] < 0
    assert 0 < there["p"] <= 1


def test_the_card_describes_the_network_and_survives_its_file(run) -> None:
    content = read_json(run.models / "unet.json")
    assert UNetCard.from_dict(content) == run.card
    assert (content["kind"], content["run"], content["hidden"]) == ("unet", "final", [])
    assert content["training"]["epochs"] == 6
    assert content["maps"] == {"train": 288, "validation": 96, "calibration": 96, "test": 96}
    assert run.card.score == SCORE and run.card.grid == LEARNING
    assert run.card.versions == ("V07B",) and list(run.card.data_sha256) == [run.path.name]


def test_a_calibration_survives_its_file(run) -> None:
    assert read_calibration(run.models / "unet", run.card) == run.calibration


def test_a_calibration_of_another_network_is_refused(run, tmp_path: Path) -> None:
    write_json(
        {**run.calibration.as_dict(), "weights_sha256": "0"}, tmp_path / "unet_calibration.json"
    )
    with pytest.raises(DamagedFile, match="of another network"):
        read_calibration(tmp_path / "unet", run.card)
    with pytest.raises(RainscoreError, match="calibrate the network"):
        read_calibration(tmp_path / "other", run.card)


def test_clusters_are_ordered_by_size_and_dry_maps_are_apart(run) -> None:
    train = run.clusters[run.clusters["split"] == "train"]
    sizes = train.loc[train["cluster"] >= 0, "cluster"].value_counts()
    assert sizes.sort_index().is_monotonic_decreasing
    assert len(latent_columns(run.latents)) == len(run.clusters) == 12 * 48
    dry = run.latents["wet_share"] < 0.02
    assert run.clusters.loc[dry.to_numpy(), "cluster"].eq(-1).all()


def test_maps_of_half_hours_that_no_file_holds_are_an_error(run) -> None:
    times = run.table["time"].to_numpy()[:3]
    assert read_rain([run.path], times).shape[:2] == (3, 1)
    with pytest.raises(ValueError, match="1 of 4 half-hours are in no file"):
        read_rain([run.path], np.append(times, times[-1] + np.timedelta64(99, "D")))


def test_labels_are_the_quantiles_of_the_maps_that_are_not_held_out(run) -> None:
    known = run.clusters[(run.clusters["split"] != "test") & (run.clusters["cluster"] == 0)]
    scores = run.table.set_index("time")["map_score"].reindex(known["time"])
    row = run.labels.set_index("cluster").loc[0]
    assert row["maps"] == len(known)
    assert row["q50"] == pytest.approx(scores.median())
    assert row["score_low"] < row["score"] < row["score_high"]
    assert run.labels["name"].is_unique


def test_labels_are_measured_beside_the_network_on_the_held_out_days(run) -> None:
    times = run.splits.loc[run.splits["split"].isin(["calibration", "test"]), "time"].to_numpy()
    unet = map_scores(run.unet, run.card, run.calibration, [run.path], times)
    checks = check_labels(run.clusters, run.table, unet, resamples=50, seed=0)
    methods = set(checks.loc[checks["split"] == "map", "method"])
    assert methods == {"climatology", "cluster", "U-Net", "U-Net and cluster"}
    covered = checks[(checks["measure"] == "coverage") & (checks["method"] == "cluster")]
    assert covered.set_index("split").loc["left out", "days"] == 12
    assert covered["value"].between(0.5, 1).all()
