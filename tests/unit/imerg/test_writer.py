import ast
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.imerg.layout import VARIABLES
from rainscore.imerg.names import granule_name, parse_name
from rainscore.imerg.reader import FIELDS, read_granule
from rainscore.imerg.writer import _image, write_granule
from tests.data import shared

SCALES = {"DIMENSION_LIST", "REFERENCE_LIST"}
"""References between a variable and its dimension scales, which the dump does not contain."""


def world(start: str = "2000-06-01T00:00", n: int = 10) -> xr.Dataset:
    """Whole-numbered fields, each with one missing cell."""
    rng = np.random.default_rng(1)
    fields = {}
    for name in VARIABLES:
        most = {"mw_source": 20, "mw_minute": 30, "quality_index": 2}.get(name, 100)
        values = rng.integers(0, most, (n, n + 2)).astype(np.float32)
        values[1, 2] = np.nan
        fields[name] = (("lat", "lon"), values)
    lat, lon = 45.05 + 0.1 * np.arange(n), -2.95 + 0.1 * np.arange(n + 2)
    return xr.Dataset(fields, {"lat": lat, "lon": lon, "time": np.datetime64(start, "ns")})


def test_names_are_those_of_the_archive() -> None:
    for run in ("early", "late", "final"):
        start = np.datetime64("2019-12-31T23:30", "ns")
        name = parse_name(granule_name(run, start, "V07B"))
        assert (name.run, name.start, name.version) == (run, start, "V07B")
    assert granule_name("final", start).endswith("20191231-S233000-E235959.1410.V07B.HDF5")


def test_a_written_granule_reads_back_the_same(tmp_path: Path) -> None:
    dataset, path = world("2019-06-02T10:30"), tmp_path / "granule.HDF5"
    write_granule(path, dataset, run="late")
    granule = read_granule(path)
    for name in FIELDS:
        np.testing.assert_array_equal(granule[name], dataset[name])
    np.testing.assert_allclose(granule.lat, dataset.lat)
    np.testing.assert_allclose(granule.lon, dataset.lon)
    assert granule.time.values == dataset.time.values
    assert (granule.attrs["run"], granule.attrs["version"]) == ("late", "V07B")
    assert granule.attrs["absent"] == ""


def test_missing_values_are_the_fill_of_their_type_in_the_file(tmp_path: Path) -> None:
    write_granule(tmp_path / "a", world(), run="final")
    with h5py.File(tmp_path / "a") as file:
        assert file["Grid/precipitation"][0, 2, 1] == np.float32(-9999.9)
        assert file["Grid/Intermediate/precipitationUncal"][0, 2, 1] == np.float32(-9999.9)
        assert file["Grid/Intermediate/MWprecipSource"][0, 2, 1] == -9999


def test_the_same_dataset_gives_the_same_bytes_and_no_other_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_granule(tmp_path / name, world(), run="final")
        _image.cache_clear()
        time.sleep(1.1)  # HDF5's clock counts seconds
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_a_second_granule_is_independent_of_the_first(tmp_path: Path) -> None:
    dry = world("2000-06-01T00:30") * 0
    write_granule(tmp_path / "a", world(), run="final")
    write_granule(tmp_path / "b", dry.assign_coords(time=dry.time), run="final")
    second = read_granule(tmp_path / "b")
    assert second.time.values == np.datetime64("2000-06-01T00:30")
    assert float(second.precipitation.max()) == 0


def test_concurrent_threads_write_the_same_bytes_as_a_single_one(
    tmp_path: Path,
) -> None:
    starts = np.datetime64("2000-06-01", "ns") + np.arange(24) * np.timedelta64(30, "m")
    rng = np.random.default_rng(1)
    granules = [world().assign_coords(time=start) * rng.uniform(0.5, 1) for start in starts]

    def write(folder: Path, i: int) -> bytes:
        path = folder / granule_name("final", starts[i])
        # A version of its own for each thread, so that the structure is built at once too.
        write_granule(path, granules[i], run="final", version=f"V07{'ABCD'[i % 4]}")
        return path.read_bytes()

    _image.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(partial(write, tmp_path / "a"), range(24)))
    assert together == [write(tmp_path / "b", i) for i in range(24)]


def test_xarray_opens_it_with_its_coordinates(tmp_path: Path) -> None:
    write_granule(tmp_path / "a.HDF5", world(), run="final")
    with xr.open_dataset(
        tmp_path / "a.HDF5", group="Grid", engine="h5netcdf", decode_times=False
    ) as grid:
        assert grid.precipitation.dims == ("time", "lon", "lat")
        np.testing.assert_allclose(grid.lat, 45.05 + 0.1 * np.arange(10), atol=1e-5)
        np.testing.assert_allclose(grid.lon_bnds[0], [-3.0, -2.9], atol=1e-5)
        assert int(grid.time[0]) == (np.datetime64("2000-06-01") - np.datetime64("1980-01-06")) / (
            np.timedelta64(1, "s")
        )
        np.testing.assert_array_equal(grid.time_bnds[0] - grid.time[0], [0, 1800])


