"""ODIM HDF5 files: in the layout of the Météo-France mosaic, and of any layout."""

from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pandas as pd
import pyproj

MOSAIC = (
    "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=45 +ellps=WGS84 +x_0=619652.07 +y_0=5262818.34 +units=m"
)


def write_mosaic(
    path: Path,
    quantity: str,
    values: np.ndarray,
    end: str = "2024-08-12 18:00",
    corner: tuple[float, float] = (0.0, 1_736_000.0),
) -> Path:
    """Write a file in the layout of the Météo-France mosaic: 500 m, uint16, five minutes.

    Args:
        path: File to write.
        quantity: RATE (gain 0.12 mm/h), ACRR (0.01 mm) or DBZH (0.5 dBZ, offset -32 dBZ).
        values: Stored integers (y, x); 65534 is undetected, 65535 no data.
        end: End of the five minutes.
        corner: Upper left corner [m]; that of the whole mosaic by default.
    """
    left, top = corner
    right, bottom = left + 500.0 * values.shape[1], top - 500.0 * values.shape[0]
    stop = pd.Timestamp(end)
    to_lonlat = pyproj.Transformer.from_crs(MOSAIC, "EPSG:4326", always_xy=True).transform
    corners = {"UL": (left, top), "UR": (right, top), "LL": (left, bottom), "LR": (right, bottom)}
    gain, offset = {"RATE": (0.12, 0.0), "ACRR": (0.01, 0.0), "DBZH": (0.5, -32.0)}[quantity]
    times = {"start": stop - pd.Timedelta(minutes=5), "end": stop}
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_3")
        nominal = {"date": np.bytes_(f"{stop:%Y%m%d}"), "time": np.bytes_(f"{stop:%H%M%S}")}
        file.create_group("what").attrs.update(object=np.bytes_("COMP"), **nominal)
        where = file.create_group("where").attrs
        where.update(projdef=np.bytes_(MOSAIC), xscale=500.0, yscale=500.0)
        where.update(xsize=values.shape[1], ysize=values.shape[0])
        for place, (x, y) in corners.items():
            where[f"{place}_lon"], where[f"{place}_lat"] = to_lonlat(x, y)
        what = file.create_group("dataset1/what").attrs
        what["quantity"] = np.bytes_(quantity)
        for name, when in times.items():
            what[f"{name}date"] = np.bytes_(f"{when:%Y%m%d}")
            what[f"{name}time"] = np.bytes_(f"{when:%H%M%S}")
        what.update(gain=gain, offset=offset, nodata=65535.0, undetect=65534.0)
        file.create_dataset("dataset1/data1/data", data=values, chunks=True, compression=1)
    return path


LAEA = "+proj=laea +lat_0=55 +lon_0=10 +ellps=WGS84 +units=m"
"""Projection of the composites of `attributes`; their upper left corner is its origin."""


def attributes(
    shape: tuple[int, int] = (2, 3), quantity: str = "RATE", step: float = 1000.0
) -> dict[str, dict[str, Any]]:
    """Attributes by group of a composite from 17:45 to 18:00 on 24 August 2018.

    Args:
        shape: Number of rows and columns.
        quantity: Quantity of `dataset1/data1`.
        step: Pixel size [m].
    """
    ny, nx = shape
    where: dict[str, Any] = {"projdef": LAEA, "xscale": step, "yscale": step}
    to_lonlat = pyproj.Transformer.from_crs(LAEA, "EPSG:4326", always_xy=True).transform
    for corner, column, row in (("UL", 0, 0), ("UR", nx, 0), ("LL", 0, ny), ("LR", nx, ny)):
        lon, lat = to_lonlat(column * step, -row * step)
        where |= {f"{corner}_lon": lon, f"{corner}_lat": lat}
    return {
        "what": {"object": "COMP", "date": "20180824", "time": "180000", "source": "ORG:82"},
        "where": where | {"xsize": nx, "ysize": ny},
        "dataset1/what": {
            "product": "SURF",
            "startdate": "20180824",
            "starttime": "174500",
            "enddate": "20180824",
            "endtime": "180000",
        },
        "dataset1/data1/what": {
            "quantity": quantity,
            "gain": 0.5,
            "offset": 0.0,
            "nodata": 255.0,
            "undetect": 254.0,
        },
    }


def write_composite(
    path: Path,
    groups: dict[str, dict[str, Any]],
    arrays: dict[str, np.ndarray],
) -> Path:
    """Write an ODIM file with the NetCDF library, which stores each number as an array of one.

    Args:
        path: File to write.
        groups: Attributes by group.
        arrays: Stored numbers (y, x) by path, such as `dataset1/data1/data`.
    """
    with netCDF4.Dataset(path, "w") as file:
        for group, values in groups.items():
            file.createGroup(group).setncatts(values)
        for name, array in arrays.items():
            owner, _, leaf = name.rpartition("/")
            parent = file.createGroup(owner)
            dims = [f"{leaf}_{axis}" for axis in range(array.ndim)]
            for dim, size in zip(dims, array.shape, strict=True):
                parent.createDimension(dim, size)
            variable = parent.createVariable(leaf, array.dtype, dims, zlib=True)
            variable.set_auto_maskandscale(False)
            variable[:] = array
    return path
