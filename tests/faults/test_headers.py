"""Headers with any content: a value, a missing value or a clear error, never a raw exception."""

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.faults.outcomes import Change, Result, Subject, observe
from tests.faults.subjects import SUBJECTS

EXAMPLES = settings(max_examples=15, derandomize=True, deadline=None, database=None)
RAW = ("raw exception", "memory")
"""Outcomes that no header may have."""
HDF5 = ("IMERG", "ODIM rate", "ODIM sum", "CF NetCDF", "features")
MODELS = ("unet.json", "unet_calibration.json", "kmeans.json", "kmeans_labels.json", "about.json")
NAMES = st.sampled_from(
    ["units", "_FillValue", "scale_factor", "add_offset", "valid_min", "valid_max", "calendar",
     "DimensionNames", "CodeMissingValue", "gain", "offset", "nodata", "undetect", "projdef"]
)  # fmt: skip
NUMBERS = st.integers(-(2**40), 2**40) | st.floats()
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["mm/h", "seconds since 1970-01-01", "+proj=longlat"]
)
ATTRIBUTES = (
    TEXTS
    | NUMBERS
    | st.binary(max_size=20).map(np.bytes_)
    | st.lists(NUMBERS.map(float), max_size=4).map(np.array)
    | st.lists(TEXTS, max_size=3)
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=5,
)


@cache
def valid(name: str) -> tuple[Subject, Path, Result]:
    """A format, a valid file of it, and its content."""
    subject = SUBJECTS[name]
    file = subject.write(Path(mkdtemp(prefix="rainscore-headers-")))
    return subject, file, subject.read(file)


@pytest.fixture(scope="module", autouse=True)
def removed():
    """Delete the files at the end."""
    yield
    for name in (*HDF5, *MODELS, "RADOLAN", "Zarr 2"):
        shutil.rmtree(valid(name)[1].parent, ignore_errors=True)
    valid.cache_clear()


def outcome(name: str, change) -> tuple[str, str]:
    """What the reader makes of a changed copy."""
    subject, file, base = valid(name)
    folder = Path(mkdtemp(prefix="rainscore-headers-"))
    try:
        shutil.copytree(file.parent, folder, dirs_exist_ok=True)
        change(folder / file.name)
        described = Change("header", "any", lambda _: None, plausible=True)
        return observe(subject, folder / file.name, described, base)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", HDF5)
@EXAMPLES
@given(place=st.integers(0, 1000), new=NAMES, existing=st.booleans(), value=ATTRIBUTES)
def test_any_attribute_of_an_hdf5_file(name: str, place: int, new: str, existing: bool, value):
    def change(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            objects = ["/"]
            file.visit(objects.append)
            if existing:
                attributes = [(o, key) for o in objects for key in file[o].attrs]
                key, attribute = attributes[place % len(attributes)]
            else:
                key, attribute = objects[place % len(objects)], new
            try:
                file[key].attrs[attribute] = value
            except (ValueError, TypeError, OSError, OverflowError):
                assume(False)

    found, detail = outcome(name, change)
    assert found not in RAW, detail


@EXAMPLES
@given(start=st.integers(0, 140), content=st.binary(min_size=1, max_size=12))
def test_any_bytes_in_the_header_of_radolan(start: int, content: bytes):
    def change(path: Path) -> None:
        text = bytearray(path.read_bytes())
        text[start : start + len(content)] = content
        path.write_bytes(text)

    found, detail = outcome("RADOLAN", change)
    assert found not in RAW, detail


def replaced(value, place: int, new):
    """JSON value with one of its entries replaced, chosen by a number."""
    if place % 3 == 0 or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[place % len(keys)]
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[key] = replaced(value[key], place // max(len(keys), 2), new)
    return changed


@pytest.mark.parametrize("name", [*MODELS, "Zarr 2"])
@EXAMPLES
@given(place=st.integers(1, 10_000), new=JSON)
def test_any_entry_of_a_json_header(name: str, place: int, new):
    def change(path: Path) -> None:
        headers = [path] if path.is_file() else sorted(path.rglob(".z*"))
        header = headers[place % len(headers)]
        header.write_text(json.dumps(replaced(json.loads(header.read_text()), place, new)))

    found, detail = outcome(name, change)
    assert found not in RAW, detail
