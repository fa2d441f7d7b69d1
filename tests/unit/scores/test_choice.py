import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from rainscore.errors import RainscoreError
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import Frame
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.choice.candidates import (
    CANDIDATES,
    CandidateScores,
    CandidateWindows,
    Climatology,
    candidate_scores,
    seeps_error,
)
from rainscore.scores.choice.criteria import CRITERIA, best_inflation
from rainscore.scores.choice.decision import choose_score
from rainscore.scores.choice.experiments import (
    INFLATIONS,
    PERFECT,
    block_means,
    evaluate_candidates,
    smoothed_cells,
)
from rainscore.scores.choice.faults import FAULTS, faulty, shifted, smoothed, thinning_draws
from rainscore.scores.choice.monthsample import MonthSample
from rainscore.scores.scoremaps import score_month
from rainscore.simulation.errorsources import ONE_ERROR
from rainscore.simulation.rainsequence import estimator
from rainscore.training.features import write_features
from rainscore.training.windowinputs import window_inputs
from tests.world import CELLS, GRID, LEARNING, SCORE, TO_CELLS, month_pair, radar_settings


class Halves:
    """A radar of which every other frame rains twice as hard."""

    settings = replace(radar_settings(), step_minutes=15)

    def frames(self, start: np.datetime64, end: np.datetime64) -> list[Frame]:
        rain = np.tile(np.arange(40, dtype=np.float32) % 3, (40, 1))
        return [
            Frame(start, 15, rain, GRID),
            Frame(start + np.timedelta64(15, "m"), 15, 2 * rain, GRID),
        ]

    def mean(
        self, frames: list[Frame], minutes: list[float], *, of_minutes: float
    ) -> tuple[np.ndarray, np.ndarray]:
        assert minutes == [1] and of_minutes == 1
        return frames[0].rate, np.ones_like(frames[0].rate)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    pair = month_pair("2019-05-01", "2019-05-04")
    path: Path = tmp_path_factory.mktemp("month") / "2019-05.h5"
    weights = overlap_weights(CELLS, LEARNING)
    write_features(pair, score_month(pair, TO_CELLS, SCORE)[0], weights, path)
    estimates = {name: estimator(CELLS, errors=name, seed=0) for name in (PERFECT, *ONE_ERROR)}
    return evaluate_candidates(
        MonthSample(pair, SCORE, TO_CELLS),
        lambda times: window_inputs(path, times, SCORE),
        Halves(),  # type: ignore[arg-type]  # replaces a radar reader
        estimates,
        seed=0,
    )


