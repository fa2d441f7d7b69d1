import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import RainscoreError
from rainscore.regridding.conservative import overlap_weights
from rainscore.scores.choice import trial
from rainscore.scores.choice.candidates import CANDIDATES, window_scores
from rainscore.scores.choice.decision import CRITERIA, describe_choice
from rainscore.scores.choice.faults import FAULTS, faulty, shifted, smoothed, thinning_draws
from rainscore.scores.scoremaps import score_month
from rainscore.simulation.errorsources import ONE_ERROR
from rainscore.simulation.one_error import estimator
from rainscore.training.features import write_features
from rainscore.training.windowinputs import window_inputs
from tests.world import CELLS, GRID, LEARNING, SCORE, month_pair

LAYOUT: dict[str, Any] = {"threshold": 0.2, "window": 4, "min_valid": 0.5}


class Halves:
    """A radar of which every other frame rains twice as hard."""

    step_minutes = 15

    class weights:
        @staticmethod
        def apply(rain: np.ndarray, *, min_valid: float) -> tuple[np.ndarray, np.ndarray]:
            return rain, np.ones_like(rain)

    def frames(self, start: np.datetime64, end: np.datetime64):
        rain = np.tile(np.arange(40, dtype=np.float32) % 3, (40, 1))
        return np.array([start, start + np.timedelta64(15, "m")]), [rain, 2 * rain]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    pair = month_pair("2019-05-01", "2019-05-04")
    path: Path = tmp_path_factory.mktemp("month") / "2019-05.h5"
    weights = overlap_weights(CELLS, LEARNING)
    write_features(pair, score_month(pair, SCORE)[0], weights, path)
    onto = (overlap_weights(GRID, CELLS), overlap_weights(CELLS, GRID))
    # `Halves` stands for a radar reader.
    estimates = {
        name: estimator(CELLS, errors=name, seed=0) for name in (trial.PERFECT, *ONE_ERROR)
    }
    return trial.try_scores(
        pair,
        lambda times: window_inputs(path, times, SCORE),
        Halves(),  # type: ignore[arg-type]  # stand-in
        SCORE,
        onto,
        estimates,
        seed=0,
    )


