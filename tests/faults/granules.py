"""IMERG granules: valid files, and changes that only they can have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.reader import FIELDS, read_granule
from rainscore.imerg.writer import write_granule
from tests.faults.bytechanges import byte_changes, file_changes
from tests.faults.hdf5changes import hdf5_changes
from tests.faults.outcomes import Change, Result, Subject

TIME = np.datetime64("2019-06-02T10:30", "ns")
CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 6, 5)
RAIN = ("/Grid/precipitation", "/Grid/Intermediate/MWprecipitation")


def write(folder: Path) -> Path:
    """Write a granule of 6 × 5 cells."""
    rng = np.random.default_rng(1)
    fields = {name: rng.integers(0, 25, CELLS.shape).astype(np.float32) for name in FIELDS}
    fields["quality_index"] /= 25
    fields["precipitation_uncal"] = fields["precipitation"]
    coords = {"lat": CELLS.y, "lon": CELLS.x, "time": TIME}
    dataset = xr.Dataset({name: (("lat", "lon"), v) for name, v in fields.items()}, coords)
    file = folder / granule_name("final", TIME, "V07B")
    write_granule(file, dataset, run="final")
    return file


def read(file: Path) -> Result:
    """Fields, time, run and version."""
    granule = read_granule(file, CELLS)
    identity = {"time": str(granule["time"].values), "run": str(granule.attrs["run"])}
    return {name: granule[name].to_numpy() for name in FIELDS} | identity


def changes(file: Path) -> list[Change]:
    """All changes of a granule."""
    return [
        *hdf5_changes(file, rain=RAIN, plausible=_plausible),
        *_meanings(),
        *_names(),
        *file_changes(),
        *byte_changes(checksum=False),
    ]


def _plausible(field: str, kind: str) -> bool:
    """Whether a changed field is one of another valid granule."""
    path, _, attribute = field.partition("@")
    if attribute in ("units", "Units") and path.endswith("time"):
        return False
    # A field without a unit has that of the archive.
    return attribute in ("_FillValue", "CodeMissingValue") and kind in ("zero", "-1")


def _attribute(variable: str, **values: Any) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file[variable].attrs.update(values)

    return apply


def _scaled(factor: float, name: str = "precipitation") -> Callable[[Result], Result]:
    return lambda base: {**base, name: np.asarray(base[name]) * factor}


def _without(values: Callable[[np.ndarray], np.ndarray]) -> Callable[[Result], Result]:
    def expected(base: Result) -> Result:
        rain = np.array(base["precipitation"])
        rain[values(rain)] = np.nan
        return {**base, "precipitation": rain}

    return expected


def _meanings() -> list[Change]:
    """Attributes with a meaning, which the reader must follow."""
    rain, inch = "/Grid/precipitation", 25.4
    units = {"mm/day": 1 / 24, "kg m-2 s-1": 3600, "inch/hr": inch, "m s-1": 3.6e6, "mm/hr": 1}
    changes = [
        Change(
            f"{rain}@units", unit, _attribute(rain, units=unit, Units=unit), _scaled_limited(factor)
        )
        for unit, factor in units.items()
    ]
    changes += [
        Change(f"{rain}@units", unit, _attribute(rain, units=unit, Units=unit))
        for unit in ("K", "dBZ", "mm", "1", "percent", "m", "furlong")
    ]
    for name in ("_FillValue", "CodeMissingValue", "missing_value"):
        for fill in (np.float32(7), "7"):
            changes.append(
                Change(
                    f"{rain}@{name}",
                    f"{fill!r}",
                    _attribute(rain, **{name: fill}),
                    _without(lambda v: v == 7),
                )
            )
    changes += [
        Change(f"{rain}@valid_max", "10", _attribute(rain, valid_max=np.float32(10)),
               _without(lambda v: v > 10)),
        Change(f"{rain}@valid_min", "3", _attribute(rain, valid_min=np.float32(3)),
               _without(lambda v: v < 3)),
        Change(f"{rain}@valid_range", "[3, 10]",
               _attribute(rain, valid_range=np.array([3, 10], "f4")),
               _without(lambda v: (v < 3) | (v > 10))),
        Change(f"{rain}@scale_factor", "0.01", _attribute(rain, scale_factor=0.01), _scaled(0.01)),
    ]  # fmt: skip
    for value in (0, -1, np.nan, np.inf, "", "x", [1.0, 2.0], np.array([])):
        for name in ("scale_factor", "add_offset", "valid_max", "valid_min", "valid_range"):
            if name == "add_offset" and isinstance(value, int):
                continue  # a valid offset
            changes.append(Change(f"{rain}@{name}", repr(value), _attribute(rain, **{name: value})))
    changes += [
        Change(f"{rain}@DimensionNames", names, _attribute(rain, DimensionNames=np.bytes_(names)))
        for names in ("time,lat,lon", "lat,lon,time", "x,y", "lon,lat", "time,lon,lat,level", ",,")
    ]
    return changes


def _scaled_limited(factor: float) -> Callable[[Result], Result]:
    """Values in another unit; those above the limit of rain are missing."""

    def expected(base: Result) -> Result:
        rain = np.asarray(base["precipitation"]) * factor
        return {**base, "precipitation": np.where(rain > 300, np.nan, rain)}

    return expected


def _names() -> list[Change]:
    """Names and headers that contradict the content."""

    def header(old: str, new: str) -> Callable[[Path], None]:
        def apply(path: Path) -> None:
            with h5py.File(path, "r+") as file:
                text = file.attrs["FileHeader"].decode().replace(old, new)
                file.attrs["FileHeader"] = np.bytes_(text)

        return apply

    def times(seconds: int) -> Callable[[Path], None]:
        def apply(path: Path) -> None:
            with h5py.File(path, "r+") as file:
                file["Grid/time"][:] = file["Grid/time"][:] + seconds

        return apply

    edits = {
        "another run": ("3B-HHR.MS", "3B-HHR-L.MS"),
        "another version": ("V07B.HDF5", "V06B.HDF5"),
        "another start": ("DateTime=2019-06-02T10", "DateTime=2019-06-02T11"),
        "no start": ("StartGranuleDateTime=2019", "StartGranuleDateTime=never"),
        "daily": ("TimeInterval=HALF_HOUR", "TimeInterval=DAY"),
        "escape sequence": ("StartGranuleDateTime=2019", "StartGranuleDateTime=\x1b[2J2019"),
    }  # fmt: skip
    changes = [Change("/@FileHeader", kind, header(*edit)) for kind, edit in edits.items()]
    seconds = (1800, -1800, 900, 86400, -(10**9), 2**30)
    return changes + [Change("/Grid/time", f"{s:+d} s", times(s)) for s in seconds]


SUBJECT = Subject("IMERG", write, read, changes)
