"""Skill in cases that nothing has learnt from, next to that on the held-out days."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.baselines import ByClass
from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.heldout import EvaluationSettings, StudyData, evaluate
from rainscore.evaluation.skill import ALL_CASES, AT_HOME
from rainscore.evaluation.transferskill import (
    METHODS,
    MIN_BLOCKS,
    NO_WINDOW,
    TRANSFER_COLUMNS,
    UNET_SKILL,
    Case,
    transfer_table,
)
from rainscore.training.rowchecks import GROUP, write_checksums
from rainscore.training.trained import TrainedUNet
from tests.world import training_file

KEYS = ["method", "measure", "split", "group"]
BOOTSTRAP: dict[str, int] = {"resamples": 50, "seed": 0}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> list[Case]:
    """Two unseen worlds of five and one day, and three hours of rain across midnight."""
    worlds: list[Case] = []
    for name, kind, start, end in (
        ("a", "unseen world", "2019-06-01", "2019-06-06"),
        ("b", "unseen world", "2019-06-01", "2019-06-02"),
        ("night", "real radar", "2019-07-01T22:30", "2019-07-02T01:30"),
    ):
        path, _ = training_file(tmp_path_factory.mktemp(name), start, end, seed=len(worlds) + 5)
        worlds.append(Case.whole(name, kind, path))
    return worlds


@pytest.fixture(scope="module")
def unet(run: SimpleNamespace) -> TrainedUNet:
    return TrainedUNet(run.unet, run.card, run.calibration)


@pytest.fixture(scope="module")
def skills(
    run: SimpleNamespace, unet: TrainedUNet, cases: list[Case]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table of the held-out days and table of the cases."""
    data = StudyData([run.path], run.splits, run.table, {"kmeans": run.clusters}, run.latents)
    evaluated = evaluate(data, unet, EvaluationSettings(boosting_windows=3000, **BOOTSTRAP), cases)
    return evaluated.skill, evaluated.transfer


@pytest.fixture(scope="module")
def baselines(run: SimpleNamespace, unet: TrainedUNet) -> dict[str, ByClass]:
    """Climatology under the name of each baseline."""
    climatology = ByClass(lambda block: np.zeros(block.scores.size, int), 1)
    times = run.splits.loc[run.splits["split"] == "train", "time"].to_numpy()
    for block in read_blocks([run.path], times, unet.card.hidden):
        climatology.learn(block)
    return dict.fromkeys(METHODS, climatology)


def rows(table: pd.DataFrame, **values: str) -> Any:
    for name, value in values.items():
        table = table[table[name] == value]
    return table.set_index(KEYS)


def test_rows_at_home_are_those_of_the_skill_table(skills) -> None:
    skill, transfer = skills
    home = rows(transfer[transfer["measure"] != UNET_SKILL], kind=AT_HOME, case="test days")
    expected = skill.set_index(KEYS).loc[home.index]
    np.testing.assert_allclose(home["value"], expected["value"], rtol=1e-9)
    np.testing.assert_array_equal(home["n"], expected["n"])
    assert set(home.index.get_level_values("method")) == {*METHODS, "U-Net"} - {"error model"}
    assert set(home.index.get_level_values("split")) == {"all", "source", "age"}


def test_the_table_has_its_columns_and_every_case(skills) -> None:
    _, transfer = skills
    assert tuple(transfer.columns) == TRANSFER_COLUMNS
    found = set(transfer[["kind", "case"]].itertuples(index=False, name=None))
    assert found == {
        (AT_HOME, "test days"),
        (AT_HOME, ALL_CASES),
        ("unseen world", "a"),
        ("unseen world", "b"),
        ("unseen world", ALL_CASES),
        ("real radar", "night"),
        ("real radar", ALL_CASES),
    }


def test_a_kind_pools_the_windows_and_days_of_its_cases(skills) -> None:
    _, transfer = skills
    a, b, pooled = (
        rows(transfer, kind="unseen world", case=name) for name in ("a", "b", ALL_CASES)
    )
    key = ("U-Net", "crps", "all", "all")
    assert pooled.loc[key, "n"] == a.loc[key, "n"] + b.loc[key, "n"]
    assert (a.loc[key, "blocks"], b.loc[key, "blocks"], pooled.loc[key, "blocks"]) == (3, 1, 4)
    total = a.loc[key, "value"] * a.loc[key, "n"] + b.loc[key, "value"] * b.loc[key, "n"]
    assert pooled.loc[key, "value"] == pytest.approx(total / pooled.loc[key, "n"])


