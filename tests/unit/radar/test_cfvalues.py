from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from rainscore.errors import DamagedFile
from rainscore.radar.cfvalues import decode
from rainscore.radar.netcdf import CfRadar

NAN = np.nan


def write(path: Path, values: list, dtype: str, *, fill: Any = None, **attributes: Any) -> Path:
    """Write a row of values as one map of rain, with the NetCDF library."""
    raw = np.array([[values]], dtype)
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", 1), ("y", 1), ("x", raw.size)):
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.standard_name = "hours since 2023-05-01", "time"
        east = 2 + 0.01 * np.arange(raw.size)
        for name, unit, axis in (("y", "degrees_north", [47.0]), ("x", "degrees_east", east)):
            file.createVariable(name, "f8", (name,))[:] = axis
            file[name].units = unit
        file["y"].bounds = "y_bnds"
        file.createDimension("nv", 2)
        file.createVariable("y_bnds", "f8", ("y", "nv"))[:] = [[46.995, 47.005]]
        file["time"][:] = 0
        rain: Any = file.createVariable("rr", np.dtype(dtype), ("time", "y", "x"), fill_value=fill)
        rain.set_auto_maskandscale(False)
        rain.setncatts({"units": "mm h-1", **attributes})
        rain[:] = raw
    return path


@pytest.mark.parametrize(
    ("values", "dtype", "fill", "attributes", "expected"),
    [
        ([1, 250, 251, -1], "f4", None,
         {"valid_range": np.array([0, 250], "f4")}, [1, 250, NAN, NAN]),
        ([1, 250, 251], "f4", None, {"valid_max": np.float32(250)}, [1, 250, NAN]),
        ([1, 25000, 25001], "i2", None,
         {"scale_factor": 0.01, "valid_range": np.array([0, 25000], "int16")}, [0.01, 250, NAN]),
        ([1, 25000, 25001], "i2", None,
         {"scale_factor": 0.01, "valid_max": 250.0}, [0.01, 250, NAN]),
        ([0, 5, -999], "i2", -999, {"scale_factor": 0.1}, [0, 0.5, NAN]),
        ([0, 5, 7, 9], "i2", None, {"missing_value": np.array([7, 9], "int16")}, [0, 5, NAN, NAN]),
        ([0, 9.5, 1e20], "f4", 1e20, {}, [0, 9.5, NAN]),
        ([0, 9.5, 9.969209968386869e36], "f4", None, {}, [0, 9.5, NAN]),
        ([0, 100, 65535], "u2", None, {"scale_factor": 0.01}, [0, 1, NAN]),
        ([0, 100, -1], "i1", None, {"_Unsigned": "true", "missing_value": np.int8(-1)},
         [0, 100, NAN]),
        ([0, -56], "i1", None, {"_Unsigned": "true"}, [0, 200]),
        ([np.inf, 3, -np.inf, NAN], "f8", None, {}, [NAN, 3, NAN, NAN]),
        ([10, 3], "u1", None, {"scale_factor": 0.5, "add_offset": -1.0}, [4, 0.5]),
    ],
)  # fmt: skip
def test_values_follow_the_attributes_of_their_variable(
    values: list, dtype: str, fill: Any, attributes: dict, expected: list, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.nc", values, dtype, fill=fill, **attributes)
    np.testing.assert_allclose(CfRadar().read(file)[0], expected, rtol=1e-6)


def test_a_nested_list_is_no_number() -> None:
    with pytest.raises(DamagedFile, match="scale_factor is not a number"):
        decode(np.array([1, 2], "i2"), {"scale_factor": [[[0.1]]]}, "store.zarr")


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"scale_factor": 0.0}, "scale_factor 0"), ({"scale_factor": -0.1}, "scale_factor -0.1"),
     ({"scale_factor": np.array([0.1, 0.2])}, "scale_factor has 2 values"),
     ({"scale_factor": "0.01"}, "scale_factor is not"),
     ({"add_offset": NAN}, "add_offset nan"), ({"missing_value": "none"}, "missing_value is not"),
     ({"valid_range": np.array([1, 2, 3], "int16")}, "valid_range has 3 values")],
)  # fmt: skip
def test_attributes_that_cannot_be_are_refused(
    attributes: dict, message: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.nc", [1, 2], "i2", **attributes)
    with pytest.raises(DamagedFile, match=message):
        CfRadar().read(file)


@pytest.mark.parametrize("dtype", ["S4", "?", "c8"])
def test_text_booleans_and_complex_numbers_are_not_rain(dtype: str) -> None:
    with pytest.raises(DamagedFile, match="are not numbers"):
        decode(np.zeros(3, dtype), {}, "a.nc")


def test_chunks_of_hdf5_that_were_never_written_are_missing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.nc", [1, 2, 3, 4, 5], "i2")
    with h5py.File(file, "r+") as content:
        attributes = {n: v for n, v in content["rr"].attrs.items() if n in ("units",)}
        scales = [content["rr"].dims[i][0].name for i in range(3)]
        del content["rr"]
        rain = content.create_dataset("rr", (1, 1, 5), "i2", chunks=(1, 1, 2))
        rain[0, 0, :2] = [7, 0]
        rain.attrs.update(attributes)
        for i, name in enumerate(scales):
            rain.dims[i].attach_scale(content[name])
    np.testing.assert_array_equal(CfRadar().read(file)[0], [7, 0, NAN, NAN, NAN])


def write_store(
    path: Path, *, fill: float, shards: tuple | None, dtype: str, zarr_format: Any = 3, **attrs: Any
) -> Path:
    """Write two frames of 2 × 4 pixels in chunks of 2 × 2, of which only the first is stored."""
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)

    def named(*dims: str) -> dict[str, Any]:
        return {"dimension_names": dims} if zarr_format == 3 else {}

    def attributes(*dims: str, **others: Any) -> dict[str, Any]:
        return others | ({} if zarr_format == 3 else {"_ARRAY_DIMENSIONS": dims})

    dims = ("time", "y", "x")
    rain = group.create_array(
        "rr", shape=(2, 2, 4), chunks=(1, 2, 2), shards=shards, dtype=dtype, fill_value=fill,
        attributes=attributes(*dims, units="mm h-1", **attrs), **named(*dims),
    )  # fmt: skip
    rain[0, :, :2] = [[3, 4], [5, 0]]
    axes = {"time": ([0, 5], "minutes since 2023-05-01"), "y": ([47.01, 47.0], "degrees_north"),
            "x": ([2.0, 2.01, 2.02, 2.03], "degrees_east")}  # fmt: skip
    for name, (values, unit) in axes.items():
        data = np.array(values, "f8")
        group.create_array(name, data=data, attributes=attributes(name, units=unit), **named(name))
    return path


