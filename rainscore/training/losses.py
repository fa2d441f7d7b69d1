"""Loss of the U-Net."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rainscore.training.distributed import masked_mean, unwrapped
from rainscore.training.unet import UNet


def pinball_loss(
    quantiles: Tensor, target: Tensor, levels: tuple[float, ...], mask: Tensor
) -> Tensor:
    """Mean pinball loss over the levels and over the pixels of `mask`; 0 where the mask is empty.

    The loss of the quantile q at level τ is max(τ (y − q), (τ − 1)(y − q)) (Koenker and Bassett
    1978, doi:10.2307/1913643).

    Args:
        quantiles: Predicted quantiles, dims (B, L, H, W).
        target: Observed values, dims (B, H, W); ignored outside the mask, where they may be NaN.
        levels: The L levels.
        mask: Dims (B, H, W), boolean.
    """
    # NaN is replaced before the arithmetic, because the gradient of NaN · 0 is NaN.
    excess = torch.where(mask, target, 0.0)[:, None] - quantiles  # (B, L, H, W)
    level = torch.tensor(levels, device=excess.device)[:, None, None]
    loss = torch.maximum(level * excess, (level - 1) * excess).mean(dim=1)  # (B, H, W)
    return masked_mean(loss, mask)


def unet_loss(model: UNet, batch: tuple[Tensor, ...], *, hidden_weight: float = 0.2) -> Tensor:
    """Pinball loss of the score where IMERG has rain, plus cross-entropy of hidden rain elsewhere.

    Args:
        model: U-Net.
        batch: Batch of `dataset.ScoreMaps`: inputs, target, wet, truth.
        hidden_weight: Weight of the cross-entropy, which is several times the pinball loss.
    """
    inputs, target, wet, truth = batch  # (B, C, H, W), then (B, H, W)
    quantiles, hidden = model(inputs)  # (B, L, H, W), (B, H, W)
    defined = ~torch.isnan(target)
    score = pinball_loss(quantiles, target, unwrapped(model).settings.levels, wet & defined)
    # Where IMERG is dry, the score is defined (and 0) if and only if the radar has rain.
    dry = truth & ~wet
    entropy = F.binary_cross_entropy_with_logits(hidden, defined.float(), reduction="none")
    return score + hidden_weight * masked_mean(entropy, dry)
