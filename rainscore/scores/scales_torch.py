"""`rainscore.scores.scales.scale_sums` by torch, for a machine with a GPU: the same values."""

from collections.abc import Sequence

import numpy as np
import torch

from rainscore.scores.scales import ScaleSums
from rainscore.scores.sums import additive
from rainscore.scores.windows import enough_pixels, window_bounds

MAPS_AT_ONCE = 8


def scale_sums(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    thresholds: Sequence[float],
    windows: Sequence[int],
    min_valid: float,
    device: str = "cuda",
) -> ScaleSums:
    """Components of the fractions skill score; see the function of the same name in `scales`.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN.
        thresholds: Rates [mm/h].
        windows: Sides of the square windows [pixels], odd.
        min_valid: Share (0 to 1) of a window's pixels inside the map that must be valid.
        device: Where torch computes.
    """
    limits = torch.tensor(np.asarray(thresholds, np.float32), device=device)[:, None, None]
    parts = []
    for start in range(0, len(imerg), MAPS_AT_ONCE):
        a, b = (
            torch.tensor(np.asarray(rate[start : start + MAPS_AT_ONCE], np.float32), device=device)[
                :, None
            ]
            for rate in (imerg, radar)
        )
        known = torch.isfinite(a) & torch.isfinite(b)
        wet_a, wet_b = known & (a >= limits), known & (b >= limits)
        tables = [_table(field) for field in (wet_a, wet_b, known)]
        sums = torch.stack([_window_sums(tables, int(w), min_valid) for w in windows], dim=-1)
        wet = [field.sum(dim=(2, 3)).expand(wet_a.shape[:2]) for field in (wet_a, wet_b, known)]
        parts.append((sums.cpu().numpy(), torch.stack(wet).cpu().numpy()[..., None]))
    components, counts = (np.concatenate(p, axis=1) for p in zip(*parts, strict=True))
    return ScaleSums(*additive(components[:3]), *components[3:].astype(np.int64), *counts)


def _table(field: torch.Tensor) -> torch.Tensor:
    """Summed-area tables (T, K, y + 1, x + 1) of boolean fields (T, K, y, x)."""
    total = field.cumsum(dim=2, dtype=torch.int32).cumsum(dim=3, dtype=torch.int32)
    return torch.nn.functional.pad(total, (1, 0, 1, 0))


def _window_sums(tables: list[torch.Tensor], window: int, min_valid: float) -> torch.Tensor:
    """Sums (5, T, K) over all windows of a side, in the order of `ScaleSums`."""
    device, ny, nx = tables[0].device, tables[0].shape[2] - 1, tables[0].shape[3] - 1
    (top, bottom), (left, right) = (
        (torch.tensor(bound, device=device) for bound in window_bounds(n, window=window, stride=1))
        for n in (ny, nx)
    )
    f, o, valid = (
        (band[..., right] - band[..., left]).float()
        for band in (table[:, :, bottom] - table[:, :, top] for table in tables)
    )
    least = enough_pixels(min_valid) * torch.outer(bottom - top, right - left)
    enough = valid >= least.clamp(min=1)
    share = enough / valid.clamp(min=1)
    f, o = f * share, o * share
    terms = ((f - o) ** 2, f**2, o**2, enough.expand(f.shape), f + o > 0)
    return torch.stack([term.sum(dim=(2, 3), dtype=torch.float64) for term in terms])