@pytest.fixture(scope="module")
def described(tried: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[pd.DataFrame, dict]:
    times = pd.Series(tried[1]["time"].unique())
    names = np.where(times.dt.day < 3, "train", "validation")
    splits = pd.DataFrame({"time": times, "split": names})
    return describe_choice(
        tried[0], tried[1], splits, used="csi", worlds=ONE_ERROR, resamples=20, seed=0
    )


def value(evidence: pd.DataFrame, score: str, criterion: str) -> float:
    rows = evidence[(evidence["score"] == score) & (evidence["criterion"] == criterion)]
    return rows["value"].iloc[0]


def test_a_perfect_estimate_scores_one_by_every_candidate() -> None:
    rain = np.zeros((1, 8, 8), np.float32)
    rain[0, :3, :3] = rain[0, 4:6, 4:7] = np.arange(1.0, 4)[:2, None].repeat(3, 1).repeat(2, 0)[0]
    scores, _, _ = window_scores(rain, rain, **LAYOUT)
    for name, score in scores.items():
        assert score[0, 0, 0] == pytest.approx(1), name


def test_a_window_dry_in_both_products_has_no_score() -> None:
    drizzle = np.full((1, 4, 4), 0.1, np.float32)
    scores, _, _ = window_scores(drizzle, drizzle, **LAYOUT)
    assert all(np.isnan(score).all() for score in scores.values())


def test_amount_and_rmse_of_half_the_rain_are_as_computed_by_hand() -> None:
    # |1 − 2| / (1 + 2) of the amount is lost; an error of 1 of at most 1 + 2.
    one = np.ones((1, 4, 4), np.float32)
    scores, _, _ = window_scores(one, 2 * one, **LAYOUT)
    assert scores["amount"][0, 0, 0] == pytest.approx(2 / 3)
    assert scores["rmse"][0, 0, 0] == pytest.approx(2 / 3)


def test_what_a_shift_brings_in_is_missing() -> None:
    moved = shifted(np.arange(4.0).reshape(1, 1, 4), 1)
    np.testing.assert_array_equal(moved, [[[np.nan, 0, 1, 2]]])


def test_a_shift_beyond_the_domain_leaves_nothing_to_compare() -> None:
    assert np.isnan(shifted(np.ones((1, 2, 4)), 6)).all()


def test_smoothing_uses_valid_pixels_only_and_fills_nothing() -> None:
    field = np.array([[[1.0, 3.0, np.nan]]], np.float32)
    np.testing.assert_allclose(smoothed(field, 3), [[[2, 2, np.nan]]])


def test_thinning_takes_nested_shares_of_the_rain() -> None:
    times = np.array(["2019-01-01", "2019-01-02"], "datetime64[ns]")
    draws = thinning_draws(times, (60, 60), step_km=4, seed=1)
    rain = np.ones((2, 60, 60), np.float32)
    few, many = (faulty(rain, "thin", s, step_km=4, draws=draws) for s in (0.25, 0.75))
    assert few.mean() == pytest.approx(0.75, abs=0.05)
    assert (many <= few).all()
    np.testing.assert_array_equal(draws[1:], thinning_draws(times[1:], (60, 60), step_km=4, seed=1))


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault is called 'tilt'"):
        faulty(np.ones((1, 2, 2)), "tilt", 1, step_km=4, draws=np.ones((1, 2, 2)))


def test_every_candidate_loses_by_a_shift(described: tuple[pd.DataFrame, dict]) -> None:
    for score in CANDIDATES:
        assert 0 < value(described[0], score, "shift 64") <= 2, score


def test_only_scores_of_amount_see_a_factor_fully(described: tuple[pd.DataFrame, dict]) -> None:
    # Four times the rain leaves 2/5 of the amount's score, and 0 where the fault makes rain of
    # drizzle or drizzle of rain; the correlation of logs hardly moves.
    for fault in ("strong", "weak"):
        assert 0.6 - 1e-6 <= value(described[0], "amount", f"{fault} 4") < 0.9
        assert value(described[0], "correlation", f"{fault} 4") < 0.3


def test_the_world_without_error_scores_best_and_each_error_is_seen(described) -> None:
    for score in CANDIDATES:
        perfect = value(described[0], score, "world perfect")
        for world in ("displacement", "missed", "bias", "smoothing"):
            assert value(described[0], score, f"world {world}") <= perfect + 1e-6, (score, world)
        assert 0 <= value(described[0], score, "seen") <= 1
    assert value(described[0], "amount", "seen") > value(described[0], "csi", "seen")


def test_noise_compares_every_other_frame_with_those_between(tried) -> None:
    rows = tried[0][(tried[0]["case"] == "noise") & (tried[0]["score"] == "amount")]
    np.testing.assert_allclose(rows["total"] / rows["windows"], 2 / 3, rtol=1e-6)


def test_intervals_hold_the_value_and_say_their_sample(described) -> None:
    rows = described[0].dropna()
    assert (rows["low"] <= rows["high"]).all()
    assert rows.loc[rows["criterion"] != "predictable", "days"].eq(3).all()
    assert rows.loc[rows["criterion"] == "merit", "value"].between(0, 1).all()
    assert set(FAULTS) <= set(rows["criterion"].str.split(" ").str[0])


def test_the_best_merit_is_recommended_and_the_choice_is_plain_json(described) -> None:
    evidence, choice = described
    merit = evidence[evidence["criterion"] == "merit"].set_index("score")["value"]
    assert choice["recommended"] == merit.idxmax()
    assert choice["used"] == "csi"
    assert sum(choice["share_of_resamples"].values()) == pytest.approx(1)
    assert set(choice["criteria"]) | set(choice["left_out"]) == set(CRITERIA)
    json.dumps(choice, allow_nan=False)


def test_merit_is_the_geometric_mean_of_the_criteria(described) -> None:
    evidence, choice = described
    values = [value(evidence, "fss", c) for c in choice["criteria"]]
    expected = np.prod(np.clip(values, 0, 1)) ** (1 / len(values))
    assert choice["merit"]["fss"] == pytest.approx(expected)


def test_a_period_without_rain_is_refused_with_what_to_do(tried) -> None:
    splits = pd.DataFrame({"time": tried[1]["time"][:0], "split": []})
    with pytest.raises(RainscoreError, match=r"no window .* take more days"):
        describe_choice(
            tried[0], tried[1][:0], splits, used="csi", worlds=ONE_ERROR, resamples=5, seed=0
        )


def test_a_criterion_that_cannot_be_had_is_left_out_for_all(tried) -> None:
    nothing = pd.DataFrame({"time": tried[1]["time"][:0], "split": []})
    _, choice = describe_choice(
        tried[0], tried[1], nothing, used="csi", worlds=ONE_ERROR, resamples=5, seed=0
    )
    assert choice["left_out"] == ["predictable"]
