"""Skill of the codes of windows by encoder and method."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.windowsamples import SIDE, WindowSample
from rainscore.evaluation.encoderskill import (
    COLUMNS,
    CodesRun,
    EvaluatedWindows,
    compare_encoders,
    resampled_seeds,
)
from rainscore.scores.distribution import masses_of

LOW, HIGH = 0.22, 0.78


def sample(seed: int, days: int = 8) -> tuple[WindowSample, np.ndarray]:
    """Windows of two groups, one with low and one with high scores; and the group of each."""
    rng = np.random.default_rng(seed)
    group = np.tile([0, 1], 20 * days)
    scores = np.where(group == 0, LOW, HIGH) + 0.02 * (rng.random(len(group)) - 0.5)
    day = np.repeat(np.datetime64("2019-01-01") + np.arange(days), 40)
    # The U-Net knows the group.
    predicted = np.stack([masses_of(scores[group == g]) for g in (0, 1)])[group]
    nothing = np.zeros((len(group), 1), np.float32)
    inputs = np.zeros((len(group), 2, SIDE, SIDE), np.float16)
    return WindowSample(inputs, nothing, nothing, predicted, scores, day), group


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    drawn = {name: sample(i) for i, name in enumerate(("train", "calibration", "test", "world"))}
    samples = {name: windows for name, (windows, _) in drawn.items()}
    rng = np.random.default_rng(9)
    right = {name: group for name, (_, group) in drawn.items()}
    random = {name: rng.integers(0, 2, len(group)) for name, (_, group) in drawn.items()}
    # One window in ten is in the wrong code.
    wrong = {
        name: np.where(np.arange(len(group)) % 10 == 3, 1 - group, group)
        for name, (_, group) in drawn.items()
    }
    runs = {
        CodesRun("channels", "kmeans", 2, 0): random,
        CodesRun("channels", "kmeans", 2, 1): random,
        CodesRun("channels", "dcec", 2, 0): right,
        CodesRun("channels", "dcec", 2, 1): wrong,
        CodesRun("pixel", "classes", 2, 0): random,
    }
    cases = [
        EvaluatedWindows("test days", "test", samples["test"]),
        EvaluatedWindows("unseen world", "world", samples["world"]),
    ]
    return compare_encoders(
        {name: samples[name] for name in ("train", "calibration")},
        cases, runs, reference="kmeans", resamples=100, seed=0,
    )  # fmt: skip


def row(table: pd.DataFrame, method: str, measure: str, kind: str = "test days") -> pd.Series:
    chosen = table[
        (table["method"] == method) & (table["measure"] == measure) & (table["kind"] == kind)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_codes_that_follow_the_score_have_nearly_the_skill_of_the_u_net(table) -> None:
    assert list(table.columns) == COLUMNS
    for kind in ("test days", "unseen world"):
        share = row(table, "dcec", "of_unet", kind)
        assert 0.8 < share["value"] < 1 and share["seeds"] == 2
        assert share["low"] <= share["value"] <= share["high"]
        # Labels are shrunk: a little is lost although the first seed knows the group.
        assert share["value"] + share["spread"] / 2 < 1.0
        assert abs(row(table, "kmeans", "of_unet", kind)["value"]) < 0.1


def test_the_gain_over_k_means_is_the_difference_of_the_skills(table) -> None:
    gain = row(table, "dcec", "over_kmeans")
    skill = [row(table, method, "crps_skill")["value"] for method in ("dcec", "kmeans")]
    assert gain["value"] == pytest.approx(skill[0] - skill[1])
    assert gain["low"] > 0.5
    others = table[(table["measure"] == "over_kmeans")]["method"]
    assert set(others) == {"dcec"}  # neither k-means itself nor an encoder without k-means


def test_the_spread_is_the_range_over_the_seeds(table) -> None:
    assert row(table, "dcec", "crps_skill")["spread"] > 0.05
    assert row(table, "kmeans", "crps_skill")["spread"] == 0
    assert row(table, "classes", "crps_skill")["seeds"] == 1


@pytest.mark.parametrize("seeds", [2, 5])
def test_the_interval_holds_the_variation_between_the_seeds(seeds: int) -> None:
    """Without variation between days the variance of the mean is that of the seeds over n."""
    of_seed = np.random.default_rng(1).standard_normal(seeds)
    values = np.broadcast_to(of_seed, (40_000, seeds))
    drawn = resampled_seeds(values, seed=0)
    assert drawn.mean() == pytest.approx(of_seed.mean(), abs=0.02)
    assert drawn.var() == pytest.approx(of_seed.var(ddof=1) / seeds, rel=0.03)


def test_a_single_seed_keeps_the_variation_between_the_days() -> None:
    values = np.array([[0.1], [0.4]])
    np.testing.assert_array_equal(resampled_seeds(values, seed=0), [0.1, 0.4])


def test_a_gain_is_that_over_the_reference_with_the_same_seed() -> None:
    """Both methods lose as much with seed 1, so that the gain does not vary between the seeds."""
    drawn = {name: sample(i) for i, name in enumerate(("train", "calibration", "test"))}
    samples = {name: windows for name, (windows, _) in drawn.items()}
    groups = {name: group for name, (_, group) in drawn.items()}
    half = {name: np.where(np.arange(len(g)) % 4 < 2, g, 0) for name, g in groups.items()}
    runs = {
        CodesRun("channels", method, 2, seed): codes
        for method in ("kmeans", "dcec")
        for seed, codes in enumerate((groups, half))
    }
    table = compare_encoders(
        {name: samples[name] for name in ("train", "calibration")},
        [EvaluatedWindows("test days", "test", samples["test"])],
        runs, reference="kmeans", resamples=100, seed=0,
    )  # fmt: skip
    gain, skill = (row(table, "dcec", name) for name in ("over_kmeans", "crps_skill"))
    assert skill["spread"] > 0.05 and skill["high"] - skill["low"] > 0.05
    assert gain[["value", "low", "high", "spread"]].tolist() == [0, 0, 0, 0]


def test_windows_and_two_day_blocks_are_counted_once(table) -> None:
    first = row(table, "classes", "crps_skill")
    assert first["blocks"] == 4 and first["n"] == 320


def test_the_name_of_a_run_is_read_as_it_was_written() -> None:
    run = CodesRun("channels", "deep_kmeans", 64, 3)
    assert CodesRun.parse(str(run)) == run
