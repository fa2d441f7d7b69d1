"""Pairs of IMERG and an hourly radar: both are compared as means of the hour."""

import numpy as np
import xarray as xr

HOURLY = {"imerg_hour": "imerg", "precipitation_hour": "precipitation"}
"""Means of IMERG over the hour in pair files of hourly radar, and the variables they replace."""


def compared(pair: xr.Dataset) -> xr.Dataset:
    """Pairs with IMERG as it is compared with the radar.

    Args:
        pair: Pair file of a month.

    Returns:
        The pair file; with hourly radar, `imerg` and `precipitation` are means of the hour, which
        like the radar are in the first half-hour and missing in the second, and the attribute
        `reference_minutes` is 60. So all sums over the half-hours count each hour once.
    """
    if not is_hourly(pair):
        return pair
    hourly = pair.drop_vars(list(HOURLY.values())).rename(HOURLY)
    return hourly.assign_attrs(reference_minutes=60)


def is_hourly(pair: xr.Dataset) -> bool:
    """Whether the radar of a pair file is hourly."""
    return all(name in pair for name in HOURLY)


def hour_means(values: np.ndarray) -> np.ndarray:
    """Means of both half-hours of each hour, in the place of the first; NaN in the second.

    Args:
        values: Dims (time, ...), whole hours, NaN where missing.
    """
    means = np.full_like(values, np.nan)
    means[0::2] = (values[0::2] + values[1::2]) / 2
    return means
