"""Open Icechunk stores of maps of rain: opened, checked, and read block by block.

The variables are not decoded by xarray: units, missing values, axes and times are checked first.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import zarr

from rainscore.download.icechunkaccess import open_snapshot, store_errors
from rainscore.download.storecatalogue import StoreSettings, find_store
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.decoding import MAX_RATE_MM_H
from rainscore.radar.cfaxes import axis_letter, read_grid
from rainscore.radar.cffiles import STORED
from rainscore.radar.cftimes import read_times
from rainscore.radar.cfvalues import decode
from rainscore.radar.zarrfiles import check_store
from rainscore.rainunits import rain_unit

MAX_SHARE_ABOVE = 0.01
"""Share of the wet values above `MAX_RATE_MM_H` from which the unit is taken to be wrong."""

_LAYOUT_ERRORS = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
_DECODING_ERRORS = (RuntimeError, ValueError, TypeError, MemoryError)

log = logging.getLogger("rainscore")


@dataclass(frozen=True, eq=False)
class OpenStore:
    """An open store.

    Attributes:
        settings: Settings of the store.
        address: Address of the store.
        snapshot: Identifier of the snapshot that is read.
        dataset: Identifier and version of the dataset.
        times: Times of the maps, dims (time,), datetime64[ns], ascending.
        grid: Grid of the maps, row 0 north, column 0 west.
        reversed_rows, reversed_columns: Whether the store has them in the other order.
        arrays: Variables by their role, `rain` and `quality`, dims (time, latitude, longitude).
        attributes: Attributes of the variables by their role.
        factor: Factor from the unit of the rain to mm/h.
    """

    settings: StoreSettings
    address: str
    snapshot: str
    dataset: str
    times: np.ndarray
    grid: Grid
    reversed_rows: bool
    reversed_columns: bool
    arrays: Mapping[str, zarr.Array]
    attributes: Mapping[str, Mapping[str, Any]]
    factor: float

    @property
    def source(self) -> str:
        """Origin of the data, for manifests."""
        return f"{self.address}@{self.snapshot}"

    def find_times(self, times: np.ndarray) -> np.ndarray:
        """Positions of some times in the store, −1 for times that it does not have.

        Raises:
            RainscoreError: The store has none of them.
        """
        positions = pd.DatetimeIndex(self.times).get_indexer(pd.DatetimeIndex(times))
        if (positions < 0).all():
            first, last = (str(time)[:16] for time in (self.times[0], self.times[-1]))
            raise RainscoreError(
                f"{self.address}: it has no map from {str(times[0])[:16]} to "
                f"{str(times[-1])[:16]}; it covers {first} to {last} (UTC): change "
                f"{self.settings.name_of('months')}"
            )
        return positions

    def read(self, role: str, selection: tuple[slice, slice, slice]) -> np.ndarray:
        """Read a block of a variable.

        Args:
            role: `rain` or `quality`.
            selection: Slices of time, rows and columns, in the order of the store.

        Returns:
            Values in the unit of the store, dims as selected, float32, NaN where missing.

        Raises:
            ArchiveBusy: The store cannot be reached.
            DamagedFile: A chunk cannot be decoded, or the values cannot be rain.
        """
        array = self.arrays[role]
        with store_errors(self.address):
            try:
                values = np.asarray(array[selection])
            except _DECODING_ERRORS as error:
                raise DamagedFile(
                    self.address,
                    f"a chunk of {array.basename} cannot be decoded ({str(error)[:200]})",
                    "try again; if it repeats, leave this period out",
                ) from error
        values = decode(values, self.attributes[role], self.address)
        return self._in_range(values, role, selection).astype(np.float32)

    def _in_range(
        self, values: np.ndarray, role: str, selection: tuple[slice, slice, slice]
    ) -> np.ndarray:
        """Values with those out of range set to missing."""
        limit = MAX_RATE_MM_H / self.factor if role == "rain" else 1.0
        outside = (values < 0) | (values > limit * 1.001)
        count, wet = np.count_nonzero(outside), np.count_nonzero(values > 0)
        if role == "rain" and count > max(MAX_SHARE_ABOVE * wet, 10):
            raise DamagedFile(
                self.address,
                f"{count} values of {self.arrays[role].basename} from "
                f"{str(self.times[selection[0].start])[:16]} are below 0 or above {limit:.3g}, "
                f"with {wet} wet values: its unit or content is not what it states",
                "report it to the producer of the store, or choose other months",
            )
        if count:
            log.warning("%s: %d values out of range, now missing", self.address, count)
            values[outside] = np.nan
        return values


def open_store(
    settings: StoreSettings, *, step_minutes: int, snapshot: str | None = None
) -> OpenStore:
    """Open a store, and check its layout; only metadata and axes are transferred.

    Args:
        settings: Address and names.
        step_minutes: Expected time between maps [min].
        snapshot: Identifier of the snapshot to read, if it still exists; the newest otherwise.

    Raises:
        ArchiveBusy: The store cannot be reached.
        RainscoreError: The package icechunk is absent or too old, the dataset or version does not
            exist, or the store does not hold regular maps of rain.
    """
    place = find_store(settings)
    with store_errors(place.address):
        store, snapshot = open_snapshot(place, snapshot)
        try:
            group = zarr.open_group(store, mode="r", use_consolidated=False)
            check_store(group, place.address)
            _check_version(group, settings, place.address)
            dataset = xr.open_zarr(store, chunks=None, consolidated=False, **STORED)
            return _checked(group, dataset, settings, place.address, snapshot, step_minutes)
        except _LAYOUT_ERRORS as error:
            raise _other_layout(place.address, str(error)[:200] or type(error).__name__) from error


def _check_version(group: zarr.Group, settings: StoreSettings, address: str) -> None:
    """Raise RainscoreError if a store states another dataset or version."""
    stated = {key: str(group.attrs.get(f"dataset_{key}", "")) for key in ("id", "version")}
    wanted = {"id": settings.dataset, "version": settings.version}
    for key, name in (("id", "dataset"), ("version", "version")):
        if wanted[key] and stated[key] and stated[key] != wanted[key]:
            raise RainscoreError(
                f"{address}: its {name} is {stated[key]}, not {wanted[key]}; correct "
                f"{settings.name_of(name)}, after a look at what has changed"
            )


def _checked(
    group: zarr.Group,
    dataset: xr.Dataset,
    settings: StoreSettings,
    address: str,
    snapshot: str,
    step_minutes: int,
) -> OpenStore:
    """Store with its axes, after a check of its variables."""
    names = {"rain": settings.rain, "quality": settings.quality}
    arrays = {
        role: _array(group, dataset, name, address, settings.name_of(role))
        for role, name in names.items()
        if name
    }
    attributes = {role: dataset.variables[name].attrs for role, name in names.items() if name}
    rain = dataset.variables[settings.rain]
    unit = rain_unit(str(rain.attrs.get("units", "")))
    if unit is None or unit.is_amount:
        raise _other_layout(
            address, f"the unit of {settings.rain} is {rain.attrs.get('units')!r}, not a rain rate"
        )
    _, y, x = map(str, rain.dims)
    grid, (rows, columns) = read_grid(dataset, rain, (y, x), address)
    times = read_times(dataset, address).times.to_numpy()
    _check_times(times, step_minutes, address)
    version = str(group.attrs.get("dataset_version", settings.version))
    return OpenStore(
        settings, address, snapshot, f"{settings.dataset} {version}".strip(), times, grid, rows,
        columns, arrays, attributes, unit.factor,
    )  # fmt: skip


def _array(group: zarr.Group, dataset: xr.Dataset, name: str, address: str, key: str) -> zarr.Array:
    """Variable of maps, dims (time, latitude, longitude), whose absent chunks are missing."""
    if name not in dataset.data_vars:
        others = ", ".join(sorted(map(str, dataset.data_vars)))
        raise RainscoreError(
            f"{address}: it has no variable {name}, only {others or 'none'}; correct {key}"
        )
    array, dims = group[name], dataset[name].dims
    assert isinstance(array, zarr.Array)
    letters = "".join(axis_letter(dataset, str(dim)) for dim in dims)
    if letters != "TYX" or array.dtype.kind not in "iuf":
        raise _other_layout(address, f"{name} is not a number by time, latitude, longitude")
    fill = array.fill_value
    if not (isinstance(fill, np.floating) and np.isnan(fill)):
        raise _other_layout(address, f"maps that {name} lacks would be {fill!s}, not missing")
    return array


def _check_times(times: np.ndarray, step_minutes: int, address: str) -> None:
    """Raise RainscoreError unless times ascend at the expected step, with gaps of whole steps."""
    between = np.diff(times) / np.timedelta64(1, "m")
    if np.isnat(times).any() or (between <= 0).any():
        raise _other_layout(address, "its times do not ascend")
    usual = float(np.median(between)) if between.size else step_minutes
    if usual != step_minutes or (between % step_minutes != 0).any():
        raise _other_layout(
            address, f"its maps are {usual:g} min apart or irregular, not {step_minutes} min apart"
        )
    if (times[0].astype("datetime64[m]").astype(np.int64)) % step_minutes:
        raise _other_layout(address, f"its times are not at multiples of {step_minutes} min")


def _other_layout(address: str, reason: str) -> RainscoreError:
    return RainscoreError(
        f"{address}: not a store of maps of rain that can be used ({reason}); use another store, "
        "docs/download.md has the expected layout"
    )
