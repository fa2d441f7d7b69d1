"""Recalibration of predicted distributions, on drawn predictions whose errors are known."""

import numpy as np
import pytest

from rainscore.scores import distribution
from rainscore.scores.distribution import MASSES
from rainscore.training.channels import CHANNELS
from rainscore.training.recalibration import (
    FEATURES,
    HiddenRainCurve,
    Recalibration,
    fit_hidden_rain,
    fit_recalibration,
    window_features,
)

NEUTRAL = Recalibration((0.0,) * len(FEATURES), (0.0,) * len(FEATURES))


def drawn(seed: int, count: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True distributions of many windows, their features, and a score drawn from each."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-3, 3, (count, 1))
    edges = np.array([-2.0, *np.linspace(-2, 2, 20)[1:], 2.0])
    below = 1 / (1 + np.exp(-2 * (edges - centre)))
    masses = np.diff(below, prepend=0.0, append=1.0)
    inputs = rng.uniform(0, 0.6, (count, len(CHANNELS), 1, 1))
    features = window_features(masses, inputs, np.ones((count, 1, 1), bool))
    level = rng.random(count)
    rows = zip(masses, level, strict=True)
    scores = np.array([distribution.quantiles(row, (u,))[0] for row, u in rows])
    return masses, features, scores


def overconfident(masses: np.ndarray) -> np.ndarray:
    """Distributions that are too narrow and too high: logit F becomes 1.8 logit F − 0.5."""
    below = masses.cumsum(axis=1)[:, :-1]
    odds = 1.8 * np.log(below / (1 - below)) - 0.5
    return np.diff(1 / (1 + np.exp(-odds)), prepend=0.0, append=1.0)


def coverage(masses: np.ndarray, scores: np.ndarray) -> float:
    low, high = distribution.interval(masses)
    return float(((scores >= low) & (scores <= high)).mean())


def test_without_coefficients_nothing_changes() -> None:
    masses, features, _ = drawn(0, 50)
    np.testing.assert_allclose(NEUTRAL.apply(masses, features), masses, atol=2e-4)


def test_an_overconfident_and_biased_prediction_is_put_right_on_other_windows() -> None:
    right, _, scores = drawn(0)
    narrow = overconfident(right)
    inputs = np.full((len(narrow), len(CHANNELS), 1, 1), 0.3)
    everywhere = np.ones((len(narrow), 1, 1), bool)
    features = window_features(narrow, inputs, everywhere)
    assert coverage(narrow, scores) < 0.8
    fitted = fit_recalibration(narrow, features, scores)
    new, _, new_scores = drawn(1)
    changed = fitted.apply(
        overconfident(new), window_features(overconfident(new), inputs, everywhere)
    )
    # Here 90 % are reached where no bound is 0 or 1; the intervals that end there hold more.
    assert coverage(new, new_scores) - 0.01 < coverage(changed, new_scores) < 0.95
    gap = distribution.crps(changed, new_scores) - distribution.crps(new, new_scores)
    assert abs(gap.mean()) < 0.001
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    assert (changed >= 0).all()


def test_each_source_of_rain_gets_a_width_of_its_own() -> None:
    """The predictions are right for imagers and too narrow where the rain is morphed."""
    right, _, scores = drawn(2)
    imager = np.arange(len(right)) % 2 == 0
    inputs = np.full((len(right), len(CHANNELS), 1, 1), 0.3)
    inputs[:, CHANNELS.index("source_imager"), 0, 0] = imager
    given = np.where(imager[:, None], right, overconfident(right))
    features = window_features(given, inputs, np.ones((len(right), 1, 1), bool))
    changed = fit_recalibration(given, features, scores).apply(given, features)
    for part in (imager, ~imager):
        expected = coverage(right[part], scores[part])
        assert coverage(changed[part], scores[part]) == pytest.approx(expected, abs=0.02)


def test_the_probability_of_hidden_rain_becomes_the_observed_share() -> None:
    rng = np.random.default_rng(3)
    logit = rng.normal(-1, 1.5, 40_000)
    rain = rng.random(40_000) < 1 / (1 + np.exp(-(0.6 * logit - 0.4)))
    curve = fit_hidden_rain(logit, rain)
    assert curve.intercept == pytest.approx(-0.4, abs=0.05)
    assert curve.slope == pytest.approx(0.6, abs=0.03)
    assert curve.probability(logit).mean() == pytest.approx(rain.mean(), abs=1e-4)


def test_hidden_rain_without_any_example_is_left_as_it_is() -> None:
    assert fit_hidden_rain(np.zeros(5), np.zeros(5, bool)) == HiddenRainCurve(0.0, 1.0)


def test_masses_of_the_features_have_the_precision_of_the_prediction() -> None:
    masses = np.full((3, MASSES), 1 / MASSES, np.float32)
    inputs = np.zeros((1, len(CHANNELS), 1, 3), np.float32)
    features = window_features(masses, inputs, np.ones((1, 1, 3), bool))
    assert features.dtype == np.float32 and features.shape == (3, len(FEATURES))
    assert NEUTRAL.apply(masses, features).dtype == np.float32
