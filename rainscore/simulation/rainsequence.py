"""Simulated IMERG of a rain sequence in memory, with all errors or a single source of error."""

from collections.abc import Callable

import numpy as np

from rainscore.grids import Grid
from rainscore.regridding.radarreader import Truth
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.product import simulate_rates
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
    """Simulate the IMERG of a rain sequence.

    With any errors but "all", a half-hour depends on its own rain only, so the sequence may have
    gaps. With "all", overpasses are lacking in the first and last six hours.

    Args:
        rain: Rain rates of the frames on the cells [mm/h], dims (time, lat, lon), NaN where
            missing.
        time: Starts of the frames, dims (time,), ascending, in steps of 5 minutes, or of half-hours
            where the frames are half-hourly means.
        cells: IMERG's cells, row 0 south.
        errors: "all", "perfect", "displacement", "missed", "bias" or "smoothing"
            (`errorsources.ERRORS`).
        seed: Random seed of the errors.
        run: "early", "late" or "final"; Final is adjusted to the mean rain of each month.

    Returns:
        Starts of the half-hours, dims (time,), from that of the first frame to that of the last,
        and rain rates [mm/h], dims (time, lat, lon), float32, NaN where the rain is missing.

    Raises:
        ValueError: If `errors` or `run` is unknown, or the shape of `rain` does not match.
    """
    if errors not in ERRORS:
        raise ValueError(f"errors {errors!r} are unknown: choose one of {', '.join(ERRORS)}")
    if rain.shape != (len(time), *cells.shape):
        raise ValueError(f"rain has shape {rain.shape}, expected {(len(time), *cells.shape)}")
    time = time.astype("datetime64[ns]")
    start, last = (t - (t - np.datetime64(0, "ns")) % HALF_HOUR for t in time[[0, -1]])
    half_hours = simulate_rates(
        sequence_truth(rain, time),
        cells,
        start,
        last + HALF_HOUR,
        seed=seed,
        run=run,
        errors=ERRORS[errors],
    )
    starts, rates = zip(*half_hours, strict=True)
    return np.array(starts), np.stack(rates)


def estimator(cells: Grid, *, errors: str, seed: int) -> Callable[..., np.ndarray]:
    """Create a function that simulates IMERG for rain (time, lat, lon) at half-hours (time,).

    Args:
        cells, errors, seed: As in `simulate_estimate`.

    Returns:
        Function that returns the estimate at these half-hours [mm/h], dims (time, lat, lon).
    """

    def estimate(rain: np.ndarray, time: np.ndarray) -> np.ndarray:
        half_hours, rates = simulate_estimate(rain, time, cells, errors=errors, seed=seed)
        return rates[np.isin(half_hours, time)]

    return estimate


def sequence_truth(rain: np.ndarray, time: np.ndarray) -> Truth:
    """Create a function that returns the frames of a period from a rain sequence.

    Args:
        rain: Rain rates of the frames on the cells [mm/h], dims (time, lat, lon), NaN where
            missing.
        time: Starts of the frames, dims (time,), ascending, datetime64[ns].
    """

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        part = slice(*np.searchsorted(time, [start, end]))
        return time[part], rain[part]

    return truth
