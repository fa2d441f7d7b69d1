import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.baselines import (
    NEIGHBOURS,
    ByClass,
    ConditionalClimatology,
    NearestMaps,
    cluster_class,
    random_error_class,
)
from rainscore.evaluation.blocks import CHANNEL_NAMES, Block, read_blocks
from rainscore.evaluation.boosting import Boosting, pixel_features
from rainscore.evaluation.skill import measures, score_statistics
from rainscore.scores.distribution import masses_of, mean, quantiles
from tests.world import training_file


def block_of(target: np.ndarray, inputs: np.ndarray | None = None, start: int = 0) -> Block:
    """Maps (map, y, x) that are wet and valid everywhere."""
    n, *shape = target.shape
    hours = np.arange(start, start + n) * np.timedelta64(30, "m")
    times = np.datetime64("2019-01-01T00:00", "s") + hours
    if inputs is None:
        inputs = np.zeros((n, len(CHANNEL_NAMES), *shape), np.float32)
    everywhere = np.ones(target.shape, bool)
    error = np.full(target.shape, np.nan, np.float32)
    return Block(times, inputs, target, everywhere, everywhere, error, error)


def test_a_window_without_a_score_is_not_evaluated() -> None:
    target = np.array([[[0.2, np.nan]], [[0.4, 0.6]]])
    block = block_of(target)
    assert block.scores.tolist() == [0.2, 0.4, 0.6]
    assert block.map_index.tolist() == [0, 1, 1]


def test_blocks_hold_the_maps_of_the_files_with_the_inputs_of_the_network(tmp_path) -> None:
    path, table = training_file(tmp_path, "2019-05-01", "2019-05-02")
    blocks = list(read_blocks([path], table["time"].to_numpy()[5:25], ["age_next"]))
    assert [len(block.times) for block in blocks] == [16, 4]
    assert blocks[0].inputs.shape[1] == len(CHANNEL_NAMES)
    assert set(np.unique(blocks[0].quality)) <= set(np.array([0.4, 0.9], "f2").astype("f4"))
    assert np.isnan(blocks[0].random_error).all()
    # The hidden time to the next pass stays 0 only where the granule itself holds a pass.
    last, following = (
        blocks[0].inputs[:, CHANNEL_NAMES.index(n)] for n in ("age_last", "age_next")
    )
    np.testing.assert_array_equal(following, last > 0)


def test_a_missing_random_error_is_a_class_of_its_own() -> None:
    block = block_of(np.full((1, 1, 3), 0.5))
    block.random_error[0, 0, :2] = 0.001, 100
    assert random_error_class(block).tolist() == [0, 39, 40]


def test_the_nearest_maps_are_those_with_similar_latent_vectors() -> None:
    """Two kinds of maps differ in the first component; the second is noise on a larger scale."""
    rng = np.random.default_rng(0)
    kind = np.arange(100) % 2
    target = np.where(kind == 1, 0.9, 0.1)[:, None, None] + rng.uniform(-0.05, 0.05, (100, 4, 4))
    block = block_of(target)
    latents = pd.DataFrame(
        {"time": block.times.astype("datetime64[ns]"), "z0": kind.astype(float)}
    ).assign(z1=1000 * rng.random(100))
    nearest = NearestMaps(latents)
    nearest.learn(block)
    positions = nearest.nearest(block.times)
    assert positions.shape == (100, NEIGHBOURS)
    assert (positions[:, 0] == np.arange(100)).all()
    assert (kind[positions] == kind[:, None]).mean() > 0.99
    expected = mean(nearest.predict(block)).reshape(100, -1)
    assert expected[kind == 1] == pytest.approx(0.9, abs=0.02)
    scores = pd.Series(0.525 * kind, index=latents["time"])
    assert mean(nearest.predict_maps(block.times, scores)) == pytest.approx(0.525 * kind)


