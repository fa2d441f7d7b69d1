"""Changes of HDF5 files by field: attributes, arrays, and where they are stored."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.faults.outcomes import Change

ATTRIBUTE_VALUES: dict[str, Any] = {
    "NaN": np.nan,
    "infinite": np.inf,
    "zero": 0,
    "-1": -1.0,
    "1e300": 1e300,
    "2**62": 2**62,
    "empty text": "",
    "nonsense": "nonsense",
    "escape sequence": "\x1b[2Jtext",
    "not UTF-8": np.bytes_(b"\xff\xfe"),
    "long text": "m" * 60_000,
    "text of a null": np.bytes_(b"\0"),
    "three numbers": np.array([1.0, 2.0, 3.0]),
    "empty array": np.array([], float),
    "nothing": h5py.Empty("f4"),
    "record": np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
    "true": np.bool_(True),
    "complex": np.complex128(1 + 1j),
}
"""Values of an attribute that it cannot have."""


DATA_VALUES: dict[str, float] = {
    "NaN": np.nan,
    "infinite": np.inf,
    "-0.3": -0.3,
    "-999": -999.0,
    "9.97e36": 9.97e36,
    "1e6": 1e6,
}
"""Values of one element of an array of rain that no rain has."""


def hdf5_changes(
    file: Path, *, rain: tuple[str, ...], plausible: Callable[[str, str], bool]
) -> list[Change]:
    """Changes of every attribute and every array of a file.

    Args:
        file: Valid file.
        rain: Paths of the arrays of rain.
        plausible: Function of a field and a kind: whether the changed file is a valid one.
    """
    found: list[tuple[str, str, Callable[[h5py.File], object]]] = []
    with h5py.File(file) as content:
        names = ["/"]
        content.visit(lambda name: names.append(f"/{name}"))
        for name in names:
            item = content[name]
            for attribute in item.attrs:
                found += _attribute_changes(name, attribute)
            if isinstance(item, h5py.Dataset):
                found += _array_changes(name, item)
                if name in rain:
                    found += _value_changes(name, item)
            elif name != "/":
                found.append((name, "deleted", partial(_delete, name)))
    return [
        Change(field, kind, _edit(function))
        for field, kind, function in found
        if not plausible(field, kind)
    ]


def _delete(name: str, file: h5py.File) -> None:
    del file[name]


def _edit(function: Callable[[h5py.File], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            function(file)

    return apply


def _attribute_changes(name: str, attribute: str) -> list:
    field = f"{name}@{attribute}"

    def delete(file: h5py.File) -> None:
        del file[name].attrs[attribute]

    def reference(file: h5py.File) -> None:
        file[name].attrs[attribute] = file[name].ref

    def setter(value: Any) -> Callable[[h5py.File], None]:
        return lambda file: file[name].attrs.__setitem__(attribute, value)

    values = [(field, kind, setter(value)) for kind, value in ATTRIBUTE_VALUES.items()]
    return [(field, "deleted", delete), (field, "reference", reference), *values]


def _array_changes(name: str, item: h5py.Dataset) -> list:
    shape, size = item.shape, item.size

    def replaced(make: Callable[[h5py.File, np.ndarray], object]) -> Callable[[h5py.File], None]:
        def function(file: h5py.File) -> None:
            values, attributes = file[name][()], dict(file[name].attrs)
            file[name].attrs.clear()
            del file[name]
            make(file, values)
            item = file.get(name, getlink=True)
            if isinstance(item, h5py.HardLink) and isinstance(file[name], h5py.Dataset):
                for key, value in attributes.items():
                    if key not in ("DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"):
                        file[name].attrs[key] = value

        return function

    def data(convert: Callable[[np.ndarray], Any]) -> Callable[[h5py.File], None]:
        return replaced(lambda file, values: file.create_dataset(name, data=convert(values)))

    def outside(file: h5py.File, values: np.ndarray) -> None:
        raw = Path(file.filename).with_name("raw.bin")
        np.full(shape, 7, values.dtype).tofile(raw)
        file.create_dataset(name, shape, values.dtype, external=[(str(raw), 0, h5py.h5f.UNLIMITED)])

    def linked(file: h5py.File, values: np.ndarray) -> None:
        other = Path(file.filename).with_name("other.bin")
        with h5py.File(other, "w") as target:
            target["x"] = np.full(shape, 7, values.dtype)
        file[name] = h5py.ExternalLink(str(other), "/x")

    def virtual(file: h5py.File, values: np.ndarray) -> None:
        other = Path(file.filename).with_name("other.bin")
        with h5py.File(other, "w") as target:
            target["x"] = np.full(shape, 7, values.dtype)
        layout = h5py.VirtualLayout(shape, values.dtype)
        layout[...] = h5py.VirtualSource(str(other), "x", shape)
        file.create_virtual_dataset(name, layout)

    numbers = item.dtype.kind in "iuf"
    changes = [
        ("deleted", replaced(lambda file, values: None)),
        ("a group", replaced(lambda file, values: file.create_group(name))),
        ("a link to nothing", replaced(
            lambda file, values: file.__setitem__(name, h5py.SoftLink("/absent")))),
        ("a link to itself", replaced(
            lambda file, values: file.__setitem__(name, h5py.SoftLink(name)))),
        ("text", data(lambda v: np.full(v.shape, b"text"))),
        ("logical", data(lambda v: np.ones(v.shape, bool))),
        ("records", data(lambda v: np.zeros(v.shape, [("a", "i4")]))),
        ("complex", data(lambda v: np.zeros(v.shape, complex))),
        ("empty", data(lambda v: np.zeros((0,) * max(v.ndim, 1), v.dtype))),
        ("nothing", replaced(lambda f, v: f.create_dataset(name, data=h5py.Empty(v.dtype)))),
        ("huge", replaced(lambda file, values: file.create_dataset(
            name, tuple(2**16 for _ in range(max(values.ndim, 2))), values.dtype,
            chunks=(1,) * max(values.ndim, 2)))),
    ]  # fmt: skip
    if numbers and item.ndim:
        changes += [
            ("external link", replaced(linked)),
            ("external storage", replaced(outside)),
            ("virtual", replaced(virtual)),
            ("never written", replaced(
                lambda f, v: f.create_dataset(name, v.shape, v.dtype, chunks=v.shape))),
            ("one dimension more", data(lambda v: v[None])),
            ("one row less", data(lambda v: v[:-1])),
        ]  # fmt: skip
    if numbers and item.ndim > 1 and size > 1:
        changes.append(("one dimension", data(np.ravel)))
    if numbers and item.ndim == 1 and size > 2:
        changes += [
            ("not in order", data(lambda v: np.concatenate([v[1:2], v[:1], v[2:]]))),
            ("NaN", data(lambda v: np.concatenate([[np.nan], v[1:]]))),
            ("infinite", data(lambda v: np.concatenate([v[:-1], [np.inf]]))),
            ("a thousand times", data(lambda v: v * 1000.0)),
            ("all the same", data(np.zeros_like)),
        ]
    return [(name, kind, function) for kind, function in changes]


def _value_changes(name: str, item: h5py.Dataset) -> list:
    """Changes of one value to one that is no rain."""

    def setter(value: float) -> Callable[[h5py.File], None]:
        def function(file: h5py.File) -> None:
            values = file[name][()]
            with np.errstate(invalid="ignore", over="ignore"):
                values.flat[0] = value
            file[name][...] = values

        return function

    if item.dtype.kind != "f":
        return []
    return [(name, f"a value of {kind}", setter(value)) for kind, value in DATA_VALUES.items()]