def test_a_kind_of_one_case_has_the_values_of_that_case(skills) -> None:
    _, transfer = skills
    alone, pooled = (rows(transfer, kind="real radar", case=name) for name in ("night", ALL_CASES))
    pd.testing.assert_frame_equal(alone.drop(columns="case"), pooled.drop(columns="case"))


def test_intervals_need_four_blocks_and_the_note_says_so(skills) -> None:
    _, transfer = skills
    crps = transfer[(transfer["measure"] == "crps") & (transfer["split"] == "all")]
    short = crps["blocks"] < MIN_BLOCKS
    assert crps.loc[short, ["low", "high"]].isna().all(axis=None)
    assert (crps.loc[~short, "low"] < crps.loc[~short, "value"]).all()
    assert (crps.loc[~short, "value"] < crps.loc[~short, "high"]).all()
    assert (crps.loc[~short, "note"] == "").all() and not short.all()
    notes = crps.set_index("case")["note"]
    assert set(notes["b"]) == {"too short for an interval: 1 block of weather"}
    assert set(notes["test days"]) == {"too short for an interval: 2 blocks of weather"}


def test_three_hours_across_midnight_are_one_block_of_weather(skills) -> None:
    _, transfer = skills
    night = rows(transfer, case="night").loc[("U-Net", "crps", "all", "all")]
    assert night["blocks"] == 1 and night["n"] > 0


def test_skill_refers_to_the_climatology_of_the_training_days(skills) -> None:
    _, transfer = skills
    world = rows(transfer, case="a")
    crps = [world.loc[(name, "crps", "all", "all"), "value"] for name in ("U-Net", "climatology")]
    skill = world.loc[("U-Net", "crps_skill", "all", "all"), "value"]
    assert skill == pytest.approx(1 - crps[0] / crps[1])
    assert world.loc[("climatology", "crps_skill", "all", "all"), "value"] == 0


def test_the_u_net_is_compared_with_each_method_on_the_same_windows(skills) -> None:
    _, transfer = skills
    world = rows(transfer, case=ALL_CASES, kind="unseen world", split="all")
    crps = world.xs("crps", level="measure")["value"].droplevel(["split", "group"])
    found = world.xs(UNET_SKILL, level="measure")
    assert set(found.index.get_level_values("method")) == set(crps.index) - {"U-Net"}
    for (method, *_), row in found.iterrows():
        assert row["value"] == pytest.approx(1 - crps["U-Net"] / crps[method])
        assert row["low"] <= row["value"] <= row["high"] and row["blocks"] == 4


def test_a_case_without_a_window_has_a_note_and_no_value(
    cases, baselines, unet, tmp_path: Path
) -> None:
    path, _ = training_file(tmp_path, "2019-07-01T22:30", "2019-07-02T01:30")
    with h5py.File(path, "r+") as file:
        file["wet"][:] = False
        del file[GROUP]
        write_checksums(file)
    dry = Case.whole("dry", "real radar", path)
    table = transfer_table([dry, cases[2]], baselines, unet, **BOOTSTRAP)
    missing = table[table["case"] == "dry"]
    assert set(missing["method"]) == {*METHODS, "U-Net"} and len(missing) == len(METHODS) + 1
    assert missing["value"].isna().all() and (missing["n"] == 0).all()
    assert set(missing["note"]) == {NO_WINDOW}
    pooled, night = (rows(table, case=name)["n"] for name in (ALL_CASES, "night"))
    pd.testing.assert_series_equal(pooled, night)


def test_without_cases_the_table_is_empty(baselines, unet) -> None:
    table = transfer_table([], baselines, unet, **BOOTSTRAP)
    assert table.empty and tuple(table.columns) == TRANSFER_COLUMNS


def test_a_case_holds_all_half_hours_of_its_file(tmp_path: Path) -> None:
    path, _ = training_file(tmp_path, "2019-06-01T03:00", "2019-06-01T05:00")
    case = Case.whole("x", "unseen world", path)
    assert case.times.size == 4 and case.times[0] == np.datetime64("2019-06-01T03:00")
