"""Description of a granule by OPeNDAP (DMR, Dataset Metadata Response), and subsets built from it.

OPeNDAP may keep the groups of a file (`/Grid/precipitation`) or move its variables to the root.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from rainscore.errors import DamagedFile
from rainscore.imerg.lattice import Box
from rainscore.imerg.variables import NAMES

AXIS_LENGTHS = {"3600": "lon", "1800": "lat", "1": "time"}
"""Axis of a dimension without name, by its length."""

MAX_SIZE = 4 << 20
"""Largest size of a description [bytes]; that of IMERG has about 50 kB."""

TYPES = {
    "Float32", "Float64", "Byte", "Char", "Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32",
    "Int64", "UInt64",
}  # fmt: skip
"""Numeric types of DAP4."""

_REMEDY = "the service may have changed; choose another imerg.access (docs/download.md)"


def read_dmr(path: Path) -> dict[str, tuple[str, ...]]:
    """Axes of each numeric variable of a granule, by its path (`/Grid/precipitation`).

    Args:
        path: XML file with the description.

    Returns:
        Names of the dimensions without their group: lon, lat, time, or others.

    Raises:
        DamagedFile: The file is not a description.
    """
    content = path.read_bytes()
    if len(content) > MAX_SIZE or b"<!DOCTYPE" in content:
        raise DamagedFile(path, "it is not a description of a granule (DMR)", _REMEDY)
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise DamagedFile(path, f"it is not XML ({error})", _REMEDY) from error
    if _tag(root) != "Dataset":
        reason = f"it is not a description of a granule (DMR), but <{_tag(root):.40}>"
        raise DamagedFile(path, reason, _REMEDY)
    variables: dict[str, tuple[str, ...]] = {}
    _collect(root, "/", variables)
    return variables


def _collect(node: ElementTree.Element, path: str, variables: dict[str, tuple[str, ...]]) -> None:
    """Add the variables of a group and of the groups in it."""
    for child in node:
        name = path + child.get("name", "")
        if _tag(child) == "Group":
            _collect(child, name + "/", variables)
        elif _tag(child) in TYPES:
            variables[name] = tuple(_axis(dim) for dim in child if _tag(dim) == "Dim")


def _axis(dim: ElementTree.Element) -> str:
    name = dim.get("name", "").rpartition("/")[2]
    return name or AXIS_LENGTHS.get(dim.get("size", ""), "")


def _tag(element: ElementTree.Element) -> str:
    """Name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def build_constraint(
    variables: Mapping[str, tuple[str, ...]], fields: Sequence[str], box: Box
) -> str:
    """DAP4 constraint expression: fields in a box, their axes and the time, where there is one.

    Args:
        variables: Axes of each variable, from `read_dmr`.
        fields: Names of the fields (`imerg.reader.FIELDS`).
        box: Cells on IMERG's grid.

    Raises:
        DamagedFile: The granule lacks a field or an axis, or has a field with other axes.
    """
    ranges = {
        "lon": f"[{box.west}:{box.west + box.nx - 1}]",
        "lat": f"[{box.south}:{box.south + box.ny - 1}]",
        "time": "[0]",
    }
    paths = {field: _find(variables, NAMES[field]) for field in fields}
    paths |= {axis: _find(variables, (axis,)) for axis in ranges}
    lacking = [name for name, path in paths.items() if not path and name != "time"]
    if lacking:
        raise DamagedFile("OPeNDAP", f"its description lacks {', '.join(lacking)}", _REMEDY)
    terms = []
    for name, path in paths.items():
        axes = variables.get(path, ())
        if set(axes) - set(ranges) or (name in fields and not {"lon", "lat"} <= set(axes)):
            reason = f"{path} has the axes {', '.join(axes) or 'none'}, not lon and lat"
            raise DamagedFile("OPeNDAP", reason, _REMEDY)
        terms += [path + "".join(ranges[axis] for axis in axes)] if path else []
    return ";".join(terms)


def _find(variables: Mapping[str, tuple[str, ...]], names: Sequence[str]) -> str:
    """Path of the first of the names, that with the fewest groups; empty if there is none."""
    for name in names:
        paths = [path for path in variables if path.rpartition("/")[2] == name]
        if paths:
            return min(paths, key=lambda path: (path.count("/"), path))
    return ""
