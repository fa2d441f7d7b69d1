"""Run, version and half-hours of an IMERG file, from its name, its header and its time axis."""

import re
from functools import lru_cache
from pathlib import Path

import cftime
import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5arrays import Array, attribute_names, read_attributes
from rainscore.hdf5files import PRODUCER, text
from rainscore.imerg.names import GranuleName, is_granule_name, parse_name
from rainscore.imerg.variables import Variables
from rainscore.times import HALF_HOUR

MAX_HALF_HOURS = 100_000
"""Number of half-hours of a file above which it is refused (five years are 87 648)."""


MAX_OFFSET = 2.0**53
"""Largest time since the epoch that is exact to a microsecond in floating point [µs], 285 years."""


FIRST_DAY = np.datetime64("1997-01-01")
"""Day before the first IMERG map."""


OTHER_PRODUCT = re.compile(r"3B-(?!HHR)[A-Z0-9]+")
"""Start of the names of other IMERG products, such as 3B-DAY and 3B-MO."""


def read_header(file: h5py.File) -> dict[str, str]:
    """Entries of the header of a granule, empty if absent. Subsets may add a prefix to its name."""
    names = [name for name in attribute_names(file) if name.endswith("FileHeader")][:1]
    header = "".join(map(text, read_attributes(file, names).values()))
    lines = (entry.rpartition("\n")[2].partition("=") for entry in header.split(";")[:-1])
    return {name.strip(): value for name, equals, value in lines if equals}


def identify(variables: Variables, entries: dict[str, str]) -> tuple[GranuleName, ...]:
    """Run, start and version of each half-hour of an open file with the entries of its header.

    They are read from the name of the file, the name that the archive gave it (in its header), its
    time axis and the times in its header, which must agree. A file whose name is not that of the
    archive may hold several half-hours.

    Raises:
        DamagedFile: None of them states the half-hour, or they differ.
    """
    path = variables.path
    _refuse_other_products(path, entries)
    starts = _half_hours(variables, entries)
    name = _agreed_name(path, entries)
    if name is None and starts is None:
        raise DamagedFile(
            path,
            "neither its name nor its content states its half-hour",
            "restore the name that the archive gave it",
        )
    if name is not None:
        _compare(name, starts, path)
        return (name,)
    assert starts is not None
    _check_bounds(variables)
    if starts.min() < FIRST_DAY:
        raise DamagedFile(path, f"its time is {_minute(starts.min())}, before IMERG", PRODUCER)
    return tuple(GranuleName("unknown", start, "unknown") for start in starts)


def _refuse_other_products(path: Path | str, entries: dict[str, str]) -> None:
    """Raise DamagedFile for daily and monthly IMERG."""
    names = Path(path).name, entries.get("FileName", "")
    interval = entries.get("TimeInterval", "HALF_HOUR")
    if interval != "HALF_HOUR" or any(OTHER_PRODUCT.match(name) for name in names):
        raise DamagedFile(path, "not half-hourly IMERG", "remove it from the folder")


def _agreed_name(path: Path | str, entries: dict[str, str]) -> GranuleName | None:
    """Content of the name of a file and of the name in its header; None without both."""
    archived = entries.get("FileName", "")
    try:
        own, inside = (
            parse_name(name) if is_granule_name(name) else None for name in (path, archived)
        )
    except ValueError as error:
        raise DamagedFile(
            path, f"impossible name ({error})", "restore the name that the archive gave it"
        ) from error
    if own and inside and own != inside:
        raise DamagedFile(
            path,
            f"it is {_described(own)} by its name, but {_described(inside)} by its header",
            f"restore the name that the archive gave it, {archived}",
        )
    return own or inside


def _described(name: GranuleName) -> str:
    return f"{name.run} {name.version} of {_minute(name.start)}"


def _compare(name: GranuleName, starts: np.ndarray | None, path: Path | str) -> None:
    """Raise DamagedFile if a file holds other half-hours than its name states."""
    if starts is None or (starts.size == 1 and starts[0] == name.start):
        return
    times = f"its time is {_minute(starts[0])}"
    if starts.size > 1:
        times = f"it holds {starts.size} half-hours from {_minute(starts[0])}"
    raise DamagedFile(
        path,
        f"{times}, but {_minute(name.start)} in its name",
        "restore the name that the archive gave it, or download it again",
    )


