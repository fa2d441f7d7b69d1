"""The simulated IMERG of any rain sequence, with all errors or with one source of them.

Worlds with one known fault are what a verification score is tried on.
"""

from collections.abc import Callable

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.satellites import Truth, simulate_imerg
from rainscore.times import HALF_HOUR


def simulate_estimate(
    rain: np.ndarray,
    time: np.ndarray,
    cells: Grid,
    *,
    errors: str,
    seed: int,
    run: str = "late",
) -> tuple[np.ndarray, np.ndarray]:
    """What a simulated IMERG makes of a rain sequence.

    With any choice of errors but "all", a half-hour depends on its own rain only, so a sequence may
    have holes and be cut anywhere; with "all", the first and last six hours lack passes.

    Args:
        rain: Rates of the frames [mm/h], dims (time, lat, lon), on the cells, NaN missing.
        time: Starts of the frames, dims (time,), ascending: of every 5 minutes, or of every
            half-hour where the frames are half-hourly means.
        cells: IMERG's cells, row 0 south.
        errors: "all", "perfect", "displacement", "missed", "bias" or "smoothing"
            (`errorsources.ERRORS`).
        seed: Seed of the errors.
        run: "early", "late" or "final"; Final is adjusted to the mean rain of each month.

    Returns:
        Starts of the half-hours, dims (t,), from the first frame's to the last one's, and rates
        [mm/h], dims (t, lat, lon), float32, NaN where the rain is missing.

    Raises:
        ValueError: `errors` or `run` is unknown, or a frame has other dims than the cells.
    """
    if errors not in ERRORS:
        raise ValueError(f"errors {errors!r} are unknown: choose one of {', '.join(ERRORS)}")
    if rain.shape != (len(time), *cells.shape):
        raise ValueError(f"rain has shape {rain.shape}, expected {(len(time), *cells.shape)}")
    time = time.astype("datetime64[ns]")
    start, last = (t - (t - np.datetime64(0, "ns")) % HALF_HOUR for t in time[[0, -1]])
    maps = simulate_imerg(
        sequence_truth(rain, time),
        cells,
        start,
        last + HALF_HOUR,
        seed=seed,
        run=run,
        errors=ERRORS[errors],
    )
    found = [(granule["time"].values, granule["precipitation"].values) for granule in maps]
    return np.array([when for when, _ in found]), np.stack([rate for _, rate in found])


def estimator(cells: Grid, *, errors: str, seed: int) -> Callable[..., np.ndarray]:
    """Simulated satellites as a function of rain (time, lat, lon) and half-hour starts (time,).

    Args:
        cells, errors, seed: As in `simulate_estimate`.

    Returns:
        A function that gives the estimate at those half-hours, dims (time, lat, lon) [mm/h].
    """

    def estimate(rain: np.ndarray, time: np.ndarray) -> np.ndarray:
        when, rates = simulate_estimate(rain, time, cells, errors=errors, seed=seed)
        return rates[np.isin(when, time)]

    return estimate


def sequence_truth(rain: np.ndarray, time: np.ndarray) -> Truth:
    """A rain sequence as the truth that simulated satellites ask for.

    Args:
        rain: Rates of the frames on the cells [mm/h], dims (time, lat, lon), NaN missing.
        time: Starts of the frames, dims (time,), ascending, datetime64[ns].
    """

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        part = slice(*np.searchsorted(time, [start, end]))
        return time[part], rain[part]

    return truth
