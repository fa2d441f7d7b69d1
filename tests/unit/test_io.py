import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.io import (
    open_hdf5,
    read_json,
    read_months,
    read_table,
    replacing,
    text,
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


def test_a_netcdf_file_is_chunked_by_map(tmp_path) -> None:
    rain = xr.DataArray(np.zeros((3, 4, 5), "float32"), dims=("time", "y", "x"), name="rain")
    write_netcdf(rain.to_dataset(), tmp_path / "rain.nc")
    with open_hdf5(tmp_path / "rain.nc") as file:
        assert file["rain"].chunks == (1, 4, 5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><p>Login", "it is a web page"),
        (b"CDF", "it is not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(10), "HDF5 cannot read it"),
    ],
)
def test_a_damaged_hdf5_file_is_reported_with_the_reason(tmp_path, content, reason) -> None:
    path = tmp_path / "granule.HDF5"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=reason), open_hdf5(path):
        pass


@pytest.mark.parametrize("value", ["mm/h", b"mm/h", np.array([b"mm/h"]), np.array("mm/h")])
def test_a_string_attribute_of_any_kind_becomes_text(value) -> None:
    assert text(value) == "mm/h"