def test_the_neighbourhood_of_a_single_wet_pixel_by_hand() -> None:
    inputs = np.zeros((1, len(CHANNEL_NAMES), 9, 9), np.float32)
    inputs[0, CHANNEL_NAMES.index("rain"), 4, 4] = 0.9
    features = pixel_features(block_of(np.full((1, 9, 9), 0.5), inputs), 0.2).reshape(9, 9, -1)
    means = [len(CHANNEL_NAMES) + 4 + 9 * i for i in range(3)]
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
    change, after = len(CHANNEL_NAMES) + 4 + 9 + 6, len(CHANNEL_NAMES) + 4 + 9 + 8
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


def test_boosting_beats_climatology_and_is_reproducible_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    training, new = boosted(rng, 60), boosted(rng, 20)
    climatology, first, second = (
        ByClass(lambda b: np.zeros(b.scores.size, int), 1),
        *(Boosting(0.8, wet_threshold=0.2, seed=3) for _ in range(2)),
    )
    for method in (climatology, first, second):
        method.learn(training)
    predicted = first.predict(new)
    assert (predicted >= 0).all()
    np.testing.assert_allclose(predicted.sum(axis=1), 1)
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
    assert crps["boosted"] < 0.4 * crps["climatology"]
    assert coverage["boosted"] == pytest.approx(0.9, abs=0.08)


def test_a_map_without_rain_estimate_has_the_class_of_too_little_rain() -> None:
    times = pd.date_range("2019-01-01", periods=3, freq="30min")
    clusters = pd.DataFrame({"time": times[[0, 2]], "cluster": [4, -1]})
    assert cluster_class(clusters, times.to_numpy()).tolist() == [5, 0, 0]


def test_boosting_predicts_the_lower_quantiles_of_a_score_that_is_often_zero() -> None:
    """Scores are 0 with little rain, else 0.6 to 1: the quartile is predicted, not a constant 0."""
    rng = np.random.default_rng(2)
    inputs = rng.random((60, len(CHANNEL_NAMES), 12, 12), np.float32)
    rainy = inputs[:, CHANNEL_NAMES.index("rain")] > 0.5
    block = block_of(np.where(rainy, 0.6 + 0.4 * rng.random(rainy.shape), 0.0), inputs)
    boosting = Boosting(1.0, wet_threshold=0.2, seed=3)
    boosting.learn(block)
    lowest, quarter = quantiles(boosting.predict(block), (0.05, 0.25)).T
    rainy = rainy.ravel()
    assert quarter[~rainy].mean() < 0.03
    assert quarter[rainy].mean() == pytest.approx(0.7, abs=0.03)
    assert lowest[rainy].mean() == pytest.approx(0.62, abs=0.03)


def test_isotonic_scores_rise_with_the_class_except_for_missing_values() -> None:
    rng = np.random.default_rng(7)
    climatology = ConditionalClimatology(4, rising=True)
    for label, centre in enumerate((0.3, 0.6, 0.5, 0.1)):
        climatology.add(np.full(4000, label), rng.uniform(centre - 0.1, centre + 0.1, 4000))
    median = quantiles(climatology.masses(), (0.5,))[:, 0]
    # The second and the third are out of order: both take their mean.
    assert median == pytest.approx([0.3, 0.55, 0.55, 0.1], abs=0.03)


def test_conditional_climatology_gives_the_distribution_of_each_class() -> None:
    rng = np.random.default_rng(3)
    low, high = rng.uniform(0, 0.4, 20_000), rng.uniform(0.6, 1, 20_000)
    climatology = ConditionalClimatology(3)
    climatology.add(np.zeros(low.size, int), low)
    climatology.add(np.ones(high.size, int), high)
    climatology.add(np.full(3, 2), np.full(3, 0.5))
    found = climatology.masses()
    np.testing.assert_allclose(found[0], masses_of(low))
    np.testing.assert_allclose(found[1], masses_of(high))
    everything = np.concatenate([low, high, np.full(3, 0.5)])
    np.testing.assert_allclose(found[2], masses_of(everything))  # too few of its own


def test_climatology_without_any_score_is_an_error() -> None:
    with pytest.raises(ValueError, match="no defined score on the training days"):
        ConditionalClimatology(2).masses()
