import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.baselines import (
    NEIGHBOURS,
    ConditionalClimatology,
    NearestMaps,
    cluster_class,
    random_error_class,
)
from rainscore.evaluation.blocks import CHANNEL_NAMES, read_blocks
from rainscore.scores.distribution import masses_of, mean, quantiles
from tests.unit.evaluation.maps import block_of
from tests.world import training_file


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
    # The few maps at the ends of the second component have neighbours of the other kind.
    assert (np.abs(expected[kind == 1] - 0.9) < 0.05).mean() > 0.9
    scores = pd.Series(0.525 * kind, index=latents["time"])
    of_maps = mean(nearest.predict_maps(block.times, scores))
    assert (np.abs(of_maps - 0.525 * kind) < 0.05).mean() > 0.9


def test_a_map_without_rain_estimate_has_the_class_of_too_little_rain() -> None:
    times = pd.date_range("2019-01-01", periods=3, freq="30min")
    clusters = pd.DataFrame({"time": times[[0, 2]], "cluster": [4, -1]})
    assert cluster_class(clusters, times.to_numpy()).tolist() == [5, 0, 0]


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
