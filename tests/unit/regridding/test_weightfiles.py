"""Files of weights: round trip, and the check of their grids."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import imerg_cells, study_grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.weightfiles import read_weights, write_weights

GRID = study_grid(centre=(2.5, 46.6), size_km=160, step_km=8)
CELLS = imerg_cells(GRID)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_weights(overlap_weights(CELLS, GRID), tmp_path / "weights.nc")
    return tmp_path / "weights.nc"


def test_weights_are_read_back_unchanged(file: Path) -> None:
    again, weights = read_weights(file, source=CELLS, target=GRID), overlap_weights(CELLS, GRID)
    assert (again.source, again.target) == (CELLS, GRID)
    for part in ("data", "indices", "indptr"):
        stored, made = getattr(again.matrix, part), getattr(weights.matrix, part)
        np.testing.assert_array_equal(stored, made)
        assert stored.dtype == made.dtype
    assert [path.name for path in file.parent.iterdir()] == ["weights.nc"]


def test_the_file_is_a_ragged_array_of_the_cf_conventions(file: Path) -> None:
    with xr.open_dataset(file, engine="h5netcdf") as dataset:
        assert dataset.attrs["Conventions"].startswith("CF-")
        assert dataset["entries"].attrs["sample_dimension"] == "entry"
        assert dataset["entries"].values.sum() == dataset.sizes["entry"]
        assert all(variable.attrs["units"] for variable in dataset.values())


def test_weights_of_another_grid_are_refused_and_the_difference_is_named(file: Path) -> None:
    with pytest.raises(RainscoreError, match=r"weights\.nc.*target grid \(nx 20 instead of 19\)"):
        read_weights(file, source=CELLS, target=replace(GRID, nx=19))
    with pytest.raises(RainscoreError, match=r"source grid \(crs EPSG:4326 instead of .*stere"):
        read_weights(file, source=GRID, target=GRID)


def test_a_file_without_weights_is_named_in_the_error(tmp_path: Path) -> None:
    other = tmp_path / "other.nc"
    xr.Dataset({"a": 1}).to_netcdf(other, engine="h5netcdf")
    for content in (other.read_bytes(), other.read_bytes()[:100], b"<html>", b""):
        other.write_bytes(content)
        with pytest.raises(DamagedFile, match=r"other\.nc.*compute_weights"):
            read_weights(other, source=CELLS, target=GRID)
