"""Loss of the U-Net."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rainscore.scores.distribution import BINS
from rainscore.training.distributed import total_mean
from rainscore.training.unet import UNet


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


def unet_loss(model: UNet, batch: tuple[Tensor, ...], *, hidden_weight: float = 0.4) -> Tensor:
    """CRPS of the score where IMERG has rain, plus cross-entropy of hidden rain elsewhere.

    Args:
        model: U-Net.
        batch: Batch of `dataset.ScoreMaps`: inputs, target, wet, truth.
        hidden_weight: Weight of the cross-entropy, which is several times the CRPS.
    """
    inputs, target, wet, truth = batch  # (B, C, H, W), then (B, H, W)
    masses, hidden = model(inputs)  # (B, M, H, W), (B, H, W)
    defined = ~torch.isnan(target)
    chosen = torch.nonzero((wet & defined).flatten())[:, 0]
    rows = masses.movedim(1, -1).flatten(0, -2).index_select(0, chosen)  # (n, M)
    score = crps_loss(rows, target.flatten()[chosen])
    # Where IMERG is dry, the score is defined (and 0) if and only if the radar has rain.
    dry = truth & ~wet
    entropy = F.binary_cross_entropy_with_logits(
        hidden[dry], defined[dry].float(), reduction="none"
    )
    return total_mean(score) + hidden_weight * total_mean(entropy)