def test_names_types_and_attributes_are_those_of_v07(tmp_path: Path) -> None:
    write_granule(tmp_path / "a", world(), run="final")
    with h5py.File(tmp_path / "a") as file:
        rain = file["Grid/precipitation"]
        assert (rain.shape, rain.dtype, rain.fillvalue) == ((1, 12, 10), np.float32, 0)
        assert rain.attrs["_FillValue"] == np.float32(-9999.9)
        assert rain.attrs["units"] == b"mm/hr"
        assert rain.attrs.get_id("DimensionNames").dtype == np.dtype("S12")
        assert [dim[0].name for dim in rain.dims] == ["/Grid/time", "/Grid/lon", "/Grid/lat"]
        assert b"ProductVersion=V07B;" in file.attrs["FileHeader"]


def test_the_structure_is_that_of_a_real_granule_item_by_item(tmp_path: Path) -> None:
    dump = shared("../facts/imerg_v07a_dump.txt").read_text().splitlines()
    write_granule(tmp_path / "a", world().isel(lon=slice(10)), run="final")
    with h5py.File(tmp_path / "a") as file:
        items = _described(file)
    wanted = _dumped(dump)
    headers = items.pop("FileHeader"), wanted.pop("FileHeader").replace("V07A", "V07B")
    ours, theirs = (dict(re.findall(r"(\w+)=(.*?);\n", header)) for header in headers)
    # Only the time and the software of its production differ.
    assert ours.keys() == theirs.keys()
    assert {key for key in ours if ours[key] != theirs[key]} == {
        "GenerationDateTime",
        "ProcessingSystem",
    }
    assert items == wanted


def _described(file: h5py.File) -> dict:
    """All items of a file that the dump contains, without the compression."""
    items: dict = {name: value.decode() for name, value in file.attrs.items()}

    def visit(path: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            items[path] = (
                f"{item.shape} {item.maxshape} {item.dtype} {item.chunks} {item.fillvalue}"
            )
        for name, value in item.attrs.items():
            if name not in SCALES:
                text = isinstance(value, bytes)
                kind = f"|S{item.attrs.get_id(name).dtype.itemsize}" if text else str(value.dtype)
                items[path, name] = (kind, value.decode() if text else float(value))

    file.visititems(visit)
    return items


def _dumped(lines: list[str]) -> dict:
    """Items of the dump, in the format of `_described`."""
    items: dict = {}
    path = ""
    for line in lines:
        if match := re.match(r"ROOT (\w+) np.bytes_\((.*)\)$", line):
            items[match[1]] = ast.literal_eval(match[2]).decode()
        elif match := re.match(r"GROUP (\S+) \{'(\w+)': np.bytes_\((.*)\)\}", line):
            value = ast.literal_eval(match[3])
            items[match[1], match[2]] = (f"|S{len(value)}", value.decode())
        elif match := re.match(r"DSET (\S+) (.*) chunks (.*) filters \[\] fill (.*)", line):
            path = match[1]
            items[path] = f"{match[2]} {match[3]} {match[4]}"
        elif match := re.match(r"\s+@ (\w+) (\|S\d+) np.bytes_\((.*)\)$", line):
            items[path, match[1]] = (match[2], ast.literal_eval(match[3]).decode())
        elif match := re.match(r"\s+@ (\w+) (\w+) np.\w+\((.*)\)$", line):
            value = float(np.dtype(match[2]).type(match[3]))
            items[path, match[1]] = (match[2], value)
        else:
            assert line == "GROUP Grid/Intermediate {}"
    return items


def test_a_granule_whose_data_do_not_decode_is_damaged(tmp_path: Path) -> None:
    write_granule(tmp_path / "a", world(), run="final")
    with h5py.File(tmp_path / "a") as file:
        chunk = file["Grid/precipitation"].id.get_chunk_info(0)
    with (tmp_path / "a").open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(bytes(chunk.size))
    with pytest.raises(DamagedFile, match="download it again"):
        read_granule(tmp_path / "a")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_granule(tmp_path / "a", world().drop_vars("mw_source"), run="final")
    assert not list(tmp_path.iterdir())


def test_simulated_and_real_granules_are_distinguished(tmp_path: Path) -> None:
    path = tmp_path / "granule.HDF5"
    write_granule(path, world(), run="final")
    assert read_granule(path).attrs["world"] == "simulated"
    with h5py.File(path, "a") as file:
        header = file.attrs["FileHeader"].replace(b"rainscore simulation", b"PPS")
        file.attrs["FileHeader"] = header
    assert read_granule(path).attrs["world"] == "real"
