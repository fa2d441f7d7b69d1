"""Changes that only some radar formats can have, and the list of all formats."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.bytechanges import byte_changes, file_changes
from tests.faults.gridchanges import geotiff_changes, radolan_changes
from tests.faults.hdf5changes import hdf5_changes
from tests.faults.outcomes import Change, Subject
from tests.faults.radars import RADARS

JSON_VALUES: dict[str, Any] = {
    "null": None, "zero": 0, "-1": -1, "1e300": 1e300, "2**62": 2**62, "NaN": float("nan"),
    "empty text": "", "nonsense": "nonsense", "escape sequence": "\x1b[2J", "true": True,
    "empty list": [], "empty object": {}, "nested": [[[1]]], "long text": "m" * 200_000,
}  # fmt: skip
"""Values of an entry of JSON that it cannot have."""


def json_changes(
    file: Path, plausible: Callable[[str, str], bool], name: str = "", depth: int = 6
) -> list[Change]:
    """Changes of every entry of a JSON file.

    Args:
        file: Valid file.
        plausible: Function of a field and a kind: whether the changed file is a valid one.
        name: Path of the file in the store that is changed; empty for the file itself.
        depth: Number of levels.
    """
    content = json.loads(file.read_text("utf-8"))
    changes = []
    for keys in _leaves(content, depth):
        field = f"{name}:{'.'.join(map(str, keys))}"
        edits: dict[str, Any] = {kind: partial(_set, value=v) for kind, v in JSON_VALUES.items()}
        edits["deleted"] = _delete
        for kind, edit in edits.items():
            if not plausible(field, kind):
                changes.append(Change(field, kind, partial(_edit_json, name, keys, edit)))
    return changes


def _leaves(content: Any, depth: int) -> list[tuple]:
    items: list = []
    if isinstance(content, dict):
        items = list(content.items())
    elif isinstance(content, list):
        items = list(enumerate(content[:2]))
    found = []
    for key, value in items:
        found.append((key,))
        if depth > 1:
            found += [(key, *keys) for keys in _leaves(value, depth - 1)]
    return found


def _set(owner: Any, key: Any, value: Any) -> None:
    owner[key] = value


def _delete(owner: Any, key: Any) -> None:
    del owner[key]


def _edit_json(name: str, keys: tuple, edit: Callable, path: Path) -> None:
    file = path / name if name else path
    content = json.loads(file.read_text("utf-8"))
    owner = content
    for key in keys[:-1]:
        owner = owner[key]
    edit(owner, keys[-1])
    file.write_text(json.dumps(content), "utf-8")


def odim_changes(file: Path) -> list[Change]:
    """Changes of a composite."""

    def plausible(field: str, kind: str) -> bool:
        path, _, attribute = field.partition("@")
        if (path, kind) == ("/dataset1/what", "deleted"):  # the nominal time is that of the file
            return True
        # 0 is midnight. The length of an accumulation is compared with that of the other files.
        if attribute in ("starttime", "endtime") and kind == "zero":
            return True
        if attribute in ("offset", "nodata", "undetect"):
            return kind in ("zero", "-1", "three numbers")
        # Optional or descriptive attributes; what they say cannot be compared with anything.
        return attribute in ("source", "product", "_NCProperties", "object", "version")

    rain = ("/dataset1/data1/data",)
    return hdf5_changes(file, rain=rain, plausible=plausible)


def netcdf_changes(file: Path) -> list[Change]:
    """Changes of a CF NetCDF file."""

    def plausible(field: str, kind: str) -> bool:
        path, _, attribute = field.partition("@")
        if path == "/crs" and kind in ("zero", "-1"):  # another projection
            return True
        if attribute == "bounds" and path == "/time":  # then the step is that of the settings
            return True
        return path == "/time_bnds" and kind in ("deleted", "a group", "a link to nothing")

    return hdf5_changes(file, rain=("/rate",), plausible=plausible)


def zarr_changes(store: Path) -> list[Change]:
    """Changes of the metadata and the chunks of a store."""

    def plausible(field: str, kind: str) -> bool:
        last = field.rsplit(".", 1)[-1].rsplit(":", 1)[-1]
        if last == "scale_factor" and kind == "deleted":  # integers in mm/h
            return True
        return "fill_value" in field or "FillValue" in last or last == "order"

    changes = []
    for path in sorted(store.rglob("*")):
        if path.name in (".zarray", ".zattrs", ".zgroup", "zarr.json"):
            changes += json_changes(path, plausible, str(path.relative_to(store)), depth=4)
        elif path.is_file():
            name = str(path.relative_to(store))
            edits: dict[str, Callable[[Path], object]] = {
                "deleted": Path.unlink,
                "empty": _clear,
                "a folder": _folder,
                "a link": _link,
            }
            changes += [Change(name, kind, partial(_inside, name, f)) for kind, f in edits.items()]
    return changes


def _inside(name: str, edit: Callable[[Path], object], store: Path) -> None:
    """Edit a file of a store."""
    edit(store / name)


def _clear(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def npz_changes(file: Path) -> list[Change]:
    """Changes of the members of an npz file, and of their headers."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    changes = []
    for name, content in members.items():
        for kind, new in _members(content).items():
            # `fr-radar-rainfall` may be in Fortran order; the checksum is that of the new content.
            plausible = kind == "Fortran order" and "dates.npy" not in members
            new_members = {**members, name: new}
            changes.append(Change(name, kind, partial(_rewrite, new_members), None, plausible))
        lost = {key: value for key, value in members.items() if key != name}
        changes.append(Change(name, "deleted", partial(_rewrite, lost)))
        for kind, method in (("LZMA", zipfile.ZIP_LZMA), ("bzip2", zipfile.ZIP_BZIP2)):
            changes.append(Change(name, kind, partial(_rewrite, members, method=method)))
    return changes