def _minute(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]"))


def _half_hours(variables: Variables, entries: dict[str, str]) -> np.ndarray | None:
    """Starts of the half-hours from the time axis and the header; None without both."""
    path, axis = variables.path, variables.find("time")
    starts = None if axis is None else _decode_times(axis, path)
    if starts is not None:
        _check_half_hourly(starts, path)
    stated = entries.get("StartGranuleDateTime")
    if not stated or (starts is not None and starts.size > 1):
        return starts
    start = np.array([_header_time(stated, path)])
    if starts is not None and starts[0] != start[0]:
        raise DamagedFile(
            path,
            f"its time is {_minute(starts[0])}, but {_minute(start[0])} in its header",
            PRODUCER,
        )
    return start


def _header_time(stated: str, path: Path | str) -> np.datetime64:
    try:
        return np.datetime64(stated.removesuffix("Z"), "ns")
    except ValueError as error:
        raise DamagedFile(path, f"the start in its header is {stated!r}", PRODUCER) from error


def _decode_times(axis: Array, path: Path | str) -> np.ndarray:
    """Times of a variable, to the second, dims (time,), datetime64[ns].

    The epoch is 1970-01-01 in V06 and 1980-01-06 in V07. The attribute `calendar` ("julian") is
    wrong and ignored. Leap seconds are not counted.
    """
    if not 0 < axis.size <= MAX_HALF_HOURS:
        raise DamagedFile(path, f"{axis.name} has {axis.size} values", PRODUCER)
    values, written = axis.read()
    units = text(read_attributes(axis, ["units"]).get("units", ""))
    try:
        if not (written.all() and np.isfinite(values).all()):
            raise ValueError("a value is missing")
        epoch, microseconds = _time_units(units)
        numbers = values.ravel().astype(np.float64)
        if np.abs(numbers).max() > MAX_OFFSET / microseconds:
            raise ValueError("it is too far from its epoch")
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise DamagedFile(
            path, f"{axis.name} in {units!r} cannot be decoded ({error})", PRODUCER
        ) from error
    exact = epoch + (numbers * microseconds + 500_000).astype("timedelta64[us]")
    return exact.astype("datetime64[s]").astype("datetime64[ns]")


@lru_cache(maxsize=100)
def _time_units(units: str) -> tuple[np.datetime64, float]:
    """Epoch of a unit of time of CF, and the unit's length [µs]."""
    dates = cftime.num2date(
        [0, 1],
        units,
        calendar="standard",
        only_use_cftime_datetimes=False,
        only_use_python_datetimes=True,
    )
    epoch, second = np.array(dates, "datetime64[us]")
    return epoch, float((second - epoch).astype(np.int64))


def _check_half_hourly(starts: np.ndarray, path: Path | str) -> None:
    """Raise DamagedFile if times are not starts of successive half-hours."""
    steps = np.diff(starts)
    off = (starts - starts.astype("datetime64[D]")) % HALF_HOUR != np.timedelta64(0)
    problem = None
    if off.any():
        problem = f"its time is {starts[off][0].astype('datetime64[s]')}, not a half-hour"
    elif (steps <= np.timedelta64(0)).any():
        problem = "its times are not in order"
    elif steps.size and steps.min() > HALF_HOUR:
        hours = steps.min() / np.timedelta64(1, "h")
        problem = f"it is not half-hourly: its times are {hours:g} h apart"
    if problem:
        raise DamagedFile(path, problem, "use half-hourly IMERG")


def _check_bounds(variables: Variables) -> None:
    """Raise DamagedFile if the bounds of the time axis are far more than a half-hour apart."""
    bounds = variables.find("time_bnds")
    if bounds is None or "units" not in attribute_names(bounds):
        return
    first, last = _decode_times(bounds, variables.path)[:2]
    if last - first > 2 * HALF_HOUR:
        raise DamagedFile(
            variables.path, "it is not half-hourly by its time_bnds", "use half-hourly IMERG"
        )
