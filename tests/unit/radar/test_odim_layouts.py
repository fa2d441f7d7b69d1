"""Composites that ODIM 2.2 to 2.4 allow, written by the NetCDF library."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rainscore.radar.odim import Odim
from tests.odim import LAEA, attributes, write_composite

RAW = np.array([[0, 2, 4], [6, 254, 255]], np.uint8)
RATE = np.array([[0, 1, 2], [3, 0, np.nan]], np.float32)
DATA = "dataset1/data1/data"


def write(path: Path, groups: dict[str, dict[str, Any]], **arrays: np.ndarray) -> Path:
    return write_composite(path, groups, {DATA: RAW, **arrays})


def move(groups: dict[str, dict[str, Any]], names: set[str], old: str, new: str) -> None:
    """Move attributes from one group to another."""
    moved = {name: groups[old].pop(name) for name in list(groups[old]) if name in names}
    groups.setdefault(new, {}).update(moved)


def test_numbers_stored_as_arrays_of_one_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", attributes())
    with h5py.File(path) as file:
        assert file["dataset1/data1/what"].attrs["gain"].shape == (1,)
    np.testing.assert_array_equal(Odim().read(path), RATE)
    grid = Odim().grid(path)
    assert (grid.crs, grid.shape, grid.dx, grid.dy) == (LAEA, (2, 3), 1000, -1000)


@pytest.mark.parametrize("new", ["dataset1/where", "dataset1/data1/where"])
@pytest.mark.parametrize("names", [{"xsize", "ysize"}, set(attributes()["where"])])
def test_the_place_may_be_stated_in_any_group(tmp_path: Path, names: set[str], new: str) -> None:
    groups = attributes()
    move(groups, names, "where", new)
    path = write(tmp_path / "a.h5", groups)
    Odim().check(path)
    np.testing.assert_array_equal(Odim().read(path), RATE)
    assert Odim().grid(path) == Odim().grid(write(tmp_path / "b.h5", attributes()))


@pytest.mark.parametrize("kept", [("UL", "LR"), ("LL", "UR"), ("UL", "UR", "LR")])
def test_opposite_corners_are_enough(tmp_path: Path, kept: tuple[str, ...]) -> None:
    groups = attributes()
    groups["where"] = {
        name: value
        for name, value in groups["where"].items()
        if name == "projdef" or name[:2] in kept
    }
    grid = Odim().grid(write(tmp_path / "a.h5", groups))
    assert (grid.x0, grid.y0, grid.dx, grid.dy) == pytest.approx((0, 0, 1000, -1000), abs=1e-3)
    assert grid.shape == (2, 3)


def test_a_projection_in_kilometres_or_degrees_is_read(tmp_path: Path) -> None:
    groups = attributes()
    expected = Odim().grid(write(tmp_path / "a.h5", groups))
    groups["where"]["projdef"] = LAEA.replace("units=m", "units=km")
    assert Odim().grid(write(tmp_path / "b.h5", groups)) == expected
    groups["where"] = {"projdef": "+proj=longlat +ellps=WGS84", "xscale": 0.5, "yscale": 0.25}
    groups["where"] |= {"UL_lon": 5.0, "UL_lat": 50.0, "LR_lon": 6.5, "LR_lat": 49.5}
    grid = Odim().grid(write(tmp_path / "c.h5", groups))
    assert (grid.x0, grid.y0, grid.dx, grid.dy) == pytest.approx((5, 50, 0.5, -0.25))


def test_the_innermost_attribute_counts(tmp_path: Path) -> None:
    groups = attributes()
    groups["dataset1/what"] |= {"gain": 7.0, "quantity": "TH"}
    groups["where"] |= {"xsize": 300}
    groups["dataset1/where"] = {"xsize": 3}
    np.testing.assert_array_equal(Odim().read(write(tmp_path / "a.h5", groups)), RATE)


@pytest.mark.parametrize("owner", ["dataset1", "dataset1/data1"])
def test_quality_fields_of_the_dataset_and_of_the_data_are_applied(
    tmp_path: Path, owner: str
) -> None:
    groups = attributes()
    distance, quality = f"{owner}/quality1", f"{owner}/quality2"
    groups[f"{distance}/what"] = {"gain": 1000.0, "offset": 0.0}  # distance [m], no quality
    groups[f"{quality}/what"] = {"gain": 0.01, "offset": 0.0, "nodata": 255.0}
    codes = np.array([[10, 49, 50], [255, 90, 90]], np.uint8)
    path = write(tmp_path / "a.h5", groups, **{f"{distance}/data": codes, f"{quality}/data": codes})
    rate = Odim(min_quality=0.5).read(path)
    np.testing.assert_array_equal(rate, np.array([[np.nan, np.nan, 2], [3, 0, np.nan]], "f4"))
    np.testing.assert_array_equal(Odim().read(path), RATE)


def test_a_code_that_the_stored_type_cannot_hold_marks_no_pixel(tmp_path: Path) -> None:
    groups = attributes()
    groups["dataset1/data1/what"] |= {"undetect": float("inf"), "nodata": -1.0, "gain": 1.0}
    path = write(tmp_path / "a.h5", groups)
    np.testing.assert_array_equal(Odim().read(path), RAW)


def test_a_code_is_compared_in_the_precision_of_floats(tmp_path: Path) -> None:
    groups = attributes()
    groups["dataset1/data1/what"] |= {"gain": 1.0, "nodata": 1.8e308, "undetect": -0.1}
    raw = np.array([[0, np.inf, -0.1], [np.nan, 1, 3.4e38]], np.float32)
    path = write(tmp_path / "a.h5", groups, **{DATA: raw})
    np.testing.assert_array_equal(
        Odim().read(path), np.array([[0, np.nan, 0], [np.nan, 1, 3.4e38]], "f4")
    )


def test_floats_need_no_gain(tmp_path: Path) -> None:
    groups = attributes()
    del groups["dataset1/data1/what"]["gain"], groups["dataset1/data1/what"]["offset"]
    path = write(tmp_path / "a.h5", groups, **{DATA: RATE})
    np.testing.assert_array_equal(Odim().read(path), RATE)


def test_chunks_that_were_never_written_are_missing(tmp_path: Path) -> None:
    path = write_composite(tmp_path / "a.h5", attributes((4, 3)), {})
    with h5py.File(path, "a") as file:
        data = file.create_dataset(DATA, (4, 3), np.uint8, chunks=(2, 3))
        data[:2] = RAW
    np.testing.assert_array_equal(
        Odim().read(path), np.vstack([RATE, np.full((2, 3), np.nan, np.float32)])
    )


def test_each_file_has_its_own_grid(tmp_path: Path) -> None:
    first = write(tmp_path / "a.h5", attributes())
    fine = write(tmp_path / "b.h5", attributes((4, 6), step=500.0), **{DATA: np.zeros((4, 6))})
    groups = attributes()
    for name in ("UL", "UR", "LL", "LR"):
        groups["where"][f"{name}_lon"] -= 0.3
    west = write(tmp_path / "c.h5", groups)
    grids = [Odim().grid(path) for path in (first, fine, west)]
    assert [grid.dx for grid in grids] == [1000, 500, 1000]
    assert grids[2].x0 == pytest.approx(grids[0].x0 - 0.3 * 63_900, rel=1e-2)


def test_a_column_maximum_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    groups = attributes(quantity="DBZH")
    groups["dataset1/what"]["product"] = "MAX"
    for minute in ("00", "15", "30"):
        write(tmp_path / f"T_2018082418{minute}.h5", groups)
    with caplog.at_level(logging.WARNING, "rainscore"):
        frames = Odim().scan(tmp_path)
    warnings = [record.message for record in caplog.records if "column maximum" in record.message]
    assert len(warnings) == 1
    assert "and 2 others" in warnings[0]
    assert set(frames["product"]) == {"ORG:82 MAX DBZH"}


NUMBERS: dict[str, Callable[[float], Any]] = {
    "plain": float,
    "float32": np.float32,
    "array": lambda value: np.array([value]),
    "text": lambda value: np.bytes_(str(value)),
}
PLACES = ("", "dataset1/", "dataset1/data1/")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_legal_place_and_type_of_the_attributes_gives_the_same_rates(
    tmp_path: Path, data: st.DataObject
) -> None:
    source = attributes()
    groups: dict[str, dict[str, Any]] = {"what": dict(source["what"])}
    for kind, owners in (("where", ["where"]), ("what", ["dataset1/what", "dataset1/data1/what"])):
        for name, value in [item for owner in owners for item in source[owner].items()]:
            first = 0 if kind == "where" else 1
            place = data.draw(st.sampled_from(PLACES[first:]), label=name)
            is_number = isinstance(value, float | int) and "_l" not in name
            cast = NUMBERS[data.draw(st.sampled_from(list(NUMBERS)))] if is_number else None
            groups.setdefault(f"{place}{kind}", {})[name] = cast(value) if cast else value
    dtype = data.draw(st.sampled_from(["u1", "u2", "i2", "i4", "u8", "f4", "f8", ">u2", ">f4"]))
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for group, values in groups.items():
            file.require_group(group).attrs.update(values)
        file.create_dataset(DATA, data=RAW.astype(dtype), chunks=data.draw(st.booleans()) or None)
    Odim().check(path)
    np.testing.assert_array_equal(Odim().read(path), RATE)
    assert Odim().scan(path)["product"].tolist() == ["ORG:82 SURF RATE"]
