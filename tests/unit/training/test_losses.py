import numpy as np
import pytest
import torch
from sklearn.metrics import mean_pinball_loss

from rainscore.training.losses import pinball_loss
from rainscore.training.unet import ordered_quantiles

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def test_quantiles_cannot_cross_whatever_the_network_gives():
    raw = torch.randn(4, 5, 20, 20, generator=torch.Generator().manual_seed(0)) * 30
    quantiles = ordered_quantiles(raw)
    assert bool((quantiles.diff(dim=1) >= 0).all())
    assert quantiles.min() >= 0 and quantiles.max() <= 1


def test_pinball_loss_of_two_pixels_by_hand():
    quantiles = torch.tensor([0.2, 0.6]).reshape(1, 2, 1, 1).expand(1, 2, 1, 2)
    target = torch.tensor([[[0.5, 0.0]]])
    # First pixel: 0.25 · 0.3 and 0.25 · 0.1; second: 0.75 · 0.2 and 0.25 · 0.6.
    loss = pinball_loss(quantiles, target, (0.25, 0.75), torch.ones(1, 1, 2, dtype=torch.bool))
    assert loss.item() == pytest.approx((0.075 + 0.025 + 0.15 + 0.15) / 4)


def test_pinball_loss_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    target, quantiles = rng.random((3, 6, 7)), rng.random((3, 5, 6, 7))
    mask = rng.random(target.shape) < 0.4
    expected = np.mean(
        [
            mean_pinball_loss(target[mask], quantiles[:, i][mask], alpha=level)
            for i, level in enumerate(LEVELS)
        ]
    )
    loss = pinball_loss(
        torch.from_numpy(quantiles), torch.from_numpy(target), LEVELS, torch.from_numpy(mask)
    )
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_a_missing_target_gives_no_gradient_and_no_loss():
    quantiles = torch.full((1, 5, 1, 2), 0.5, requires_grad=True)
    target = torch.tensor([[[np.nan, 1.0]]])
    pinball_loss(quantiles, target, LEVELS, ~torch.isnan(target)).backward()
    assert quantiles.grad is not None
    assert quantiles.grad[..., 0].abs().sum() == 0 and bool((quantiles.grad[..., 1] < 0).all())
    nothing = pinball_loss(quantiles, target, LEVELS, torch.zeros(1, 1, 2, dtype=torch.bool))
    assert nothing.item() == 0
