import numpy as np
import pandas as pd
import pytest
import xarray as xr

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


def test_a_netcdf_file_is_chunked_by_map(tmp_path) -> None:
    rain = xr.DataArray(np.zeros((3, 4, 5), "float32"), dims=("time", "y", "x"), name="rain")
    write_netcdf(rain.to_dataset(), tmp_path / "rain.nc")
    with open_hdf5(tmp_path / "rain.nc") as file:
        assert file["rain"].chunks == (1, 4, 5)
