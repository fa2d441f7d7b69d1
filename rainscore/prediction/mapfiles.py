"""Files of scored maps: NetCDF, Zarr or a cloud-optimised GeoTIFF, named by granule and window."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.io import write_bytes, write_netcdf
from rainscore.prediction.globe import CELLS
from rainscore.prediction.scoringgrids import window_name
from rainscore.writing import replacing

SUFFIXES = (".HDF5", ".RT-H5", ".nc4", ".dap", ".nc")
"""Suffixes that are removed from the names of granules."""


def write_scored(dataset: xr.Dataset, granule: Path, folder: Path, form: str = "nc") -> Path:
    """Write a scored map, named by its granule, the start of its half-hour and its window.

    Args:
        dataset: The scored map.
        granule: The granule file.
        folder: Folder to write into.
        form: Format, one of `FORMATS`.

    Returns:
        Path of the file, or of the folder of a Zarr store.
    """
    path = folder / f"{map_name(dataset, granule)}.{form}"
    FORMATS[form](dataset, path)
    return path


def map_name(dataset: xr.Dataset, granule: Path) -> str:
    """Name of the file of a scored map, without its ending."""
    start = pd.Timestamp(dataset["time"].item()).strftime("%Y%m%d-S%H%M%S")
    name = Path(granule.name)
    while name.suffix in SUFFIXES:
        name = name.with_suffix("")
    time = "" if start in name.name else f".{start}"
    grid = grid_of(dataset)
    return f"{name}{time}_{'globe' if grid == CELLS else window_name(grid)}"


def grid_of(dataset: xr.Dataset) -> Grid:
    """Grid of the fields of a scored map."""
    return CELLS if "window_lat" in dataset else Grid.from_json(dataset.attrs["grid"])


def write_zarr(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as a Zarr store (version 2, with consolidated metadata).

    Raises:
        RainscoreError: The package zarr is not installed.
    """
    try:
        import zarr  # noqa: F401  # part of the extra "zarr"
    except ImportError as error:
        raise RainscoreError(
            "the format zarr needs the package zarr: pip install zarr, or use --format nc"
        ) from error
    with replacing(path) as temporary:
        dataset.to_zarr(temporary, zarr_format=2, consolidated=True)


def write_geotiff(dataset: xr.Dataset, path: Path) -> None:
    """Write the fields of a scored map as the bands of a cloud-optimised GeoTIFF.

    The bands have the names of the variables as descriptions; the scalars and the attributes of
    the map are tags.
    """
    import rioxarray  # noqa: F401  # registers `.rio`
    from rasterio.io import MemoryFile

    grid = grid_of(dataset)
    names = [str(name) for name, field in dataset.data_vars.items() if field.ndim == 2]
    order = np.s_[::-1] if grid.dy > 0 else np.s_[:]  # GeoTIFF has its first row in the north
    bands = np.stack([dataset[name].values[order] for name in names]).astype(np.float32)
    array = xr.DataArray(
        bands,
        {"band": np.arange(1, len(names) + 1), "y": grid.y[order], "x": grid.x},
        ("band", "y", "x"),
    )
    array.attrs["long_name"] = tuple(names)
    tags = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in dataset.attrs.items()
    }
    for name, value in dataset.variables.items():
        if value.ndim == 0 and value.dtype.kind in "fM" and name != "crs":
            tags[str(name)] = str(value.values.astype("M8[s]") if name == "time" else value.values)
    # In memory: GDAL does not say why a file cannot be written.
    with MemoryFile(ext=".tif") as file:
        array.rio.write_crs(grid.crs).rio.write_nodata(np.nan).rio.to_raster(
            file.name, driver="COG", compress="deflate", tags=tags
        )
        write_bytes(file.getbuffer(), path)


FORMATS: dict[str, Callable[[xr.Dataset, Path], None]] = {
    "nc": write_netcdf,
    "zarr": write_zarr,
    "tif": write_geotiff,
}
"""Formats of scored maps by file ending, and who writes them."""
