"""Losses of the networks."""

import torch
from torch import Tensor
from torch import distributed as group
from torch.nn import functional as F

from rainscore.training.autoencoder import AutoEncoder
from rainscore.training.distributed import count
from rainscore.training.unet import UNet


def pinball_loss(
    quantiles: Tensor, target: Tensor, levels: tuple[float, ...], mask: Tensor
) -> Tensor:
    """Mean pinball loss over the levels and over the pixels of `mask`; 0 where the mask is empty.

    The loss of the quantile q at level τ is max(τ (y − q), (τ − 1)(y − q)) (Koenker and Bassett
    1978, doi:10.2307/1913643).

    Args:
        quantiles: Dims (B, L, H, W).
        target: Dims (B, H, W); its values outside the mask (NaN) give no gradient.
        levels: The L levels.
        mask: Dims (B, H, W), boolean.
    """
    # NaN is replaced before the arithmetic: NaN · 0 would still spoil the gradient.
    excess = torch.where(mask, target, 0.0)[:, None] - quantiles  # (B, L, H, W)
    level = torch.tensor(levels, device=excess.device)[:, None, None]
    loss = torch.maximum(level * excess, (level - 1) * excess).mean(dim=1)
    return mean(loss, mask)


def mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the values where the mask is true, in all processes; 0 where it is nowhere.

    Each process gets its own part of it, so many times larger that the mean over the processes,
    which is what is taken of their gradients, is the mean over all values.
    """
    total, number = torch.where(mask, values, 0.0).sum(), mask.sum()
    if count() > 1:
        group.all_reduce(number)
    return total * count() / number.clamp(min=1)


def reconstruction_loss(model: AutoEncoder, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean squared error of the reconstruction; the batch is of `dataset.RainMaps`."""
    (rain,) = batch
    error = (model(rain).float() - rain) ** 2
    return mean(error, torch.ones_like(error, dtype=torch.bool))


def unet_loss(model: UNet, batch: tuple[Tensor, ...], *, hidden_weight: float = 0.2) -> Tensor:
    """Pinball loss of the score where it rains, cross-entropy of hidden rain where it does not.

    Args:
        model: The network.
        batch: Of `dataset.ScoreMaps`: inputs, target, wet, truth.
        hidden_weight: Weight of the cross-entropy, which is several times the pinball loss.
    """
    inputs, target, wet, truth = batch
    quantiles, hidden = model(inputs)
    defined = ~torch.isnan(target)
    # Trained by several processes, the network is wrapped.
    settings = getattr(model, "module", model).settings
    score = pinball_loss(quantiles, target, settings.levels, wet & defined)
    # Dry in IMERG: the score is defined (and 0) exactly where the radar has rain.
    dry = truth & ~wet
    entropy = F.binary_cross_entropy_with_logits(hidden, defined.float(), reduction="none")
    return score + hidden_weight * mean(entropy, dry)