def _members(content: bytes) -> dict[str, bytes]:
    """Other contents of a member."""
    with_header = content.split(b"\n", 1)
    header, data = with_header[0], with_header[-1]
    edits = {
        "no header": data,
        "empty": b"",
        "half": content[: len(content) // 2],
        "one byte more": content + b"\0",
        "shape of 10**12": _header(header, b"'shape': (", b"'shape': (1000000000000, "),
        "negative shape": _header(header, b"'shape': (", b"'shape': (-1, ") + data,
        "Fortran order": header.replace(b"False", b"True ") + b"\n" + data,
        "type of 2**30 bytes": _header(header, b"'descr': '", b"'descr': '|V1073741824' #") + data,
        "code in the header": _header(header, b"{", b"{__import__('os').getcwd():1,") + data,
        "another version": b"\x93NUMPY\x09\x00" + content[8:],
    }
    arrays: dict[str, Any] = {
        "floats": np.full((4, 5, 6), np.nan), "text": np.full((4, 5, 6), "1"),
        "logical": np.ones((4, 5, 6), bool), "scalar": np.int16(1),
        "no frame": np.ones((0, 5, 6), "i2"),
        "another shape": np.ones((4, 6, 5), "i2"), "one map": np.ones((5, 6), "f4"),
        "complex": np.ones((4, 5, 6), complex), "times": np.zeros(4, "M8[s]"),
    }  # fmt: skip
    for kind, array in arrays.items():
        target = io.BytesIO()
        np.save(target, array)
        edits[kind] = target.getvalue()
    target = io.BytesIO()
    np.save(target, np.array([Path, print], object), allow_pickle=True)
    edits["objects"] = target.getvalue()
    return edits


def _header(header: bytes, old: bytes, new: bytes) -> bytes:
    """Header with a changed text, with its length in the field of the format."""
    body = header[10:].replace(old, new, 1) + b"\n"
    return header[:8] + len(body).to_bytes(2, "little") + body


def _rewrite(members: dict[str, bytes], path: Path, method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


OWN: dict[str, Callable[[Path], list[Change]]] = {
    "ODIM rate": odim_changes,
    "ODIM sum": odim_changes,
    "CF NetCDF": netcdf_changes,
    "Zarr 2": zarr_changes,
    "Zarr 3": zarr_changes,
    "MeteoNet": npz_changes,
    "COMEPHORE": geotiff_changes,
    "npz": npz_changes,
    "RADOLAN": radolan_changes,
}
CHECKSUMS = {"MeteoNet", "npz"}
"""Formats whose data have a checksum."""


def _subjects() -> dict[str, Subject]:
    subjects = {}
    for name, radar in RADARS.items():

        def changes(file: Path, name: str = name) -> list[Change]:
            whole = byte_changes(checksum=name in CHECKSUMS)
            return [*OWN[name](file), *file_changes(), *whole]

        def verified(file: Path) -> list[Change]:
            # The digest of a store is that of the names and sizes of its files.
            digest = not file.is_dir()
            return [*byte_changes(checksum=digest, seed=1), *file_changes()]

        subjects[name] = Subject(name, radar.write, radar.read, changes)
        indexed = f"{name}, indexed"
        subjects[indexed] = Subject(indexed, radar.write, radar.read_indexed, verified, radar.index)
    return subjects


SUBJECTS = _subjects()
