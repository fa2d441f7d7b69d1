"""Known faults put on the radar itself: what a score should see."""

import numpy as np

from rainscore.scores.sums import ratio
from rainscore.scores.windows import window_sums

FAULTS: dict[str, tuple[float, ...]] = {
    "shift": (8, 16, 32, 64),
    "strong": (1.25, 1.5, 2, 4),
    "weak": (1.25, 1.5, 2, 4),
    "smooth": (4, 8, 16, 32),
    "thin": (0.1, 0.25, 0.5, 0.75),
}
"""Levels of each fault, the least first."""


FAULT_TEXTS = {
    "shift": "moved east by [km]",
    "strong": "rates multiplied by [1]",
    "weak": "rates divided by [1]",
    "smooth": "mean within ± [km]",
    "thin": "share of 8 km pixels that lose their rain [1]",
}


THIN_KM = 8.0


def faulty(
    radar: np.ndarray, fault: str, level: float, *, step_km: float, draws: np.ndarray
) -> np.ndarray:
    """The radar with a fault of `FAULTS`.

    Args:
        radar: Rates [mm/h], dims (time, y, x), NaN missing.
        fault: A key of `FAULTS`.
        level: Its level.
        step_km: Side of a pixel [km].
        draws: Of `thinning_draws`, dims as `radar`.

    Returns:
        Rates [mm/h], same dims. What a shift brings in from outside is missing; a smoothed pixel
        is the mean of the valid pixels around it and missing where the radar is.
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
    raise ValueError(f"no fault is called {fault!r}; there are {', '.join(FAULTS)}")


def shifted(field: np.ndarray, pixels: int) -> np.ndarray:
    """A field (time, y, x) moved east; what comes in is missing."""
    out = np.full_like(field, np.nan)
    out[..., pixels:] = field[..., : max(field.shape[-1] - pixels, 0)]
    return out


def smoothed(field: np.ndarray, side: int) -> np.ndarray:
    """Mean over the valid pixels of a square of odd side [pixels] around each valid pixel."""
    valid = np.isfinite(field)
    size = {"window": side, "stride": 1}
    mean = ratio(window_sums(np.where(valid, field, 0), **size), window_sums(valid, **size))
    return np.where(valid, mean, np.nan).astype(np.float32)


def thinning_draws(
    times: np.ndarray, shape: tuple[int, int], *, step_km: float, seed: int
) -> np.ndarray:
    """Uniform draws, one for each 8 km pixel of each half-hour, dims (time, *shape)."""
    side = max(round(THIN_KM / step_km), 1)
    coarse = [-(-n // side) for n in shape]
    minutes = times.astype("datetime64[m]").astype(int)
    draws = [np.random.default_rng([seed, minute]).random(coarse) for minute in minutes]
    fine = np.stack(draws).repeat(side, axis=1).repeat(side, axis=2)
    return fine[:, : shape[0], : shape[1]]
