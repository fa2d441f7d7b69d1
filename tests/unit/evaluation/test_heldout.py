"""Evaluation of all methods on the held-out days of a small run."""

from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.codelabels import CodeLabels
from rainscore.evaluation.heldout import EvaluationSettings, Skill, StudyData, evaluate
from rainscore.scores.distribution import masses_of
from rainscore.training.trained import TrainedUNet


@pytest.fixture(scope="module")
def evaluation(run: SimpleNamespace, tmp_path_factory) -> Skill:
    """Evaluation with a single code, which promises a score of 1."""
    path = tmp_path_factory.mktemp("codes") / "maps.h5"
    with h5py.File(path, "w") as file:
        file["time"] = run.table["time"].to_numpy().astype("datetime64[s]").astype("i8")
        file["code"] = np.zeros((len(run.table), *run.card.grid.shape), np.uint8)
        file.attrs["codes"] = 1
    book = SimpleNamespace(masses=masses_of(np.ones(1))[None])
    data = StudyData(
        [run.path], run.splits, run.table, {"kmeans": run.clusters}, run.latents,
        codes=CodeLabels(book, path),  # type: ignore[arg-type]  # stand-in
    )  # fmt: skip
    unet = TrainedUNet(run.unet, run.card, run.calibration)
    return evaluate(data, unet, EvaluationSettings(boosting_windows=5000, resamples=50, seed=0))


@pytest.fixture(scope="module")
def skill(evaluation: Skill) -> pd.DataFrame:
    return evaluation.skill


def value(skill: pd.DataFrame, method: str, measure: str, split: str = "all") -> float:
    rows = skill[(skill["method"] == method) & (skill["measure"] == measure)]
    return rows.loc[rows["split"] == split, "value"].iloc[0]


def test_a_trained_network_beats_climatology_on_the_held_out_days(skill) -> None:
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
        "map cluster (kmeans)",
        "window codes (1)",
        "nearest maps",
        "gradient boosting",
        "quantile forest",
    }
    assert len(set(rows["n"])) == 1
    assert rows["days"].eq(2).all()


def test_the_codes_of_windows_are_evaluated_by_their_labels(skill) -> None:
    rows = skill[(skill["method"] == "window codes (1)") & (skill["split"] == "all")]
    values = rows.set_index("measure")["value"]
    assert values["predicted"] == pytest.approx(1, abs=0.03)
    assert values["crps"] == pytest.approx(1 - values["found"], abs=0.03)


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
        "map cluster (kmeans)",
        "nearest maps",
        "map boosting",
        "wet share",
        "mean rain",
        "gradient boosting",
    } == set(skill.loc[skill["split"] == "map", "method"])
    areas = skill[(skill["split"] == "map") & (skill["measure"] == "auc_bad_map")]
    assert len(areas) == 9 and areas["value"].between(0, 1).all()
    brier = skill[(skill["split"] == "hidden") & (skill["measure"] == "brier")]
    assert brier["value"].between(0, 1).all()


def test_coverage_and_reliability_are_of_the_same_windows(evaluation: Skill) -> None:
    n = evaluation.skill.loc[evaluation.skill["split"] == "all", "n"].iloc[0]
    whole = evaluation.coverage[evaluation.coverage["kind"] == "all"]
    assert whole["n"].eq(n).all() and whole["coverage"].between(0.5, 1).all()
    assert set(evaluation.coverage["kind"]) >= {"all", "season", "source", "rain", "map"}
    scores = evaluation.reliability[evaluation.reliability["what"] == "score"]
    assert scores["n"].eq(n).all() and scores["share"].is_monotonic_increasing
    assert (scores["less"] <= scores["share"]).all()
    dry = evaluation.reliability[evaluation.reliability["what"] == "hidden rain"]
    brier = evaluation.skill[evaluation.skill["measure"] == "brier"]
    assert dry["n"].sum() == brier["n"].iloc[0]


def test_pairs_of_methods_are_compared_both_ways(evaluation: Skill) -> None:
    rows = evaluation.paired[evaluation.paired["split"] == "all"].to_dict("records")
    by_pair = {(row["method"], row["other"]): row for row in rows}
    forward, backward = by_pair["U-Net", "climatology"], by_pair["climatology", "U-Net"]
    assert forward["difference"] == pytest.approx(-backward["difference"])
    assert forward["low"] <= forward["difference"] <= forward["high"] < 0
    assert 0 < forward["p"] <= 1
