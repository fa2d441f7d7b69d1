"""Variables of IMERG files: found by name, read by dimension names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from rainscore.errors import DamagedFile
from rainscore.hdf5arrays import Array, find_array, read_attributes
from rainscore.hdf5files import PRODUCER, member_names, text
from rainscore.imerg.decoding import KINDS, Decoded, decode

NAMES = {
    "precipitation": ("precipitation", "precipitationCal"),
    "mw_precipitation": ("MWprecipitation", "HQprecipitation"),
    "mw_source": ("MWprecipSource", "HQprecipSource"),
    "mw_minute": ("MWobservationTime", "HQobservationTime"),
    "ir_precipitation": ("IRprecipitation",),
    "ir_influence": ("IRinfluence", "IRkalmanFilterWeight"),
    "liquid_probability": ("probabilityLiquidPrecipitation",),
    "quality_index": ("precipitationQualityIndex",),
    "random_error": ("randomError",),
}
"""Names of each field in the files: V07 first, then V03 to V06."""


GROUPS = ("Grid/", "Grid/Intermediate/", "")
"""Groups that may contain the variables; OPeNDAP subsets have them in the root."""


AXIS_NAMES = {
    "time": "time",
    "lat": "lat",
    "latitude": "lat",
    "nlat": "lat",
    "lon": "lon",
    "longitude": "lon",
    "nlon": "lon",
}
"""Names of dimensions, and the axis that they belong to."""


class Variables:
    """Variables of an open IMERG file, by name.

    Args:
        file: The open file, of `open_hdf5(path, check_all=False)`.
        path: Path of the file, for error messages.

    Raises:
        DamagedFile: One of the variables is in another file.
    """

    def __init__(self, file: h5py.File, path: Path | str) -> None:
        self.file, self.path = file, path
        names: dict[str, list[str]] = {}
        for group in sorted(GROUPS, key=len):  # each group after the one that contains it
            item = file.get(group or "/")
            names[group] = member_names(item, path) if isinstance(item, h5py.Group) else []
        self._groups: dict[str, str] = {}
        for group in GROUPS:
            for name in names[group]:
                self._groups.setdefault(name, group)

    def find(self, *names: str) -> Array | None:
        """Array of numbers under the first of the names that exists; None if there is none.

        Raises:
            DamagedFile: It is not an array of numbers (`hdf5arrays.find_array`).
        """
        found = next((name for name in names if name in self._groups), None)
        return (
            None if found is None else find_array(self.file, self._groups[found] + found, self.path)
        )


def read_field(
    variables: Variables, field: str, sizes: Mapping[str, int], cells: Mapping[str, Any]
) -> Decoded | None:
    """Read a field over some cells.

    Args:
        variables: Variables of the file.
        field: Name of the field.
        sizes: Length of the axes `time`, `lat` and `lon`.
        cells: Index of the half-hour (`time`), and slices of rows and columns (`lat`, `lon`).

    Returns:
        The values in the order of the file's rows; None if the file does not contain the field.

    Raises:
        DamagedFile: The variable is not a field on these axes, or its attributes cannot be used.
    """
    dataset = variables.find(*NAMES[field])
    if dataset is None:
        return None
    order = dimensions(dataset, variables.path, sizes)
    raw, written = dataset.read(tuple(cells[name] for name in order))
    decoded = decode(raw, written, dataset, KINDS[field], variables.path)
    rows_first = order.index("lat") < order.index("lon")
    return decoded if rows_first else Decoded(decoded.values.T, decoded.out_of_range)


def dimensions(dataset: Array, path: Path | str, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Axis of each dimension of a variable.

    Axes of different lengths are recognised by their lengths. Otherwise the names of the dimensions
    are those of the scales that are attached to them, or else of the attribute `DimensionNames`,
    which programs that transpose a file do not change. Without names, the dims are those of the
    archive, (time, lon, lat) or (lon, lat).

    Raises:
        DamagedFile: The dimensions are not those of the axes.
    """
    axis_of = {size: name for name, size in sizes.items()}
    if len(axis_of) == 3 and sorted(dataset.shape) == sorted(axis_of):
        return tuple(axis_of[size] for size in dataset.shape)
    names = _scale_names(dataset)
    if names is None and (stated := read_attributes(dataset, ["DimensionNames"])):
        names = text(stated["DimensionNames"]).split(",")
    if names is None:
        names = ["time", "lon", "lat"][-dataset.ndim :]
    order = tuple(AXIS_NAMES.get(name.strip().lower(), name) for name in names)
    expected = {*order, "time"} == {"time", "lat", "lon"} and len(order) == dataset.ndim
    if not expected or ("time" not in order and sizes["time"] > 1):
        raise DamagedFile(
            path, f"the dimensions of {dataset.name} are {', '.join(names)}", PRODUCER
        )
    if dataset.shape != tuple(sizes[name] for name in order):
        axes = ", ".join(f"{name} {sizes[name]}" for name in order)
        raise DamagedFile(
            path, f"the shape of {dataset.name} is {dataset.shape}, not that of {axes}", PRODUCER
        )
    return order


def field_label(name: str) -> str:
    """Name of a field for a reader, such as `microwave source` for `mw_source`."""
    words = {"mw": "microwave", "ir": "infrared"}
    return " ".join(words.get(word, word) for word in name.split("_"))


def _scale_names(dataset: Array) -> list[str] | None:
    """Names of the scales attached to the dimensions; None if a dimension has none."""
    scales = read_attributes(dataset, ["DIMENSION_LIST"]).get("DIMENSION_LIST")
    if scales is None or not all(map(len, scales)):
        return None
    paths = [h5py.h5r.get_name(one[0], dataset.id) for one in scales]
    if None in paths:  # the scales were not copied with the variable
        return None
    return [text(path).rpartition("/")[2] for path in paths]
