"""Quantiles of the score: how a network gives them, and how they are judged."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rainscore.fitting.distributed import mean


def ordered_quantiles(raw: Tensor) -> Tensor:
    """Turn free numbers into quantiles in [0, 1] that increase along the channels.

    Channel 0 is the logit of the lowest quantile; each next one adds a step that softplus keeps
    positive, so that no training can make the quantiles cross.

    Args:
        raw: Dims (B, L, H, W).

    Returns:
        Dims (B, L, H, W).
    """
    steps = torch.cat([raw[:, :1], F.softplus(raw[:, 1:])], dim=1)
    return torch.sigmoid(torch.cumsum(steps, dim=1))


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


def crps_from_quantiles(
    quantiles: np.ndarray, truth: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Continuous ranked probability score of a forecast given by its quantiles.

    CRPS = 2 ∫ pinball(τ) dτ (Gneiting and Raftery 2007, doi:10.1198/016214506000001437); each level
    stands for the part of [0, 1] that is nearer to it than to the others.

    Args:
        quantiles: Dims (n, L, ...), increasing along L.
        truth: Dims (n, ...), NaN where undefined.
        levels: The L levels.

    Returns:
        Dims (n, ...), in units of the truth; NaN where the truth is.
    """
    tau = np.asarray(levels)
    weights = np.diff([0.0, *(tau[1:] + tau[:-1]) / 2, 1.0])
    excess = truth[:, None] - quantiles
    tau = tau.reshape(-1, *[1] * (excess.ndim - 2))
    return 2 * np.tensordot(np.maximum(tau * excess, (tau - 1) * excess), weights, axes=(1, 0))
