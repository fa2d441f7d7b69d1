"""NetCDF files of the workflow that changed after they were written."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.io import write_netcdf
from rainscore.netcdffiles import open_netcdf


def write(path: Path) -> Path:
    rain = np.random.default_rng(3).random((3, 20, 30), np.float32)
    dataset = xr.Dataset(
        {"rain": (("time", "y", "x"), rain, {"units": "mm h-1"}), "state": ("time", [0, 1, 2])},
        {
            "time": np.arange(3).astype("datetime64[h]").astype("datetime64[ns]"),
            "x": np.arange(30.0),
        },
        {"grid": '{"x0": 1000.0}'},
    )
    write_netcdf(dataset, path)
    return path


def test_a_file_is_read_as_xarray_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path / "pair.nc")
    with open_netcdf(path) as ours, xr.open_dataset(path, engine="h5netcdf") as theirs:
        xr.testing.assert_identical(ours.load(), theirs.load())
        assert "header_sha256" in ours.attrs


def test_a_flipped_bit_of_a_map_is_found_when_the_map_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "pair.nc")
    with h5py.File(path) as file:
        place = file["rain"].id.get_chunk_info(1)
    content = bytearray(path.read_bytes())
    content[place.byte_offset + place.size // 2] ^= 1
    path.write_bytes(content)
    with open_netcdf(path) as opened:
        opened["rain"][0].load()
        with pytest.raises(
            DamagedFile, match=r"pair\.nc: HDF5 cannot read it .*; delete it and run"
        ):
            opened["rain"][1].load()


@pytest.mark.parametrize(
    "edit",
    [
        lambda file: file.attrs.modify("grid", '{"x0": 1001.0}'),
        lambda file: file["rain"].attrs.modify("units", "mm day-1"),
        lambda file: file["x"].write_direct(np.arange(30.0) + 1),
        lambda file: file["time"].attrs.modify("units", "days since 1970-01-01"),
        lambda file: file["rain"].attrs.create("scale_factor", 2.0),
        lambda file: file.move("state", "other"),
    ],
)
def test_a_changed_header_is_found_when_the_file_is_opened(
    edit: Callable[[h5py.File], None], tmp_path: Path
) -> None:
    path = write(tmp_path / "pair.nc")
    with h5py.File(path, "r+") as file:
        edit(file)
    with pytest.raises(DamagedFile, match="its header does not match its header_sha256"):
        open_netcdf(path)


def test_a_file_of_another_program_is_read_without_a_digest(tmp_path: Path) -> None:
    xr.Dataset({"a": ("x", [1.0, 2.0])}).to_netcdf(tmp_path / "a.nc", engine="netcdf4")
    with open_netcdf(tmp_path / "a.nc") as opened:
        assert opened["a"].values.tolist() == [1, 2]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89HDF\r\n\x1a\n" + bytes(90)])
def test_what_is_no_netcdf_file_is_one_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "pair.nc").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"pair\.nc"):
        open_netcdf(tmp_path / "pair.nc")
