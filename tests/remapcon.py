"""Means of `cdo remapcon`, an independent implementation of conservative regridding.

`python -m tests.remapcon` runs CDO (Debian package `cdo`, 450 MB with its libraries) and records
the means, which the tests compare with, in `tests/remapcon/`.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.grids import Grid, imerg_cells, study_grid, window_grid

FOLDER = Path(__file__).parent / "remapcon"
FRANCE = study_grid(centre=(2.5, 46.6), size_km=64, step_km=4)
CAPE = window_grid(centre=(18.4, -33.9), size_km=(64, 64), step_km=4)
SEAM = window_grid(centre=(0.1, 51.5), size_km=(240, 240), step_km=20)
CASES = {
    "cells-to-france": (imerg_cells(FRANCE), FRANCE),
    "cells-to-cape-town": (imerg_cells(CAPE), CAPE),
    "seam-at-greenwich": (Grid("EPSG:4326", 0, -90, 0.5, 0.5, 720, 360), SEAM),
}
"""Source and target grid by name of the case."""


def rain(source: Grid) -> np.ndarray:
    """Random rain on the cells of a source [mm/h], dims (lat, lon)."""
    return np.random.default_rng(4).gamma(0.3, 2.0, source.shape).astype(np.float32)


def recorded(case: str) -> np.ndarray:
    """Recorded means on the target grid of a case [mm/h], dims (y, x)."""
    return np.loadtxt(FOLDER / f"{case}.txt")


def record(case: str) -> None:
    """Run CDO and write the means."""
    source, target = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        given, grid, result = (Path(folder) / name for name in ("in.nc", "target.txt", "out.nc"))
        axes = {
            "lat": ("lat", source.y, {"units": "degrees_north"}),
            "lon": ("lon", source.x, {"units": "degrees_east"}),
        }
        data = xr.Dataset({"rain": (("lat", "lon"), rain(source))}, axes)
        data.to_netcdf(given, engine="h5netcdf")
        grid.write_text(grid_description(target))
        command = ["cdo", "-s", "-b", "F64", f"remapcon,{grid}", str(given), str(result)]
        subprocess.run(command, check=True)
        with xr.open_dataset(result, engine="h5netcdf") as file:
            means = file["rain"].values.reshape(target.shape)
    version = subprocess.run(["cdo", "--version"], capture_output=True, text=True, check=True)
    release = (version.stdout + version.stderr).splitlines()[0]
    header = f"{release}: cdo -b F64 remapcon,TARGET, mm/h"
    np.savetxt(FOLDER / f"{case}.txt", means, fmt="%.6f", header=header)


def grid_description(grid: Grid) -> str:
    """Grid with the corners of its pixels, as text in the format of CDO."""
    half = Grid(
        grid.crs,
        grid.x0 - grid.dx / 2,
        grid.y0 - grid.dy / 2,
        grid.dx,
        grid.dy,
        grid.nx + 1,
        grid.ny + 1,
    )
    lines = ["gridtype = curvilinear", f"gridsize = {grid.size}"]
    lines += [f"xsize = {grid.nx}", f"ysize = {grid.ny}"]
    for axis, centres, edges in zip("xy", grid.lonlat, half.lonlat, strict=True):
        # Counter-clockwise where row 0 is north.
        around = [edges[1:, :-1], edges[1:, 1:], edges[:-1, 1:], edges[:-1, :-1]]
        corners = np.stack(around, axis=-1)
        lines.append(f"{axis}vals = " + " ".join(map(repr, centres.ravel().tolist())))
        lines.append(f"{axis}bounds = " + " ".join(map(repr, corners.ravel().tolist())))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        record(name)
