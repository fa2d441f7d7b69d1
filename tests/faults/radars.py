"""Radar formats: valid files, and how the workflow reads them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import zarr
from rasterio.transform import from_origin

from rainscore.grids import RADAR_CRS, Grid, study_grid
from rainscore.imerg.manifests import read_manifest, write_manifest
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import write_frame
from rainscore.radar.frames import index_frames
from rainscore.regridding.radarreader import RadarReader
from rainscore.times import steps
from tests.faults.outcomes import Result
from tests.odim import attributes, write_composite
from tests.unit.regridding.test_radarreader import write_cf
from tests.world import radar_settings

SHAPE = 5, 6
GRID = study_grid(centre=(2.5, 46.6), size_km=48, step_km=8)


def rain() -> np.ndarray:
    """Rain of some hundredths, integers 1 to 30, dims (y, x)."""
    return np.random.default_rng(2).permutation(30).reshape(SHAPE) + 1


@dataclass(frozen=True)
class Radar:
    """A radar format in a test.

    Attributes:
        format: Name of the format (`get_format`).
        write: Function that writes a valid file into a folder, and returns it.
        start, end: Period that is read.
        minutes: Time between frames [min].
        folder: Whether the reader gets the folder rather than the file.
    """

    format: str
    write: Callable[[Path], Path]
    start: np.datetime64
    end: np.datetime64
    minutes: int

    def index(self, file: Path) -> None:
        """Index the folder of a file, as the workflow does."""
        reader = get_format(self.format, step_minutes=self.minutes)
        manifest = index_frames(file.parent, reader, steps(self.start, self.end, self.minutes))
        write_manifest(manifest, file.parent / "manifest.parquet")

    def read(self, file: Path) -> Result:
        """Frames of the folder of a file by time, indexed first, without clutter."""
        self.index(file)
        return self.read_indexed(file)

    def read_indexed(self, file: Path) -> Result:
        """Frames of the folder of a file that was indexed before, by time."""
        manifest = read_manifest(file.parent / "manifest.parquet")
        here = [str(file.parent / Path(name).name) if name else "" for name in manifest["file"]]
        reader = get_format(self.format, step_minutes=self.minutes)
        section = {**radar_settings().__dict__, "format": self.format}
        settings = replace(radar_settings(section), step_minutes=self.minutes)
        radar = RadarReader(manifest.assign(file=here), reader, GRID, settings)
        result: dict = {}
        for frame in radar.frames(self.start, self.end):
            result[f"rain {frame.time}"] = frame.rate
            result[f"length {frame.time}"] = f"{frame.minutes:g} min"
            result[f"place {frame.time}"] = place(frame.grid)
        return result


@lru_cache(maxsize=100)
def place(grid: Grid) -> np.ndarray:
    """Longitudes and latitudes of the corners of a grid, and the number of its pixels."""
    x = grid.x0 + grid.dx * np.array([0, grid.nx, 0, grid.nx])
    y = grid.y0 + grid.dy * np.array([0, 0, grid.ny, grid.ny])
    lon, lat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.array([*lon, *lat, grid.nx, grid.ny])


def write_odim(folder: Path) -> Path:
    """Write a composite of rates."""
    groups = attributes(SHAPE)
    path = folder / "T_PAAH21_C_EUOC_20180824180000.h5"
    return write_composite(path, groups, {"dataset1/data1/data": rain().astype("u1")})


def write_odim_sums(folder: Path) -> Path:
    """Write a composite of accumulations in packed integers."""
    groups = attributes(SHAPE, quantity="ACRR")
    groups["dataset1/data1/what"] |= {"gain": 0.1, "nodata": 65535.0, "undetect": 65534.0}
    path = folder / "accumulation_201808241745.h5"
    return write_composite(path, groups, {"dataset1/data1/data": rain().astype("u2")})


def write_netcdf(folder: Path) -> Path:
    """Write two frames of CF NetCDF in a projection."""
    times = np.array(["2024-07-01T12:00", "2024-07-01T12:15"], "datetime64[ns]")
    grid = replace(GRID, nx=SHAPE[1], ny=SHAPE[0])
    path = folder / "rain.nc"
    write_cf(path, times, grid, np.stack([rain(), rain() + 1]).astype(float), 15)
    return path


def write_zarr(folder: Path, zarr_format: int) -> Path:
    """Write two frames of a Zarr store in longitude and latitude."""
    path = folder / "rain.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)  # type: ignore[arg-type]  # 2 or 3
    dims = {
        "time": (np.array([0.0, 15.0]), {"units": "minutes since 2024-07-01 12:00"}),
        "lat": (46 - 0.01 * np.arange(SHAPE[0]), {"units": "degrees_north"}),
        "lon": (2 + 0.01 * np.arange(SHAPE[1]), {"units": "degrees_east"}),
    }

    def add(name: str, data: np.ndarray, names: list[str], attrs: dict, **options) -> None:
        if zarr_format == 2:
            attrs = {**attrs, "_ARRAY_DIMENSIONS": names}
        else:
            options["dimension_names"] = names
        group.create_array(name, data=data, attributes=attrs, **options)

    for name, (values, attrs) in dims.items():
        add(name, values, [name], attrs)
    data = np.stack([rain(), rain() + 1]).astype("i2")
    packing = {"units": "mm h-1", "scale_factor": 0.5, "_FillValue": -1}
    add("rr", data, ["time", "lat", "lon"], packing, chunks=(1, *SHAPE), fill_value=-1)
    return path


def write_meteonet(folder: Path) -> Path:
    """Write four frames of MeteoNet with their coordinates."""
    start = datetime(2016, 8, 21)
    dates = np.array([start + timedelta(minutes=5 * i) for i in range(4)], object)
    data = np.stack([rain() + i for i in range(4)]).astype(np.int16)
    lats, lons = np.meshgrid(
        51.0 - 0.01 * np.arange(SHAPE[0]), 1 + 0.01 * np.arange(SHAPE[1]), indexing="ij"
    )
    np.savez(folder / "radar_coords_NW.npz", lats=lats, lons=lons)
    file = folder / "rainfall_NW_2016_08.3.npz"
    np.savez_compressed(file, data=data, dates=dates)
    return file


def write_comephore(folder: Path) -> Path:
    """Write an hour of COMEPHORE."""
    file = folder / "2020010101_RR.gtif"
    settings = {
        "driver": "GTiff", "count": 1, "height": SHAPE[0], "width": SHAPE[1], "dtype": "uint16",
        "crs": RADAR_CRS, "transform": from_origin(0.0, -4_500_000.0, 1000.0, 1000.0),
        "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(file, "w", **settings) as raster:
        raster.write(rain()[None].astype("uint16"))
    return file


def write_npz(folder: Path) -> Path:
    """Write a frame with a grid of its own, in the layout of `fr-radar-rainfall`."""
    file = folder / "201906021030.npz"
    write_frame(file, rain() * 0.12, study_grid_of(SHAPE))
    return file


def study_grid_of(shape: tuple[int, int]):
    """Grid of a shape that is not a part of the French mosaic."""
    return replace(GRID, x0=GRID.x0 + 300, ny=shape[0], nx=shape[1])


def write_radolan(folder: Path) -> Path:
    """Write an hour of RADOLAN RW."""
    file = folder / "RW_20221018-0050.asc"
    head = (
        f"ncols {SHAPE[1]}\nnrows {SHAPE[0]}\nxllcorner -1000\nyllcorner -4000000\n"
        "cellsize 1000\nNODATA_value -1\n"
    )
    file.write_text(head + "\n".join(" ".join(map(str, row)) for row in rain()) + "\n")
    return file


def radar(format_name: str, write: Callable[[Path], Path], start: str, end: str, minutes: int):
    """Radar format with a period in text."""
    return Radar(format_name, write, np.datetime64(start, "ns"), np.datetime64(end, "ns"), minutes)


RADARS = {
    "ODIM rate": radar("odim", write_odim, "2018-08-24T17:30", "2018-08-24T18:30", 15),
    "ODIM sum": radar("odim", write_odim_sums, "2018-08-24T17:30", "2018-08-24T18:30", 15),
    "CF NetCDF": radar("netcdf", write_netcdf, "2024-07-01T12:00", "2024-07-01T13:00", 15),
    "Zarr 2": radar(
        "netcdf", lambda f: write_zarr(f, 2), "2024-07-01T12:00", "2024-07-01T13:00", 15
    ),
    "Zarr 3": radar(
        "netcdf", lambda f: write_zarr(f, 3), "2024-07-01T12:00", "2024-07-01T13:00", 15
    ),
    "MeteoNet": radar("meteonet", write_meteonet, "2016-08-21T00:00", "2016-08-21T00:30", 5),
    "COMEPHORE": radar("comephore", write_comephore, "2020-01-01T00:00", "2020-01-01T02:00", 60),
    "npz": radar("fr-radar-rainfall", write_npz, "2019-06-02T10:30", "2019-06-02T11:00", 5),
    "RADOLAN": radar("radolan", write_radolan, "2022-10-17T23:50", "2022-10-18T01:50", 60),
}
