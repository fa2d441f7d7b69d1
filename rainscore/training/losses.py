"""Loss of the U-Net."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rainscore.scores.distribution import BINS, MASSES
from rainscore.training.distributed import total_mean
from rainscore.training.unet import UNet

LEAST_MASS = 1e-9
"""Smallest mass whose logarithm is taken."""


def crps_loss(masses: Tensor, target: Tensor) -> Tensor:
    """CRPS of each prediction, as `scores.distribution.crps`, with gradients.

    Args:
        masses: Predicted masses, dims (n, mass).
        target: Observed scores in [0, 1], dims (n,), without NaN.

    Returns:
        Dims (n,).
    """
    below = masses[:, :-1].cumsum(dim=1)  # (n, edge)
    start, end = below[:, :-1], below[:, 1:]
    squared = (start * (start + end) + end * end).sum(dim=1) / (3 * BINS)
    position = BINS * target[:, None] - torch.arange(BINS, device=target.device)
    part = 1 - position.clamp(0, 1)
    weight = part * part / 2 - position.clamp(max=0)
    excess = (masses[:, 1:-1] * weight).sum(dim=1) / BINS + masses[:, -1] * (1 - target)
    return squared - (1 - target) + 2 * excess


def logarithmic_loss(masses: Tensor, target: Tensor) -> Tensor:
    """Logarithmic score of each prediction: −log of the mass that the observed score belongs to.

    Args:
        masses: Predicted masses, dims (n, mass).
        target: Observed scores in [0, 1], dims (n,), without NaN.

    Returns:
        Dims (n,).
    """
    inside = (target * BINS).long().clamp(max=BINS - 1) + 1
    number = torch.where(target <= 0, 0, torch.where(target >= 1, MASSES - 1, inside))
    return -masses.gather(1, number[:, None])[:, 0].clamp(min=LEAST_MASS).log()


def unet_loss(
    model: UNet,
    batch: tuple[Tensor, ...],
    *,
    logarithmic_weight: float = 0.05,
    hidden_weight: float = 0.4,
) -> Tensor:
    """Loss of the score where IMERG has rain, plus cross-entropy of hidden rain elsewhere.

    The loss of the score is its CRPS plus a small share of the logarithmic score, which penalises
    observed scores with a very small predicted probability.

    Args:
        model: U-Net.
        batch: Batch of `dataset.ScoreMaps`: inputs, target, wet, truth.
        logarithmic_weight: Weight of the logarithmic score, which is some twenty times the CRPS.
        hidden_weight: Weight of the cross-entropy, which is several times the CRPS.
    """
    inputs, target, wet, truth = batch  # (B, C, H, W), then (B, H, W)
    masses, hidden = model(inputs)  # (B, M, H, W), (B, H, W)
    defined = ~torch.isnan(target)
    chosen = torch.nonzero((wet & defined).flatten())[:, 0]
    rows = masses.movedim(1, -1).flatten(0, -2).index_select(0, chosen)  # (n, M)
    observed = target.flatten()[chosen]
    score = crps_loss(rows, observed) + logarithmic_weight * logarithmic_loss(rows, observed)
    # Where IMERG is dry, the score is defined (and 0) if and only if the radar has rain.
    dry = truth & ~wet
    entropy = F.binary_cross_entropy_with_logits(
        hidden[dry], defined[dry].float(), reduction="none"
    )
    return total_mean(score) + hidden_weight * total_mean(entropy)
