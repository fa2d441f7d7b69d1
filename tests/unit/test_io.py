import os
import time

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.hdf5files import open_hdf5
from rainscore.io import (
    read_json,
    read_months,
    read_table,
    replacing,
    write_json,
    write_netcdf,
    write_table,
    write_text,
)


def test_a_failed_write_leaves_the_earlier_file_and_no_temporary_one(tmp_path) -> None:
    path = tmp_path / "folder/file.txt"
    write_text("before", path)
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_is_read_with_its_metadata(tmp_path) -> None:
    table = pd.DataFrame({"time": pd.to_datetime(["2019-01-01"]), "value": [np.nan]})
    write_table(table, tmp_path / "t.parquet", run="final", step=5)
    read = read_table(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read, table)
    assert read.attrs == {"run": "final", "step": 5}


def test_months_are_concatenated_in_order_of_time(tmp_path) -> None:
    paths = [str(tmp_path / f"2019-0{month}.parquet") for month in (2, 1)]
    for path, value in zip(paths, (2, 1), strict=True):
        write_table(pd.DataFrame({"value": [value]}), path)
    assert read_months(paths)["value"].tolist() == [1, 2]


def test_json_refuses_a_number_that_is_not_finite(tmp_path) -> None:
    write_json({"name": "é", "values": [1, 2]}, tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == {"name": "é", "values": [1, 2]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"value": float("nan")}, tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_a_changed_byte_of_a_table_or_a_netcdf_file_is_found(tmp_path) -> None:
    values = np.random.default_rng(2).random(4000)
    write_table(pd.DataFrame({"value": values}), tmp_path / "t.parquet")
    write_netcdf(xr.Dataset({"rain": (("y", "x"), values.reshape(40, 100))}), tmp_path / "r.nc")
    for name in ("t.parquet", "r.nc"):
        content = bytearray((tmp_path / name).read_bytes())
        content[len(content) // 2] ^= 16
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedFile, match=r"t\.parquet: it is not a readable Parquet table"):
        read_table(tmp_path / "t.parquet")
    with (
        pytest.raises(OSError, match="filter"),
        xr.open_dataset(tmp_path / "r.nc", engine="h5netcdf") as r,
    ):
        r.load()


@pytest.mark.parametrize("values", [["dry", "wet"], [None, "wet"]])
def test_a_table_with_classes_is_read_as_it_was_written(values, tmp_path) -> None:
    table = pd.DataFrame({"state": pd.Categorical(values, categories=["dry", "wet"])})
    write_table(table, tmp_path / "table")
    pd.testing.assert_frame_equal(read_table(tmp_path / "table"), table)


def test_a_changed_header_of_a_table_is_found(tmp_path) -> None:
    path = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"value": [1.0]}), path, run="late")
    arrow = pq.read_table(path)
    metadata = arrow.schema.metadata
    for changed in (
        arrow.rename_columns(["other"]),
        arrow.cast(pa.schema([("value", pa.float32())])),
        arrow.replace_schema_metadata({**metadata, b"rainscore": b'{"run": "final"}'}),
        arrow.slice(0, 0),
    ):
        pq.write_table(changed.replace_schema_metadata(changed.schema.metadata or metadata), path)
        with pytest.raises(DamagedFile, match=r"t\.parquet: it is not a readable Parquet table"):
            read_table(path)
    pq.write_table(pa.table({"value": [1]}), path)  # of another program
    assert read_table(path)["value"].tolist() == [1]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000])
def test_damaged_json_is_an_error_that_names_the_file(content, tmp_path) -> None:
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"card\.json: it is not JSON"):
        read_json(tmp_path / "card.json")


def test_an_empty_table_file_is_an_error_that_names_the_file(tmp_path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"")
    with pytest.raises(DamagedFile, match=r"t\.parquet"):
        read_table(tmp_path / "t.parquet")
    with pytest.raises(DamagedFile, match=r"absent\.parquet: there is no such file"):
        read_table(tmp_path / "absent.parquet")


def test_a_file_name_that_is_not_utf8_can_be_an_attribute(tmp_path) -> None:
    name = os.fsdecode(b"granule-\xe9.HDF5")
    write_netcdf(xr.Dataset({"a": 1}, attrs={"granule": name}), tmp_path / os.fsdecode(b"\xe9.nc"))
    with xr.open_dataset(tmp_path / os.fsdecode(b"\xe9.nc"), engine="h5netcdf") as written:
        assert written.attrs["granule"] == r"granule-\udce9.HDF5"


def test_a_netcdf_file_is_chunked_by_map(tmp_path) -> None:
    rain = xr.DataArray(np.zeros((3, 4, 5), "float32"), dims=("time", "y", "x"), name="rain")
    write_netcdf(rain.to_dataset(), tmp_path / "rain.nc")
    with open_hdf5(tmp_path / "rain.nc") as file:
        assert file["rain"].chunks == (1, 4, 5)


def test_lazy_arrays_give_the_same_bytes_each_time(tmp_path) -> None:
    def slow(values: np.ndarray) -> np.ndarray:
        """Blocks that would end in a random order in several threads."""
        time.sleep(0.02 * np.random.default_rng().random())
        return values

    rain = xr.DataArray(np.arange(1200.0).reshape(12, 10, 10), dims=("time", "y", "x"), name="rain")
    for name in ("first.nc", "second.nc"):
        lazy = rain.chunk(time=1).map_blocks(lambda block: block.copy(data=slow(block.values)))
        with dask.config.set(scheduler="threads", num_workers=4):
            write_netcdf(lazy.to_dataset(), tmp_path / name)
    assert (tmp_path / "first.nc").read_bytes() == (tmp_path / "second.nc").read_bytes()


def test_lazy_variables_of_one_task_have_the_same_order_in_each_file(tmp_path) -> None:
    """Dask names the tasks at random, and would write the variables of a block in that order."""
    names = [f"field{i}" for i in range(8)]
    for file in ("first.nc", "second.nc", "third.nc"):
        parts = [dask.delayed(dict.fromkeys)(names, np.full((2, 5, 5), k)) for k in range(3)]
        lazy = xr.Dataset(
            {
                name: (("time", "y", "x"), da.concatenate(
                    [da.from_delayed(part[name], (2, 5, 5), "float64") for part in parts]
                ), {"units": "mm h-1"})
                for name in names
            }
        )  # fmt: skip
        write_netcdf(lazy, tmp_path / file)
    contents = {(tmp_path / f).read_bytes() for f in ("first.nc", "second.nc", "third.nc")}
    assert len(contents) == 1
    with xr.open_dataset(tmp_path / "first.nc", engine="h5netcdf") as written:
        assert list(written) == names and written["field7"].attrs == {"units": "mm h-1"}
        np.testing.assert_array_equal(written["field7"][:, 0, 0], [0, 0, 1, 1, 2, 2])
