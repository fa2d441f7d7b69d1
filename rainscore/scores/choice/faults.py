"""Synthetic faults applied to radar fields, to test how the candidate scores respond."""

import numpy as np

from rainscore.scores.sums import ratio
from rainscore.scores.windowsums import window_sums

FAULTS: dict[str, tuple[float, ...]] = {
    "shift": (8, 16, 32, 64),
    "strong": (1.25, 1.5, 2, 4),
    "weak": (1.25, 1.5, 2, 4),
    "smooth": (4, 8, 16, 32),
    "thin": (0.1, 0.25, 0.5, 0.75),
}
"""Levels of each fault, ascending; `FAULT_TEXTS` has their meaning and unit."""


FAULT_TEXTS = {
    "shift": "moved east by [km]",
    "strong": "rates multiplied by [1]",
    "weak": "rates divided by [1]",
    "smooth": "mean within ± [km]",
    "thin": "share of 8 km pixels set to 0 [1]",
}
"""Meaning and unit of the levels of each fault."""


THIN_KM = 8.0
"""Side of the pixels that the fault `thin` sets to 0 [km]."""


def faulty(
    radar: np.ndarray, fault: str, level: float, *, step_km: float, draws: np.ndarray
) -> np.ndarray:
    """Apply a fault to radar fields.

    Args:
        radar: Rates [mm/h], dims (time, y, x), NaN where missing.
        fault: Name of the fault, a key of `FAULTS`.
        level: Level of the fault.
        step_km: Pixel size [km].
        draws: Random numbers of `thinning_draws`, dims as `radar`.

    Returns:
        Rates [mm/h], same dims. Pixels that a shift moves in from outside the map are missing; a
        smoothed pixel is the mean of the valid pixels around it, and missing where the radar is.

    Raises:
        ValueError: There is no fault of that name.
    """
    if fault == "shift":
        return shifted(radar, round(level / step_km))
    if fault == "strong":
        return radar * np.float32(level)
    if fault == "weak":
        return radar / np.float32(level)
    if fault == "smooth":
        return smoothed(radar, 2 * round(level / step_km) + 1)
    if fault == "thin":
        return np.where((draws < level) & np.isfinite(radar), np.float32(0), radar)
    raise ValueError(f"unknown fault {fault!r}; choose one of {', '.join(FAULTS)}")


def shifted(field: np.ndarray, pixels: int) -> np.ndarray:
    """Move a field (time, y, x) east; pixels from outside the map are NaN."""
    out = np.full_like(field, np.nan)
    out[..., pixels:] = field[..., : max(field.shape[-1] - pixels, 0)]
    return out


def smoothed(field: np.ndarray, side: int) -> np.ndarray:
    """Average the valid pixels in a square of odd side [pixels] around each valid pixel."""
    valid = np.isfinite(field)
    size = {"window": side, "stride": 1}
    mean = ratio(window_sums(np.where(valid, field, 0), **size), window_sums(valid, **size))
    return np.where(valid, mean, np.nan).astype(np.float32)


def thinning_draws(
    times: np.ndarray, shape: tuple[int, int], *, step_km: float, seed: int
) -> np.ndarray:
    """Draw a uniform random number for each 8 km pixel of each half-hour.

    Args:
        times: Half-hour starts, dims (time,); the numbers of a half-hour depend on its start and
            the seed only.
        shape: Number of rows and columns of the field.
        step_km: Pixel size of the field [km].
        seed: Random seed.

    Returns:
        Random numbers, 0 to 1, repeated over the pixels of the field, dims (time, *shape).
    """
    side = max(round(THIN_KM / step_km), 1)
    coarse = [-(-n // side) for n in shape]
    minutes = times.astype("datetime64[m]").astype(int)
    draws = [np.random.default_rng([seed, minute]).random(coarse) for minute in minutes]
    fine = np.stack(draws).repeat(side, axis=1).repeat(side, axis=2)
    return fine[:, : shape[0], : shape[1]]
