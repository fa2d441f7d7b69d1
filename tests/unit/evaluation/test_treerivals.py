import numpy as np
import pytest

from rainscore.evaluation.baselines import ByClass
from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.evaluation.boosting import Boosting, masses_below
from rainscore.evaluation.forests import QuantileForest, leaf_masses
from rainscore.evaluation.skill import measures, score_statistics
from rainscore.evaluation.windowfeatures import WindowSample, pixel_features
from rainscore.scores.distribution import MASSES, mass_numbers, quantiles
from tests.unit.evaluation.maps import block_of


def test_the_neighbourhood_of_a_single_wet_pixel_by_hand() -> None:
    inputs = np.zeros((1, len(CHANNEL_NAMES), 9, 9), np.float32)
    inputs[0, CHANNEL_NAMES.index("rain"), 4, 4] = 0.9
    features = pixel_features(block_of(np.full((1, 9, 9), 0.5), inputs), 0.2).reshape(9, 9, -1)
    means = [len(CHANNEL_NAMES) + 3 + 9 * i for i in range(3)]
    assert features[4, 4, means[0]] == pytest.approx(1 / 9)
    assert features[2, 4, means[0]] == 0
    assert features[2, 4, means[1]] == pytest.approx(1 / 49)
    assert features[0, 0, -1] == pytest.approx(1 / 81)


def test_the_changes_in_the_neighbourhood_by_hand() -> None:
    inputs = np.zeros((1, len(CHANNEL_NAMES), 9, 9), np.float32)
    inputs[0, CHANNEL_NAMES.index("change_next"), 4, 3:5] = 0.5, -0.2
    inputs[0, CHANNEL_NAMES.index("rain"), 4, 4] = 0.3
    inputs[0, CHANNEL_NAMES.index("next_known")] = 1
    features = pixel_features(block_of(np.full((1, 9, 9), 0.5), inputs), 0.2).reshape(9, 9, -1)
    change, after = len(CHANNEL_NAMES) + 3 + 9 + 6, len(CHANNEL_NAMES) + 3 + 9 + 8
    assert features[4, 4, change] == pytest.approx(0.3 / 49)
    assert features[4, 4, after] == pytest.approx(0.6 / 49)
    assert features[4, 4, after - 1] == 0
    rain_after = features[4, 3:5, len(CHANNEL_NAMES) + 1]
    assert rain_after.tolist() == pytest.approx([0.5, 0.1])
    assert features[4, 4, -3:-1].tolist() == pytest.approx([0, 0.7 / 49])
    assert features[4, 4, CHANNEL_NAMES.index("change_next")] == pytest.approx(-0.2)


def boosted(rng: np.random.Generator, maps: int) -> Block:
    """Scores that follow the rain of the neighbourhood, and spread with the infrared weight."""
    inputs = rng.random((maps, len(CHANNEL_NAMES), 12, 12), np.float32)
    infrared = inputs[:, CHANNEL_NAMES.index("ir_influence")]
    centre = inputs[:, CHANNEL_NAMES.index("rain")]
    target = np.clip(0.2 + 0.6 * centre + 0.3 * (rng.random(centre.shape) - 0.5) * infrared, 0, 1)
    return block_of(target, inputs)


TREES = (Boosting, QuantileForest)


def trees(method: type, share: float) -> Boosting | QuantileForest:
    return method(WindowSample(share, wet_threshold=0.2, seed=3), threads=1, seed=3)


@pytest.mark.parametrize("method", TREES)
def test_trees_beat_climatology_and_are_reproducible_to_the_bit(method) -> None:
    rng = np.random.default_rng(1)
    training, new = boosted(rng, 60), boosted(rng, 20)
    climatology, first, second = (
        ByClass(lambda b: np.zeros(b.scores.size, int), 1),
        *(trees(method, 0.8) for _ in range(2)),
    )
    for method in (climatology, first, second):
        method.learn(training)
    predicted = first.predict(new)
    assert (predicted >= 0).all()
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(predicted, second.predict(new))
    crps, coverage = (
        {
            name: measures(score_statistics(rows, new.scores).sum(axis=0))[measure]
            for name, rows in (
                ("climatology", climatology.predict(new)),
                ("boosted", predicted),
            )
        }
        for measure in ("crps", "coverage")
    )
    assert crps["boosted"] < 0.5 * crps["climatology"]
    assert coverage["boosted"] == pytest.approx(0.9, abs=0.08)


@pytest.mark.parametrize("method", TREES)
def test_trees_predict_the_lower_quantiles_of_a_score_that_is_often_zero(method) -> None:
    """Scores are 0 with little rain, else 0.6 to 1: the quartile is predicted, not a constant 0."""
    rng = np.random.default_rng(2)
    inputs = rng.random((60, len(CHANNEL_NAMES), 12, 12), np.float32)
    rainy = inputs[:, CHANNEL_NAMES.index("rain")] > 0.5
    block = block_of(np.where(rainy, 0.6 + 0.4 * rng.random(rainy.shape), 0.0), inputs)
    fitted = trees(method, 1.0)
    fitted.learn(block)
    lowest, quarter = quantiles(fitted.predict(block), (0.05, 0.25)).T
    rainy = rainy.ravel()
    assert quarter[~rainy].mean() < 0.03
    assert quarter[rainy].mean() == pytest.approx(0.7, abs=0.03)
    assert lowest[~rainy].mean() == 0 and lowest[rainy].mean() > 0.5


def test_methods_that_share_a_sample_learn_from_the_same_windows() -> None:
    sample = WindowSample(0.5, wet_threshold=0.2, seed=3)
    block = boosted(np.random.default_rng(5), 4)
    for method in TREES:
        method(sample, threads=1, seed=3).learn(block)
    assert 0.4 < sample.scores.size / block.scores.size < 0.6
    assert sample.features.shape[0] == sample.scores.size


def test_masses_between_thresholds_are_shared_equally_and_crossings_are_raised() -> None:
    below = np.array([[0.1, 0.3, 0.2, 0.9]])
    masses = masses_below(below, (0, 2, 4, 20))[0]
    assert masses[:5].tolist() == pytest.approx([0.1, 0.1, 0.1, 0.0, 0.0])
    assert masses[5:21].tolist() == pytest.approx([0.6 / 16] * 16)
    assert masses[21] == pytest.approx(0.1)


def test_a_leaf_holds_the_distribution_of_its_scores() -> None:
    leaves = np.array([[0, 1], [0, 0], [1, 0]])
    masses = leaf_masses(leaves, mass_numbers(np.array([0.0, 0.52, 1.0])))
    assert masses.shape == (2, 2, MASSES)
    assert masses[0, 0, [0, 11]].tolist() == [0.5, 0.5]
    assert masses[1, 0, [11, 21]].tolist() == [0.5, 0.5]
    assert masses[0, 1, 21] == 1


def test_without_any_score_the_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="no defined score on the training days"):
        WindowSample(1.0, wet_threshold=0.2, seed=0).scores  # noqa: B018  # evaluated for its error
