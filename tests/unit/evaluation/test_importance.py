import numpy as np
import pytest
import torch
from torch import nn

from rainscore.evaluation.blocks import CHANNEL_NAMES
from rainscore.evaluation.importance import CHANNEL_GROUPS, permutation_importance, sensitivity
from rainscore.scores.distribution import BINS
from rainscore.training.splits import split_blocks
from rainscore.training.unet import UNet, UNetSettings
from tests.world import training_file, unet_card


class Weighing(UNet):
    """Predicts a weighted sum of channels: the probability of 1, that of 0 being the rest."""

    def __init__(self, **weights: float) -> None:
        super().__init__(UNetSettings(len(CHANNEL_NAMES), width=1, depth=1))
        values = [weights.get(name, 0.0) for name in CHANNEL_NAMES]
        self.weights = nn.Parameter(torch.tensor(values))

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        value = torch.einsum("bchw,c->bhw", inputs, self.weights)
        between = [torch.zeros_like(value)] * BINS
        return torch.stack([1 - value, *between, value], dim=1), value


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> tuple:
    path, table = training_file(tmp_path_factory.mktemp("world"), "2019-05-01", "2019-05-05")
    splits = split_blocks(table["time"].to_numpy(), pattern=["test"], block_hours=24, gap_hours=0)
    return [path], splits


def test_only_what_the_network_uses_matters(world) -> None:
    """The score of this world follows the microwave source; so does this network."""
    model = Weighing(source_imager=0.5, age_known=0.4)
    table = permutation_importance(model, unet_card(), *world, resamples=100, seed=0)
    result = table.set_index("group")["value"]
    assert set(result.index) == set(CHANNEL_GROUPS)
    assert result["microwave source"] > 0.1
    assert result["rain"] == result["phase"] == result["weight of the infrared"] == 0
    assert table["group"][0] == "microwave source"
    assert table["low"][0] > 0 and table["days"].eq(4).all()


def test_the_same_seed_gives_the_same_table(world) -> None:
    first, second = (
        permutation_importance(Weighing(rain=1.0), unet_card(), *world, resamples=20, seed=3)
        for _ in range(2)
    )
    assert first.equals(second)


def test_the_gradient_of_a_weighted_sum_is_its_weight_at_the_window_alone() -> None:
    inputs = np.random.default_rng(0).random((len(CHANNEL_NAMES), 5, 6)).astype(np.float32)
    spread = np.full(len(CHANNEL_NAMES), 0.5)
    model = Weighing(rain=0.8, age_last=-0.2, age_next=0.4)
    result = sensitivity(model, inputs, (2, 4), spread)
    expected = np.zeros((5, 6))
    expected[2, 4] = 0.4
    np.testing.assert_allclose(result["rain"], expected, atol=1e-7)
    assert result["time from microwave passes"][2, 4] == pytest.approx(0.3)
    assert not result["phase"].any()