@pytest.mark.parametrize("layout", [(2, None), (3, None), (3, (2, 2, 4))])
@pytest.mark.parametrize(
    ("dtype", "fill", "attributes"),
    [("int16", 0, {"_FillValue": -1}), ("int16", -1, {"_FillValue": -1}), ("int16", 0, {}),
     ("float32", 0.0, {}), ("float32", NAN, {}), ("uint8", 7, {"scale_factor": 1.0})],
)  # fmt: skip
def test_chunks_of_zarr_that_are_not_in_the_store_are_missing_and_zeros_are_dry(
    dtype: str, fill: float, attributes: dict, layout: tuple, tmp_path: Path
) -> None:
    store = write_store(
        tmp_path / "a.zarr", fill=fill, zarr_format=layout[0], shards=layout[1], dtype=dtype,
        **attributes,
    )  # fmt: skip
    np.testing.assert_array_equal(CfRadar().read(store, 0), [[3, 4, NAN, NAN], [5, 0, NAN, NAN]])
    assert np.isnan(CfRadar().read(store, 1)).all()


TYPES = st.sampled_from(["i1", "u1", "i2", "u2", "i4", "f4", "f8"])


@st.composite
def variables(draw: st.DrawFn) -> tuple[np.ndarray, Any, dict[str, Any]]:
    """Stored values of a variable, its `_FillValue` (None: none), and its other attributes."""
    dtype = np.dtype(draw(TYPES))
    if dtype.kind == "f":
        width: Any = 8 * dtype.itemsize
        value: Any = st.floats(-1000, 1000, width=width)
    else:
        value = st.integers(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    raw = np.array(draw(st.lists(value, min_size=8, max_size=8)), dtype)
    # Codes and limits are values that occur, so that they matter.
    known = st.sampled_from(raw.tolist()).map(dtype.type)
    attributes: dict[str, Any] = {}
    if draw(st.booleans()):
        attributes |= {"scale_factor": draw(st.sampled_from([0.01, 0.5, 2.0]))}
        attributes |= {"add_offset": draw(st.sampled_from([0.0, 1.5]))}
    if draw(st.booleans()):
        attributes["missing_value"] = np.array(draw(st.lists(known, min_size=1, max_size=2)), dtype)
    limits = sorted(draw(st.lists(known, min_size=2, max_size=2)))
    kind = draw(st.sampled_from(["", "valid_range", "valid_min", "valid_max"]))
    if kind:
        attributes[kind] = {
            "valid_range": np.array(limits, dtype), "valid_min": limits[0], "valid_max": limits[1]
        }[kind]  # fmt: skip
    # For bytes, the library masks the largest value where there is no code; the format does not.
    return raw, draw(known if dtype.itemsize == 1 else st.none() | known), attributes


@settings(max_examples=300, deadline=None)
@given(variables())
def test_values_are_those_of_the_netcdf_library(
    variable: tuple[np.ndarray, Any, dict[str, Any]],
) -> None:
    raw, fill, attributes = variable
    with netCDF4.Dataset("memory.nc", "w", diskless=True) as file:
        file.createDimension("x", raw.size)
        stored: Any = file.createVariable("rr", raw.dtype, ("x",), fill_value=fill)
        stored.set_auto_maskandscale(False)
        stored.setncatts(attributes)
        stored[:] = raw
        stored.set_auto_maskandscale(True)
        expected = np.ma.filled(np.ma.asarray(stored[:]).astype(float), np.nan)
        found = decode(raw, {name: stored.getncattr(name) for name in stored.ncattrs()}, "a.nc")
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_log_names_a_store_with_chunks_that_are_not_stored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = write_store(tmp_path / "dry.zarr", fill=0, shards=None, dtype="int16")
    with caplog.at_level("WARNING"):
        CfRadar().read(store, 0)
        CfRadar().read(store, 1)
    assert [r.getMessage().count("dry.zarr") for r in caplog.records] == [1]
    assert "write_empty_chunks" in caplog.text
