import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.baselines import (
    NEIGHBOURS,
    ByClass,
    NearestMaps,
    cluster_class,
    random_error_class,
)
from rainscore.evaluation.blocks import CHANNEL_NAMES, Block, read_blocks
from rainscore.evaluation.boosting import Boosting, pixel_features
from rainscore.evaluation.skill import measures, score_statistics
from tests.world import training_file

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


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


def test_a_window_without_score_is_not_judged() -> None:
    target = np.array([[[0.2, np.nan]], [[0.4, 0.6]]])
    block = block_of(target)
    assert block.scores.tolist() == [0.2, 0.4, 0.6]
    assert block.map_index.tolist() == [0, 1, 1]


def test_blocks_are_the_maps_of_the_files_with_what_the_network_sees(tmp_path) -> None:
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


def test_the_nearest_maps_are_those_alike_in_the_latent_space() -> None:
    """Two kinds of maps, far apart in the first number; the second is noise of a large unit."""
    rng = np.random.default_rng(0)
    kind = np.arange(100) % 2
    target = np.where(kind == 1, 0.9, 0.1)[:, None, None] + rng.uniform(-0.05, 0.05, (100, 4, 4))
    block = block_of(target)
    latents = pd.DataFrame(
        {"time": block.times.astype("datetime64[ns]"), "z0": kind.astype(float)}
    ).assign(z1=1000 * rng.random(100))
    nearest = NearestMaps(latents)
    nearest.learn(block)
    found = nearest.nearest(block.times)
    assert found.shape == (100, NEIGHBOURS)
    assert (found[:, 0] == np.arange(100)).all()
    assert (kind[found] == kind[:, None]).mean() > 0.99
    median = nearest.predict(block, LEVELS)[:, 2].reshape(100, -1)
    assert median[kind == 1] == pytest.approx(0.9, abs=0.02)
    scores = pd.Series(0.5 * kind, index=latents["time"])
    assert nearest.predict_maps(block.times, scores, (0.5,))[:, 0] == pytest.approx(0.5 * kind)


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
    own = features[4, 3:5, len(CHANNEL_NAMES) + 1]
    assert own.tolist() == pytest.approx([0.5, 0.1])
    assert features[4, 4, -3:-1].tolist() == pytest.approx([0, 0.7 / 49])
    assert features[4, 4, CHANNEL_NAMES.index("change_next")] == pytest.approx(-0.2)


def boosted(rng: np.random.Generator, maps: int) -> Block:
    """Scores that follow the rain of the neighbourhood, and spread with the infrared weight."""
    inputs = rng.random((maps, len(CHANNEL_NAMES), 12, 12), np.float32)
    infrared = inputs[:, CHANNEL_NAMES.index("ir_influence")]
    centre = inputs[:, CHANNEL_NAMES.index("rain")]
    target = np.clip(0.2 + 0.6 * centre + 0.3 * (rng.random(centre.shape) - 0.5) * infrared, 0, 1)
    return block_of(target, inputs)


def test_boosting_learns_what_classes_cannot_and_repeats_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    known, new = boosted(rng, 60), boosted(rng, 20)
    blind, first, again = (
        ByClass(lambda b: np.zeros(b.scores.size, int), 1),
        *(Boosting(0.8, wet_threshold=0.2, seed=3) for _ in range(2)),
    )
    for method in (blind, first, again):
        method.learn(known)
    quantiles = first.predict(new, LEVELS)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_array_equal(quantiles, again.predict(new, LEVELS))
    crps, coverage = (
        {
            name: measures(score_statistics(rows, new.scores, LEVELS).sum(axis=0))[measure]
            for name, rows in (("blind", blind.predict(new, LEVELS)), ("boosted", quantiles))
        }
        for measure in ("crps", "coverage")
    )
    assert crps["boosted"] < 0.4 * crps["blind"]
    assert coverage["boosted"] == pytest.approx(0.9, abs=0.08)


def test_a_map_without_rain_estimate_has_the_class_of_too_little_rain() -> None:
    times = pd.date_range("2019-01-01", periods=3, freq="30min")
    clusters = pd.DataFrame({"time": times[[0, 2]], "cluster": [4, -1]})
    assert cluster_class(clusters, times.to_numpy()).tolist() == [5, 0, 0]


def test_boosting_tells_apart_the_lower_quantiles_of_a_score_that_is_often_zero() -> None:
    """Scores are 0 where it rains little, else 0.6 to 1: the quarter is known, not a constant 0."""
    rng = np.random.default_rng(2)
    inputs = rng.random((60, len(CHANNEL_NAMES), 12, 12), np.float32)
    rainy = inputs[:, CHANNEL_NAMES.index("rain")] > 0.5
    block = block_of(np.where(rainy, 0.6 + 0.4 * rng.random(rainy.shape), 0.0), inputs)
    boosting = Boosting(1.0, wet_threshold=0.2, seed=3)
    boosting.learn(block)
    lowest, quarter = boosting.predict(block, (0.05, 0.25)).T
    here = rainy.ravel()
    assert quarter[~here].mean() < 0.01
    assert quarter[here].mean() == pytest.approx(0.7, abs=0.03)
    assert lowest[here].mean() == pytest.approx(0.62, abs=0.03)
