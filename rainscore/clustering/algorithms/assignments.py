"""Soft assignments to clusters, and the targets derived from them."""

import torch
from torch import Tensor
from torch.nn import functional as F


def squared_distances(z: Tensor, centres: Tensor) -> Tensor:
    """Squared distances (B, K) of vectors (B, L) to centres (K, L)."""
    return (z[:, None] - centres).square().sum(dim=2)


def student_t(z: Tensor, centres: Tensor) -> Tensor:
    """Soft assignment by Student's t distribution with one degree of freedom.

    q_k = (1 + ‖z − c_k‖²)⁻¹ / Σ_j (1 + ‖z − c_j‖²)⁻¹ (Xie, Girshick and Farhadi 2016,
    arXiv:1511.06335, equation 1).

    Args:
        z: Latent vectors, dims (B, L).
        centres: Cluster centres, dims (K, L).

    Returns:
        Dims (B, K); each row sums to one.
    """
    q = 1 / (1 + squared_distances(z, centres))
    return q / q.sum(dim=1, keepdim=True)


def sharpened(q: Tensor) -> Tensor:
    """Target that sharpens and balances soft assignments: p ∝ q² / Σ q, rows sum to one.

    Xie, Girshick and Farhadi 2016 (arXiv:1511.06335), equation 3. The sum runs over all members
    of the data set; over a batch it would balance the batch instead.

    Args:
        q: Soft assignments, dims (n, K).

    Returns:
        Dims (n, K).
    """
    p = q.square() / q.sum(dim=0)
    return p / p.sum(dim=1, keepdim=True)


def balanced(q: Tensor) -> Tensor:
    """Target that balances soft assignments: p ∝ q / √(Σ q), rows sum to one.

    Dizaji et al. 2017 (DEPICT, doi:10.1109/ICCV.2017.612), equation 8. The authors' code uses
    `sharpened`.

    Args:
        q: Soft assignments, dims (n, K).

    Returns:
        Dims (n, K).
    """
    p = q / q.sum(dim=0).sqrt()
    return p / p.sum(dim=1, keepdim=True)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """Kullback–Leibler divergence Σ p log(p / q) of (B, K), mean over the batch."""
    tiny = torch.finfo(q.dtype).tiny
    return F.kl_div(q.clamp_min(tiny).log(), p, reduction="batchmean")
