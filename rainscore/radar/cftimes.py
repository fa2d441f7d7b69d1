"""Times of frames by the CF conventions (CF 4.4, 7.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.radar.cfvalues import cf_error
from rainscore.rainunits import unit_factor

NAMES = ("time", "valid_time", "t")
"""Names of a time without attributes, in order of preference."""


YEARS = (1950, 2100)
"""First and last year of weather radar."""


ONE_SECOND = pd.Timedelta(seconds=1)


DECODING_ERRORS = (ValueError, OverflowError, KeyError, TypeError, AttributeError, IndexError)
"""Errors of xarray and cftime on times that they cannot decode."""


@dataclass(frozen=True)
class FrameTimes:
    """Times of the frames in a file, rounded to the second; NaT where a frame has none.

    Attributes:
        times: Times of the frames, UTC, dims (frame,).
        bounds: Start and end of each frame, dims (frame, 2); None where the file has none.
        absent_bounds: Name of bounds that the time refers to and the file does not have; empty
            for none.
    """

    times: pd.DatetimeIndex
    bounds: np.ndarray | None
    absent_bounds: str = ""

    @property
    def minutes(self) -> np.ndarray:
        """Length of each frame [min], dims (frame,); NaN where the file does not state it."""
        if self.bounds is None:
            return np.full(self.times.size, np.nan)
        return (self.bounds[:, 1] - self.bounds[:, 0]) / np.timedelta64(1, "m")

    @property
    def shortest_step(self) -> np.timedelta64 | None:
        """Shortest time between frames; None for a single frame."""
        steps = np.diff(np.unique(self.times.dropna()))
        return steps.min() if steps.size else None

    def starts(self, convention: str, step: np.timedelta64 | None) -> pd.DatetimeIndex:
        """Starts of the frames, dims (frame,).

        Args:
            convention: `file` for the start of the bounds, or the time without bounds; `start` or
                `end` for the part of the frame that the time marks.
            step: Length of the frames without bounds; None for the shortest step in the file.

        Raises:
            ValueError: The length of the frames is needed and unknown, or the part that the time
                marks is.
        """
        if convention == "file" and self.absent_bounds:
            raise ValueError(
                f"its time bounds {self.absent_bounds} are not in the file: set "
                "radar.timestamp_convention to start or end"
            )
        if convention == "file" and self.bounds is not None:
            return pd.DatetimeIndex(self.bounds[:, 0])
        if convention != "end":
            return self.times
        if self.bounds is not None:
            return self.times - pd.TimedeltaIndex(self.bounds[:, 1] - self.bounds[:, 0])
        length = self.shortest_step if step is None else step
        if length is None:
            raise ValueError("the length of its only frame is unknown: the time has no bounds")
        return self.times - pd.Timedelta(length)


def time_name(dataset: xr.Dataset) -> str | None:
    """Name of the time of the frames: by its attributes, then by its name."""
    candidates = {str(n): v for n, v in dataset.variables.items() if v.ndim <= 1}
    by_attributes = [
        [n for n, v in candidates.items() if v.attrs.get("standard_name") == "time"],
        [n for n, v in candidates.items() if v.attrs.get("axis") == "T"],
        [n for n in NAMES if n in candidates],
    ]
    for names in by_attributes:
        # Of several, the one along a dimension, then the usual name.
        order = sorted(names, key=lambda n: (n not in dataset.dims, n not in NAMES))
        if order:
            return order[0]
    return None


def read_times(dataset: xr.Dataset, file: Path | str) -> FrameTimes:
    """Decode the times of a file and their bounds.

    Args:
        dataset: Variables as stored, without decoded times.
        file: File, for error messages.

    Raises:
        DamagedFile: The file has no time, or one that is not of the standard calendar, cannot be
            decoded, is too coarse, or contradicts its bounds.
    """
    name = time_name(dataset)
    if name is None:
        raise cf_error(file, "no coordinate time")
    time = dataset.variables[name]
    if time.size == 0:
        raise cf_error(file, f"{name} is empty")
    if "climatology" in time.attrs:
        raise cf_error(file, "its times are those of a climatology")
    times = _decode(time, time.attrs, file)
    bounds = _bounds(dataset, time, file)
    years = times.dropna().year
    if len(years) and not (YEARS[0] <= years.min() and years.max() <= YEARS[1]):
        raise cf_error(file, f"times in the years {years.min()} to {years.max()}")
    if bounds is not None:
        first, last = pd.DatetimeIndex(bounds[:, 0]), pd.DatetimeIndex(bounds[:, 1])
        outside = (times < first - ONE_SECOND) | (times > last + ONE_SECOND)
        if outside.any():
            raise cf_error(file, f"the time {times[int(outside.argmax())]} is outside its bounds")
    stated = str(time.attrs.get("bounds", ""))[:40]
    return FrameTimes(times, bounds, "" if stated in dataset.variables else stated)


def _bounds(dataset: xr.Dataset, time: xr.Variable, file: Path | str) -> np.ndarray | None:
    """Bounds of the time, dims (frame, 2); None without bounds and for instants."""
    name = time.attrs.get("bounds") or time.encoding.get("bounds")
    if not isinstance(name, str) or name not in dataset.variables:
        return None
    stored = dataset.variables[name]
    if stored.shape != (*time.shape, 2):
        raise cf_error(file, f"{name} has the shape {stored.shape}")
    inherited = {key: time.attrs[key] for key in ("units", "calendar") if key in time.attrs}
    bounds = np.stack(
        [_decode(stored[..., i], inherited | stored.attrs, file).to_numpy() for i in (0, 1)], axis=1
    )
    lengths = bounds[:, 1] - bounds[:, 0]
    if (lengths < np.timedelta64(0)).any():
        raise cf_error(file, "the end of a frame is not after its start")
    return None if (lengths == np.timedelta64(0)).all() else bounds


def _decode(time: xr.Variable, attributes: dict, file: Path | str) -> pd.DatetimeIndex:
    """Times of a variable, dims (frame,), datetime64[ns], rounded to the second."""
    if time.dtype.kind == "M":
        values = np.atleast_1d(time.to_numpy())
    else:
        values = np.atleast_1d(_decoded(time, attributes, file))
    if values.dtype.kind != "M":
        calendar = str(attributes.get("calendar", "standard"))[:40]
        raise cf_error(file, f"times of the calendar {calendar!r}, or beyond the years of radar")
    # Days as floats are off by up to 256 ns.
    return pd.DatetimeIndex(values).as_unit("ns").round("s")


def _decoded(time: xr.Variable, attributes: dict, file: Path | str) -> np.ndarray:
    """Times from numbers and the attribute `units`."""
    units = attributes.get("units")
    if time.dtype.kind not in "iuf" or not isinstance(units, str) or len(units) > 100:
        raise cf_error(file, f"times of type {time.dtype} with the units {str(units)[:40]!r}")
    numbers = np.asarray(time.to_numpy())
    unit_seconds = unit_factor(units.partition(" since ")[0], "s")
    largest = max(map(abs, _finite(numbers)), default=0.0)
    if time.dtype.kind == "f" and unit_seconds:
        resolution = float(np.spacing(time.dtype.type(largest))) * unit_seconds
        if resolution > 1:
            raise cf_error(file, f"times with a resolution of {resolution:.0f} s")
    try:
        variable = xr.Variable(time.dims, numbers, attributes)
        decoded = xr.decode_cf(xr.Dataset({"decoded": variable}), decode_timedelta=False)
        return decoded["decoded"].to_numpy()
    except DECODING_ERRORS as error:
        raise cf_error(file, f"times in {units!r} cannot be decoded: {error}") from error


def _finite(numbers: np.ndarray) -> Iterator[float]:
    """Smallest and largest finite number, none without any."""
    finite = numbers[np.isfinite(numbers)]
    if finite.size:
        yield float(finite.min())
        yield float(finite.max())
