"""Soft assignments to clusters, and the targets that a network trains itself towards."""

import torch
from torch import Tensor
from torch.nn import functional as F


def squared_distances(z: Tensor, centres: Tensor) -> Tensor:
    """Squared distances (B, K) of vectors (B, L) to centres (K, L)."""
    return (z[:, None] - centres).square().sum(dim=2)


def student_t(z: Tensor, centres: Tensor) -> Tensor:
    """Soft assignment (B, K) by Student's t with one degree of freedom; each row sums to one.

    Xie, Girshick and Farhadi 2016 (arXiv:1511.06335), equation 1.
    """
    q = 1 / (1 + squared_distances(z, centres))
    return q / q.sum(dim=1, keepdim=True)


def sharpened(q: Tensor) -> Tensor:
    """Target (n, K) that sharpens and balances soft assignments: q² / Σq, rows to one.

    Xie, Girshick and Farhadi 2016 (arXiv:1511.06335), equation 3. The sums run over all members:
    a target made from one batch would balance that batch.
    """
    p = q.square() / q.sum(dim=0)
    return p / p.sum(dim=1, keepdim=True)


def balanced(q: Tensor) -> Tensor:
    """Target (n, K) that only balances: q / √Σq, rows to one.

    Dizaji et al. 2017 (DEPICT, arXiv:1704.06327), equation 8. The authors' code uses `sharpened`.
    """
    p = q / q.sum(dim=0).sqrt()
    return p / p.sum(dim=1, keepdim=True)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """Kullback–Leibler divergence of q (B, K) from p (B, K): summed over K, mean over the batch."""
    tiny = torch.finfo(q.dtype).tiny
    return F.kl_div(q.clamp_min(tiny).log(), p, reduction="batchmean")
