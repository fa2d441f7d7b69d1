import numpy as np
import pytest

from rainscore.scores.distribution import MASSES
from rainscore.training.channels import CHANNELS, scale_rain
from rainscore.training.mapscore import (
    MapCurve,
    fit_map_score,
    map_features,
    map_margins,
    map_score,
    predict_map_score,
    with_classes,
)


def inputs_of(rain: np.ndarray) -> np.ndarray:
    """Channels of maps with this rain [mm/h], dims (map, y, x)."""
    inputs = np.zeros((len(rain), len(CHANNELS), *rain.shape[1:]), np.float32)
    inputs[:, CHANNELS.index("rain")] = scale_rain(rain)
    return inputs


def test_features_of_four_pixels_by_hand() -> None:
    rain = np.array([[[4.0, 1.0], [0.0, 0.0]]])
    masses = np.zeros((1, MASSES, 2, 2))
    masses[0, -1], masses[0, 0] = [[0.9, 0.6], [0.1, 0.1]], [[0.1, 0.4], [0.9, 0.9]]
    hidden = np.array([[[0.5, 0.5], [0.75, 0.25]]])
    valid = np.ones_like(rain, bool)
    features = map_features(masses, hidden, rain > 0, valid, inputs_of(rain))
    # Weights 2.01 and 1.01; two wet windows, and one expected hidden window.
    mean = (2.01 * 0.9 + 1.01 * 0.6) / 3.02
    np.testing.assert_allclose(features, [[mean, 1 / 3, 0.5]], rtol=1e-5)


def test_windows_without_radar_do_not_count_in_the_features() -> None:
    rain = np.array([[[4.0, 1.0, 9.0], [0.0, 0.0, 0.0]]])
    masses, hidden = np.zeros((1, MASSES, 2, 3)), np.full((1, 2, 3), 0.5)
    masses[0, -1], masses[0, 0] = 0.6, 0.4
    valid = np.array([[[True, True, False]] * 2])
    features = map_features(masses, hidden, (rain > 0) & valid, valid, inputs_of(rain))
    np.testing.assert_allclose(features, [[0.6, 1 / 3, 0.5]], rtol=1e-5)


def test_a_map_without_rain_has_no_score() -> None:
    rain = np.zeros((1, 2, 2))
    valid = np.ones_like(rain, bool)
    masses = np.full((1, MASSES, 2, 2), 1 / MASSES)
    features = map_features(masses, rain, rain > 0, valid, inputs_of(rain))
    assert np.isnan(features).all()
    scores = map_score(features, *fitted())
    assert scores[["value", "low", "high"]].isna().all(axis=None)
    assert not scores["outside"].any()


def world(seed: int, maps: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Features and scores of maps: scores spread more where they are low."""
    rng = np.random.default_rng(seed)
    median, hidden, share = rng.uniform(0.3, 0.8, (3, maps))
    score = np.clip(median - 0.4 * hidden + 0.2 + rng.normal(0, 0.25 * (1 - median)), 0, 0.95)
    return np.stack([median, hidden, share], axis=1), score


def fitted() -> tuple[MapCurve, tuple[float, ...]]:
    """Curve and margins."""
    curve = with_classes(fit_map_score(*world(0)), *world(1))
    features, truth = world(1)
    value = predict_map_score(features, curve)
    return curve, map_margins(curve, value, truth, np.arange(400) // 50)


def test_the_curve_rises_with_the_mean_and_falls_with_the_hidden_share() -> None:
    curve, _ = fitted()
    steps = np.linspace(0, 1, 50)
    flat = np.full(50, 0.5)
    assert (np.diff(predict_map_score(np.stack([steps, flat, flat], axis=1), curve)) >= 0).all()
    assert (np.diff(predict_map_score(np.stack([flat, steps, flat], axis=1), curve)) <= 0).all()


def test_features_beyond_the_range_of_the_fit_are_clipped_and_flagged() -> None:
    curve, margins = fitted()
    features = np.array([[1.0, 0.0, 0.5], [0.8, 0.3, 0.5], [0.8, 0.3, 0.999]])
    scores = map_score(features, curve, margins)
    inside = predict_map_score(np.array([[curve.high[0], curve.low[1], 0.5]]), curve)[0]
    assert scores["value"][0] == pytest.approx(inside)
    assert scores["value"][0] < 0.95
    assert scores["outside"].tolist() == [False, False, True]


def test_other_maps_are_covered_in_every_third_of_the_predicted_score() -> None:
    features, score = world(2, 3000)
    scores = map_score(features, *fitted())
    covered = (score >= scores["low"]) & (score <= scores["high"])
    thirds = np.searchsorted(np.quantile(scores["value"], [1 / 3, 2 / 3]), scores["value"])
    assert covered.mean() == pytest.approx(0.9, abs=0.04)
    for third in range(3):
        assert covered[thirds == third].mean() == pytest.approx(0.9, abs=0.05)
    # The interval is narrower where the scores spread less.
    width = (scores["high"] - scores["low"]).groupby(thirds).mean()
    assert width[2] < 0.8 * width[0]


def test_with_few_maps_the_score_is_the_mean() -> None:
    features, score = world(3, 10)
    curve = fit_map_score(features, score)
    np.testing.assert_allclose(predict_map_score(features, curve), features[:, 0])
