"""Files of COMEPHORE: hourly rain over France from radar and gauges, one GeoTIFF per hour."""

import logging
import re
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import rasterio
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.rainunits import rain_unit

NAME = re.compile(r"(\d{10})_RR\.gtif")
"""File name; its time stamp is the end of the hour, UTC."""


MISSING = 65535
"""Value of missing pixels."""


TENTHS = 0.1
"""Unit of the values [mm] where the file states none."""


MAX_AMOUNT_MM = 300.0
"""Amount of an hour above which a value is no rain [mm]."""


MAX_PIXELS = 100_000_000
"""Number of pixels, of the map or of a block, above which a file is refused."""


MAX_CRS_TEXT = 100_000
"""Number of characters of a coordinate reference system above which it is refused."""


STEP_M = (100.0, 10_000.0)
"""Smallest and largest pixel [m]; those of COMEPHORE have 1 km."""


FRANCE = (-10.0, 15.0, 38.0, 54.0)
"""West, east, south and north of the place of the middle of a map [degrees]."""


SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF and BigTIFF."""


GDAL_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
"""Options with which GDAL reads nothing but the file itself."""


READ_ERRORS = (
    RasterioError,
    ProjError,
    OSError,
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
    RuntimeError,
)
"""Errors of rasterio and pyproj on a file that is truncated or of another content."""


log = logging.getLogger("rainscore")


def scan_hours(folder: Path) -> pd.Series:
    """List the COMEPHORE files below a folder.

    Returns:
        Paths, indexed by the start of the hour (UTC), in order.

    Raises:
        RainscoreError: There are no such files.
    """
    files = [str(f) for f in list_files(folder) if NAME.fullmatch(f.name)]
    hours = index_hours(files)
    if hours.empty:
        raise RainscoreError(f"{folder}: no COMEPHORE files (YYYYMMDDHH_RR.gtif)")
    return hours


def index_hours(files: Sequence[str]) -> pd.Series:
    """Index COMEPHORE files by the start of their hour (UTC), in order.

    A file whose name is not that of an hour is left out and logged.
    """
    stamps = [Path(file).name[:10] for file in files]
    ends = pd.to_datetime(pd.Series(stamps, dtype=str), format="%Y%m%d%H", errors="coerce")
    for file in np.array(files, object)[ends.isna().to_numpy()]:
        log.warning("%s: not used, because the hour in its name does not exist", file)
    starts = pd.DatetimeIndex(ends).as_unit("ns") - pd.Timedelta(hours=1)
    hours = pd.Series(list(files), starts, dtype=str)
    return hours[hours.index.notna()].sort_index()


def read_hour(file: Path | str) -> tuple[np.ndarray, Grid]:
    """Read the rain of an hour.

    Returns:
        Amount of the hour [mm], float32, dims (y, x), row 0 north; NaN where missing, never
        written, or above `MAX_AMOUNT_MM`; and its grid. Values outside France are not
        measurements.

    Raises:
        DamagedFile: The file is not a COMEPHORE file.
    """
    path = Path(file).absolute()
    try:
        _check_signature(path)
        with rasterio.Env(**GDAL_OPTIONS), rasterio.open(path, driver="GTiff") as raster:
            grid = _grid(raster)
            _check_content(raster, path)
            values = raster.read(1)
            written = _written(raster)
            amount = values * _factor(raster) + raster.offsets[0]
            missing = (values == MISSING) | ~written | ~(amount <= MAX_AMOUNT_MM) | (amount < 0)
            if raster.nodata is not None:
                missing |= values == raster.nodata
    except READ_ERRORS as error:
        reason = " ".join(str(error).split())[:300]
        raise DamagedFile(
            file, f"not a COMEPHORE file ({reason})", "copy or download it again"
        ) from error
    return np.where(missing, np.nan, amount).astype(np.float32), grid


def _check_signature(path: Path) -> None:
    """Raise ValueError if a file is not TIFF: GDAL would read what its content refers to."""
    with path.open("rb") as content:
        if content.read(4) not in SIGNATURES:
            raise ValueError("its content is not TIFF")


def _check_content(raster: rasterio.DatasetReader, path: Path) -> None:
    """Raise ValueError if a raster is not one map of uint16 of the hour in its name."""
    if raster.count != 1 or raster.dtypes[0] != "uint16":
        raise ValueError(f"{raster.count} maps of {raster.dtypes[0]}, not one of uint16")
    block_height, block_width = raster.block_shapes[0]
    if max(raster.width * raster.height, block_height * block_width) > MAX_PIXELS:
        raise ValueError(f"{raster.width} × {raster.height} pixels")
    stamp = str(raster.tags().get("TIFFTAG_DATETIME", ""))
    digits = re.sub(r"\D", "", stamp)
    match = NAME.fullmatch(path.name)
    if match and len(digits) == 14 and digits != f"{match[1]}0000":
        raise ValueError(f"its content is of {stamp}, not of the hour of its name")


def _grid(raster: rasterio.DatasetReader) -> Grid:
    """Grid of a raster.

    Raises:
        ValueError: It has no projection, or is not a map of a part of France with row 0 north.
    """
    transform = raster.transform
    if raster.crs is None or not raster.crs.is_projected:
        raise ValueError("no projection")
    crs = raster.crs.to_wkt()
    if len(crs) > MAX_CRS_TEXT:
        raise ValueError(f"a projection with a text of {len(crs)} characters")
    if transform.b or transform.d or not transform.a > 0 > transform.e:
        raise ValueError("its rows do not run from north to south and west to east")
    unit = raster.crs.linear_units_factor[1]
    if not all(STEP_M[0] <= abs(step) * unit <= STEP_M[1] for step in (transform.a, transform.e)):
        raise ValueError(f"pixels of {transform.a * unit:g} × {-transform.e * unit:g} m")
    grid = Grid(
        crs, transform.c, transform.f, transform.a, transform.e, raster.width, raster.height
    )
    middle = (grid.x0 + grid.dx * grid.nx / 2, grid.y0 + grid.dy * grid.ny / 2)
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*middle)
    west, east, south, north = FRANCE
    if not (west <= lon <= east and south <= lat <= north):
        raise ValueError(f"its middle is at {lon:.1f}° E, {lat:.1f}° N, not in France")
    return grid


def _factor(raster: rasterio.DatasetReader) -> float:
    """Factor from the values to mm: the scale and the unit of the file, or tenths."""
    scale, unit = raster.scales[0], raster.units[0]
    if not (0 < scale < np.inf and np.isfinite(raster.offsets[0])):
        raise ValueError(f"its scale is {scale:g} and its offset is {raster.offsets[0]:g}")
    if (scale, raster.offsets[0]) == (1.0, 0.0) and not unit:
        return TENTHS
    if not unit:
        return scale
    known = rain_unit(unit)
    if known is None or not known.is_amount:
        raise ValueError(f"the unit {unit[:40]!r} is not one of an amount of rain")
    return scale * known.factor


def _written(raster: rasterio.DatasetReader) -> np.ndarray:
    """Mask of the pixels whose block is in the file; GDAL reads 0 where a block is absent."""
    written = np.ones(raster.shape, bool)
    height, width = raster.block_shapes[0]
    for row in range(ceil(raster.height / height)):
        for column in range(ceil(raster.width / width)):
            if raster.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=1) is None:
                rows = slice(row * height, (row + 1) * height)
                written[rows, column * width : (column + 1) * width] = False
    return written