@pytest.fixture(scope="module")
def chosen(evaluated: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[pd.DataFrame, dict]:
    times = pd.Series(evaluated[1]["time"].unique())
    names = np.where(times.dt.day < 3, "train", "validation")
    splits = pd.DataFrame({"time": times, "split": names})
    return choose_score(
        evaluated[0], evaluated[1], splits, used="csi", error_kinds=ONE_ERROR, resamples=20, seed=0
    )


def value(
    evidence: pd.DataFrame, score: str, criterion: str, case: str = "", level: float = 0
) -> float:
    rows = evidence.set_index(["score", "criterion", "case", "level"])["value"]
    return rows[score, criterion, case, level]


def one_window(imerg: Sequence[float], radar: Sequence[float]) -> CandidateScores:
    """Candidates in a window that holds all cells with the same weight."""
    weights = scipy.sparse.csr_array(np.full((1, len(imerg)), 1 / len(imerg)))
    window = CellWindows(weights, (1, 1))
    first, second = (np.array(x, np.float32).reshape(1, 1, -1) for x in (imerg, radar))
    return candidate_scores(
        first,
        second,
        CandidateWindows(window, window, window),
        Climatology(dry=0.8, heavy=2.0),
        wet_threshold=0.2,
        min_valid_share=0.5,
    )


def test_a_perfect_estimate_scores_one_by_every_candidate() -> None:
    rain = [0, 0, 0.5, 3, 1, 0, 0.2, 8]
    for name, score in one_window(rain, rain).scores.items():
        assert score[0, 0, 0] == pytest.approx(1), name


def test_a_window_dry_in_both_products_has_no_score() -> None:
    assert all(np.isnan(s).all() for s in one_window([0.1] * 4, [0.1] * 4).scores.values())


def test_scores_of_half_the_rain_are_as_computed_by_hand() -> None:
    scores = {k: v[0, 0, 0] for k, v in one_window([1, 1, 0, 2], [2, 2, 0, 4]).scores.items()}
    assert scores["affinity"] == pytest.approx(2 * (2 * np.sqrt(2) + np.sqrt(8)) / 12)
    assert scores["amount"] == pytest.approx(2 / 3)
    assert scores["rmse"] == pytest.approx(2 / 3)
    assert scores["mse"] == pytest.approx(1 - 6 / 30)
    # Variances 1/2 and 2, difference of the means 1, mean squared error 3/2.
    assert scores["mielke"] == pytest.approx(1 - 1.5 / (0.5 + 2 + 1))
    assert scores["csi"] == 1


def test_a_constant_forecast_has_the_expected_seeps_error_one() -> None:
    climatology = Climatology(dry=0.7, heavy=2.0)
    observed = np.repeat([0.0, 1.0, 5.0], [70, 20, 10])  # dry, light and heavy as climatology
    for forecast in (0.0, 1.0, 5.0):
        error = seeps_error(np.full(100, forecast), observed, climatology, 0.2)
        assert error.mean() == pytest.approx(1), forecast
    assert seeps_error(observed, observed, climatology, 0.2).max() == 0


def test_the_climatology_is_that_of_the_valid_rates() -> None:
    rates = np.array([np.nan, 0, 0, 0, 0, 0, 0, 1, 2, 3])
    climatology = Climatology.of(rates, wet_threshold=0.2)
    assert climatology.dry == pytest.approx(6 / 9)
    assert climatology.heavy == pytest.approx(np.quantile([1, 2, 3], 2 / 3))


def test_pixels_shifted_in_from_outside_the_map_are_missing() -> None:
    moved = shifted(np.arange(4.0).reshape(1, 1, 4), 1)
    np.testing.assert_array_equal(moved, [[[np.nan, 0, 1, 2]]])


def test_a_shift_beyond_the_domain_leaves_nothing_to_compare() -> None:
    assert np.isnan(shifted(np.ones((1, 2, 4)), 6)).all()


def test_smoothing_uses_valid_pixels_only_and_fills_nothing() -> None:
    field = np.array([[[1.0, 3.0, np.nan]]], np.float32)
    np.testing.assert_allclose(smoothed(field, 3), [[[2, 2, np.nan]]])


def test_thinning_removes_the_given_share_and_a_higher_level_removes_more() -> None:
    times = np.array(["2019-01-01", "2019-01-02"], "datetime64[ns]")
    draws = thinning_draws(times, (60, 60), step_km=4, seed=1)
    rain = np.ones((2, 60, 60), np.float32)
    few, many = (faulty(rain, "thin", s, step_km=4, draws=draws) for s in (0.25, 0.75))
    assert few.mean() == pytest.approx(0.75, abs=0.05)
    assert (many <= few).all()
    np.testing.assert_array_equal(draws[1:], thinning_draws(times[1:], (60, 60), step_km=4, seed=1))


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown fault 'tilt'"):
        faulty(np.ones((1, 2, 2)), "tilt", 1, step_km=4, draws=np.ones((1, 2, 2)))


def test_every_candidate_falls_under_a_shift(chosen: tuple[pd.DataFrame, dict]) -> None:
    for score in CANDIDATES:
        assert 0 < value(chosen[0], score, "loss", "shift", 64) <= 2, score


def test_a_factor_lowers_the_amount_score_much_and_the_correlation_little(
    chosen: tuple[pd.DataFrame, dict],
) -> None:
    # Four times the rain scores 2/5 by amount.
    for fault in ("strong", "weak"):
        assert 0.6 - 1e-6 <= value(chosen[0], "amount", "loss", fault, 4) < 0.9
        assert value(chosen[0], "correlation", "loss", fault, 4) < 0.45


def test_satellites_without_error_score_best_and_errors_are_detected(chosen) -> None:
    for score in CANDIDATES:
        perfect = value(chosen[0], score, "satellite_score", PERFECT)
        for error in ("displacement", "missed", "bias", "smoothing"):
            with_error = value(chosen[0], score, "satellite_score", error)
            assert with_error <= perfect + 1e-6, (score, error)
        assert 0 <= value(chosen[0], score, "detection") <= 1
    assert value(chosen[0], "amount", "detection") >= value(chosen[0], "csi", "detection")


def test_noise_compares_the_even_with_the_odd_frames(evaluated) -> None:
    rows = evaluated[0][
        (evaluated[0]["experiment"] == "noise") & (evaluated[0]["score"] == "amount")
    ]
    np.testing.assert_allclose(rows["total"] / rows["windows"], 2 / 3, rtol=0.01)


def test_the_evidence_has_ordered_intervals_and_its_sample_size(chosen) -> None:
    rows = chosen[0].dropna()
    assert (rows["low"] <= rows["high"]).all()
    assert rows.loc[rows["criterion"] != "predictability", "days"].eq(3).all()
    assert rows.loc[rows["criterion"] == "merit", "value"].between(0, 1).all()
    assert set(rows.loc[rows["criterion"] == "loss", "case"]) == set(FAULTS)


def test_the_best_merit_is_recommended_and_the_choice_is_plain_json(chosen) -> None:
    evidence, choice = chosen
    merit = evidence[evidence["criterion"] == "merit"].set_index("score")["value"]
    assert choice["recommended"] == (merit.idxmax() if merit.max() > 0 else "")
    assert choice["used"] == "csi"
    # A resample in which no score meets the requirements recommends none.
    assert 0 < sum(choice["share_of_resamples"].values()) <= 1 + 1e-9
    assert set(choice["criteria"]) | set(choice["left_out"]) == set(CRITERIA)
    json.dumps(choice, allow_nan=False)


def test_merit_is_the_geometric_mean_of_the_criteria_or_zero_if_a_requirement_fails(chosen) -> None:
    evidence, choice = chosen
    for score in CANDIDATES:
        values = [value(evidence, score, c) for c in choice["criteria"]]
        mean = np.prod(np.clip(values, 0, 1)) ** (1 / len(values))
        honest = 0.95 <= value(evidence, score, "best_inflation") <= 1.05
        perfect = value(evidence, score, "perfection") >= 0.98
        assert choice["merit"][score] == pytest.approx(mean if honest and perfect else 0)
        assert value(evidence, score, "criteria_mean") == pytest.approx(mean)


def test_the_inflation_of_the_highest_score_is_found_between_the_factors() -> None:
    factors = np.array(INFLATIONS)
    curves = np.stack([-((np.log(factors) - np.log(top)) ** 2) for top in (0.97, 1.3, 4)], axis=1)
    np.testing.assert_allclose(best_inflation(curves), [0.97, 1.3, 2], rtol=1e-6)


def test_inflating_an_estimate_without_bias_does_not_raise_the_affinity(chosen) -> None:
    scores = [value(chosen[0], "affinity", "gaming", "inflation", k) for k in INFLATIONS]
    assert scores[INFLATIONS.index(1.0)] >= max(scores) - 0.01


def test_a_smoothed_field_keeps_what_is_missing_and_fills_nothing() -> None:
    field = np.full((1, *CELLS.shape), 2, np.float32)
    field[0, :, :3] = np.nan
    smooth = smoothed_cells(field, CELLS, 16)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(field))
    np.testing.assert_allclose(smooth[:, :, 3:], 2, rtol=1e-5)


def test_blocks_are_the_means_of_their_valid_pixels() -> None:
    field = np.array([[[1, 3], [np.nan, 5]]], np.float32)
    np.testing.assert_allclose(block_means(field, 2), [[[3]]])
    field[0, 0] = np.nan
    assert np.isnan(block_means(field, 2)).all()


def test_a_period_without_rain_is_an_error_that_says_what_to_do(evaluated) -> None:
    splits = pd.DataFrame({"time": evaluated[1]["time"][:0], "split": []})
    with pytest.raises(RainscoreError, match=r"no window .* use more days"):
        choose_score(
            evaluated[0],
            evaluated[1][:0],
            splits,
            used="csi",
            error_kinds=ONE_ERROR,
            resamples=5,
            seed=0,
        )


def test_a_criterion_that_is_not_available_is_left_out_for_all_candidates(evaluated) -> None:
    nothing = pd.DataFrame({"time": evaluated[1]["time"][:0], "split": []})
    _, choice = choose_score(
        evaluated[0], evaluated[1], nothing, used="csi", error_kinds=ONE_ERROR, resamples=5, seed=0
    )
    assert choice["left_out"] == ["scale_freedom"]  # pixels of 8 km are large already
    assert "predictability" not in choice["criteria"]
