"""Layers of an ODIM HDF5 composite: an array of one quantity, and the attributes that apply to it.

Sources: EUMETNET OPERA weather radar information model for implementation with the HDF5 file
format, versions 2.2 to 2.4. Attributes in the groups `what` and `where` of `/`, `/datasetN` and
`/datasetN/dataM` apply to everything below; the innermost one counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5arrays import find_array, read_array
from rainscore.hdf5files import text

QUANTITIES = ("RATE", "ACRR", "DBZH")
"""Quantities that can be read, in order of preference."""


POLAR = ("SCAN", "PVOL", "RAY", "AZIM", "ELEV")
"""Values of `/what/object` of files in polar coordinates."""


ASK_PRODUCER = "ask its producer for a correct file"
"""Remedy for a file that contradicts its format or itself."""


@dataclass(frozen=True)
class Layer:
    """Array of one quantity.

    Attributes:
        file: Path of the file, for error messages.
        group: Group that contains the array `data`.
        attributes: Attributes of the `what` and `where` groups that apply.
    """

    file: Path | str
    group: h5py.Group
    attributes: dict[str, Any]

    @property
    def quantity(self) -> str:
        """Quantity of the array, such as RATE; empty if absent."""
        return self.word("quantity")

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns of the array."""
        rows, columns = find_array(self.group, "data", self.file, ndim=2).shape
        return rows, columns

    @property
    def packed(self) -> bool:
        """Whether the array consists of integers."""
        return find_array(self.group, "data", self.file, ndim=2).dtype.kind in "iu"

    def word(self, name: str) -> str:
        """Printable characters of a text attribute; empty if absent."""
        value = text(self.attributes.get(name, ""))
        return "".join(character for character in value if character.isprintable()).strip()

    def number(self, name: str, default: float | None = None) -> float:
        """Value of a number attribute, which may be an array of one number.

        Raises:
            DamagedFile: The attribute is not one number, or is absent without a default.
        """
        if name not in self.attributes:
            if default is None:
                raise DamagedFile(self.file, f"it has no {name}", ASK_PRODUCER)
            return default
        value = np.asarray(self.attributes[name])
        try:
            return float(text(value.item()))
        except ValueError as error:
            raise DamagedFile(
                self.file, f"its {name} is {_shown(self.attributes[name])}", ASK_PRODUCER
            ) from error

    def scaling(self) -> tuple[float, float]:
        """`gain` and `offset`: value = gain × stored number + offset.

        Integers need a gain, and reflectivity an offset; floats without them are values.

        Raises:
            DamagedFile: A number is absent or impossible; the gain must be positive.
        """
        gain = self.number("gain", None if self.packed else 1.0)
        in_db = self.quantity.startswith("DBZ")
        offset = self.number("offset", None if self.packed and in_db else 0.0)
        if not (0 < gain < np.inf and np.isfinite(offset)):
            reason = f"its gain is {gain:g} and its offset is {offset:g}"
            raise DamagedFile(self.file, reason, ASK_PRODUCER)
        return gain, offset

    def read(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read the array.

        Returns:
            Values, float64, NaN where missing, not finite or undetected; mask of the missing
            pixels: `nodata`, and values that are not finite or were never written; mask of the
            undetected pixels. All (ny, nx).
        """
        gain, offset = self.scaling()
        raw, written = read_array(self.group, "data", self.file, ndim=2)
        missing = _equals(raw, self.number("nodata", np.nan)) | ~np.isfinite(raw) | ~written
        dry = _equals(raw, self.number("undetect", np.nan)) & ~missing
        # The codes of missing and dry pixels would overflow as reflectivity.
        stored = np.where(missing | dry, np.nan, raw)
        with np.errstate(over="ignore"):
            values = stored * gain + offset
        infinite = np.isinf(values)
        values[infinite] = np.nan
        return values, missing | infinite, dry


def rain_layer(file: h5py.File, path: Path | str) -> Layer:
    """Layer of the preferred quantity of a composite.

    Raises:
        DamagedFile: The file has none of the quantities, or is not a composite.
    """
    layers: dict[str, Layer] = {}
    for layer in _layers(file, path):
        layers.setdefault(layer.quantity, layer)
    for quantity in QUANTITIES:
        if quantity in layers:
            layer = layers[quantity]
            if layer.word("object") in POLAR:
                raise DamagedFile(path, "it is in polar coordinates", "use composites of rain")
            return layer
    raise DamagedFile(
        path,
        f"it has {', '.join(sorted(filter(None, layers))) or 'no data'}, "
        f"none of {', '.join(QUANTITIES)}",
        "use composites of rain",
    )


def read_quality(file: h5py.File, layer: Layer) -> np.ndarray:
    """Quality of each pixel of a layer, 0 to 1, NaN where unknown.

    The first of: a quality field of the layer's data, one of its dataset, a quantity QIND of the
    composite. Fields with values outside 0 to 1, such as the distance from the radar, are not
    measures of quality and are passed over.
    """
    data = layer.group
    fields = [
        Layer(layer.file, group, _merged(file, data.parent, data, group))
        for parent in (data, data.parent)
        for group in _numbered(parent, "quality")
    ]
    fields += [other for other in _layers(file, layer.file) if other.quantity == "QIND"]
    for field in fields:
        if "data" not in field.group or field.shape != layer.shape:
            continue
        quality, _, _ = field.read()
        if not (quality < 0).any() and not (quality > 1).any():
            return quality
    return np.full(layer.shape, np.nan)


def _layers(file: h5py.File, path: Path | str) -> Iterator[Layer]:
    """All layers `datasetN/dataM`, in the order of their numbers."""
    for dataset in _numbered(file, "dataset"):
        for data in _numbered(dataset, "data"):
            yield Layer(path, data, _merged(file, dataset, data))


def _numbered(group: h5py.Group, kind: str) -> Iterator[h5py.Group]:
    """Groups `kind`1, `kind`2, … in the order of their numbers."""
    names = [name for name in group if re.fullmatch(rf"{kind}[0-9]{{1,9}}", name)]
    for name in sorted(names, key=lambda name: int(name.removeprefix(kind))):
        if isinstance(item := group.get(name), h5py.Group):
            yield item


def _merged(*groups: h5py.Group) -> dict[str, Any]:
    """Attributes of the `what` and `where` groups of nested groups, from the outer to the inner.

    The inner group of a quality field has a `what` of its own, without the scaling of the data.
    """
    merged: dict[str, Any] = {}
    for group in groups:
        if re.search(r"/quality\d+$", group.name):
            for name in ("gain", "offset", "nodata", "undetect", "quantity"):
                merged.pop(name, None)
        for kind in ("what", "where"):
            if isinstance(item := group.get(kind), h5py.Group):
                merged |= dict(item.attrs)
    return merged


def _equals(raw: np.ndarray, code: float) -> np.ndarray:
    """Where stored numbers equal a code, with the precision of the stored numbers."""
    if raw.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return raw == raw.dtype.type(code)
    return raw == np.float64(code)


def _shown(value: object) -> str:
    """Start of an attribute's value, for an error message."""
    return repr(text(value) if isinstance(value, bytes | str) else value)[:60]
