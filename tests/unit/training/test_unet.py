import json
from dataclasses import asdict

import pytest
import torch
from torch import Tensor

from rainscore.training.losses import pinball_loss, unet_loss
from rainscore.training.unet import UNet, UNetSettings, ordered_quantiles


def small(seed: int = 0, **settings) -> UNet:
    torch.manual_seed(seed)
    return UNet(UNetSettings(**{"in_channels": 2, "width": 4, "depth": 2, **settings}))


@pytest.mark.parametrize("height, width", [(8, 8), (7, 13), (25, 10), (3, 3)])
def test_a_map_of_any_size_gives_a_map_of_that_size(height, width):
    quantiles, hidden = small()(torch.rand(2, 2, height, width))
    assert quantiles.shape == (2, 5, height, width) and hidden.shape == (2, height, width)
    assert bool((quantiles.diff(dim=1) > 0).all()) and 0 <= quantiles.min() <= quantiles.max() <= 1


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


def test_a_map_that_is_the_same_everywhere_gets_the_same_score_without_a_chequerboard():
    quantiles, hidden = small()(torch.full((1, 2, 96, 96), 0.7))
    # The borders are known to the convolutions: look beyond their reach.
    inside = torch.cat([quantiles[0], hidden])[:, 40:56, 40:56]
    assert torch.allclose(inside, inside[:, :1, :1].expand_as(inside), atol=1e-6)


def test_a_network_starts_from_a_uniform_score():
    levels = (0.1, 0.5, 0.8)
    head = small(levels=levels).head.bias
    assert head is not None
    start = ordered_quantiles(head[:-1].reshape(1, 3, 1, 1)).flatten()
    assert start.tolist() == pytest.approx(levels) and head[-1] == 0


def test_channels_are_standardised_as_the_settings_say():
    mean, spread = (0.2, -1.0), (0.1, 4.0)
    x = torch.rand(1, 2, 16, 16)
    by_hand = (x - torch.tensor(mean)[:, None, None]) / torch.tensor(spread)[:, None, None]
    model = small(mean=mean, spread=spread)
    assert torch.equal(model(x)[0], small()(by_hand)[0])
    assert model.state_dict().keys() == small().state_dict().keys()
    with pytest.raises(ValueError, match="2 values"):
        small(mean=mean)


def test_settings_come_back_from_json_and_wrong_levels_are_refused():
    settings = UNetSettings(3, levels=(0.1, 0.9), mean=(0.0, 0.5, 1.0), spread=(0.1, 1.0, 2.0))
    assert UNetSettings(**json.loads(json.dumps(asdict(settings)))) == settings
    for levels in ((), (0.5, 0.5), (0.0, 0.5), (0.5, 1.0)):
        with pytest.raises(ValueError, match="levels"):
            UNetSettings(3, levels=levels)


class Fixed(torch.nn.Module):
    """Gives the two arrays it holds."""

    settings = UNetSettings(1, levels=(0.5,))

    def __init__(self, quantiles: Tensor, hidden: Tensor) -> None:
        super().__init__()
        self.quantiles, self.hidden = (torch.nn.Parameter(x) for x in (quantiles, hidden))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.quantiles, self.hidden


def test_each_pixel_counts_only_where_its_truth_is_known():
    """Pixels: wet and scored; wet, no score; dry, hidden rain; rightly dry; radar unknown."""
    nan = float("nan")
    target = torch.tensor([[[0.8, nan, 0.0, nan, nan]]])
    wet = torch.tensor([[[True, True, False, False, False]]])
    truth = torch.tensor([[[True, False, True, True, False]]])
    model = Fixed(torch.full((1, 1, 1, 5), 0.5), torch.zeros(1, 1, 5))
    # A stand-in for a network.
    loss = unet_loss(model, (target, target, wet, truth), hidden_weight=2.0)  # type: ignore[arg-type]
    score = pinball_loss(model.quantiles, target, (0.5,), torch.tensor([[[True] + [False] * 4]]))
    assert loss.item() == pytest.approx(score.item() + 2 * torch.log(torch.tensor(2.0)).item())
    assert score.item() == pytest.approx(0.15)
    loss.backward()
    assert model.quantiles.grad is not None and model.hidden.grad is not None
    assert (model.quantiles.grad[0, 0, 0] != 0).tolist() == [True, False, False, False, False]
    assert model.hidden.grad[0, 0].sign().tolist() == [0, 0, -1, 1, 0]
