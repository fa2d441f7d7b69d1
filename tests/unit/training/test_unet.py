import json
from dataclasses import asdict

import pytest
import torch
from torch import Tensor

from rainscore.errors import RainscoreError
from rainscore.scores.distribution import MASSES
from rainscore.training.losses import unet_loss
from rainscore.training.modelfiles import save_model
from rainscore.training.unet import UNet, UNetSettings, load_unet
from tests.world import unet_card


def small(seed: int = 0, **settings) -> UNet:
    torch.manual_seed(seed)
    return UNet(UNetSettings(**{"in_channels": 2, "width": 4, "depth": 2, **settings}))


@pytest.mark.parametrize("height, width", [(8, 8), (7, 13), (25, 10), (3, 3)])
def test_a_map_of_any_size_gives_a_map_of_that_size(height, width):
    masses, hidden = small()(torch.rand(2, 2, height, width))
    assert masses.shape == (2, MASSES, height, width) and hidden.shape == (2, height, width)
    assert masses.min() >= 0
    torch.testing.assert_close(masses.sum(dim=1), torch.ones_like(hidden))


def test_a_map_too_small_to_reflect_is_refused():
    with pytest.raises(ValueError, match="2 × 9 pixels is too small"):
        small()(torch.rand(1, 2, 2, 9))


def test_the_score_of_a_pixel_does_not_depend_on_rain_out_of_its_reach():
    model, x = small(), torch.rand(1, 2, 64, 64)
    changed = x.clone()
    changed[..., 40:] += 3
    # Two levels down, the 3 × 3 convolutions reach at most 32 pixels.
    assert torch.allclose(model(x)[0][..., :8], model(changed)[0][..., :8], atol=1e-6)
    assert not torch.allclose(model(x)[0][..., 36:40], model(changed)[0][..., 36:40], atol=1e-3)


@pytest.mark.parametrize("side", [96, 97])
def test_a_map_that_is_the_same_everywhere_gets_the_same_score_also_at_its_edges(side):
    masses, hidden = small()(torch.full((1, 2, side, side), 0.7))
    outputs = torch.cat([masses[0], hidden])
    assert torch.allclose(outputs, outputs[:, :1, :1].expand_as(outputs), atol=1e-6)


def test_the_outputs_are_those_of_the_head_for_the_features_of_each_pixel():
    model, x = small(), torch.rand(2, 2, 9, 12)
    features = model.features(x)
    assert features.shape == (2, 4, 9, 12)
    logits = model.head(features)
    masses, hidden = model(x)
    assert torch.equal(masses, logits[:, :-1].softmax(dim=1)) and torch.equal(hidden, logits[:, -1])


def test_channels_are_standardised_as_the_settings_say():
    mean, spread = (0.2, -1.0), (0.1, 4.0)
    x = torch.rand(1, 2, 16, 16)
    by_hand = (x - torch.tensor(mean)[:, None, None]) / torch.tensor(spread)[:, None, None]
    model = small(mean=mean, spread=spread)
    assert torch.equal(model(x)[0], small()(by_hand)[0])
    assert model.state_dict().keys() == small().state_dict().keys()
    with pytest.raises(ValueError, match="2 values"):
        small(mean=mean)


def test_settings_come_back_from_json():
    settings = UNetSettings(3, mean=(0.0, 0.5, 1.0), spread=(0.1, 1.0, 2.0))
    assert UNetSettings(**json.loads(json.dumps(asdict(settings)))) == settings


def test_a_model_file_of_an_earlier_version_is_refused(tmp_path):
    """Earlier networks predicted quantiles: their cards name levels, their heads are smaller."""
    model = small(in_channels=15)
    for settings in ({"levels": [0.05, 0.5, 0.95]}, {"width": 8}):
        card = unet_card(settings=asdict(model.settings) | settings)
        save_model(tmp_path / "unet", model.state_dict(), card.as_dict())
        with pytest.raises(RainscoreError, match=r"unet.json: .* train the model again"):
            load_unet(tmp_path / "unet")


class Fixed(torch.nn.Module):
    """Gives the two arrays it holds."""

    def __init__(self, masses: Tensor, hidden: Tensor) -> None:
        super().__init__()
        self.masses, self.hidden = (torch.nn.Parameter(x) for x in (masses, hidden))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.masses, self.hidden


def test_each_pixel_counts_only_where_its_truth_is_known():
    """Pixels: wet and scored; wet, no score; dry, hidden rain; rightly dry; radar unknown."""
    nan = float("nan")
    target = torch.tensor([[[0.8, nan, 0.0, nan, nan]]])
    wet = torch.tensor([[[True, True, False, False, False]]])
    truth = torch.tensor([[[True, False, True, True, False]]])
    certain_of_1 = torch.eye(MASSES)[-1].reshape(1, MASSES, 1, 1).expand(1, MASSES, 1, 5)
    model = Fixed(certain_of_1.clone(), torch.zeros(1, 1, 5))
    # A stand-in for a network.
    weights = {"logarithmic_weight": 0.0, "hidden_weight": 2.0}
    loss = unet_loss(model, (target, target, wet, truth), **weights)  # type: ignore[arg-type]  # a stand-in
    assert loss.item() == pytest.approx(0.2 + 2 * torch.log(torch.tensor(2.0)).item())
    loss.backward()
    assert model.masses.grad is not None and model.hidden.grad is not None
    assert model.masses.grad[0, 1:-1, 0].any(dim=0).tolist() == [True, False, False, False, False]
    assert model.hidden.grad[0, 0].sign().tolist() == [0, 0, -1, 1, 0]
