"""Files in the layout of the Météo-France mosaic in ODIM HDF5."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyproj

MOSAIC = (
    "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=45 +ellps=WGS84 +x_0=619652.07 +y_0=5262818.34 +units=m"
)


def write_mosaic(path: Path, quantity: str, values: np.ndarray, end: str = "180000") -> Path:
    """Write a file in the layout of the Météo-France mosaic: 500 m, uint16, five minutes."""
    side = 500.0 * values.shape[0]
    to_lonlat = pyproj.Transformer.from_crs(MOSAIC, "EPSG:4326", always_xy=True).transform
    corners = {"UL": (0, 1_736_000), "UR": (side, 1_736_000)}
    corners |= {"LL": (0, 1_736_000 - side), "LR": (side, 1_736_000 - side)}
    gain, offset = {"RATE": (0.12, 0.0), "ACRR": (0.01, 0.0), "DBZH": (0.5, -32.0)}[quantity]
    start = f"{pd.Timestamp(f'2024-08-12 {end}') - pd.Timedelta(minutes=5):%H%M%S}"
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_3")
        day = {"date": np.bytes_("20240812"), "time": np.bytes_(end)}
        file.create_group("what").attrs.update(object=np.bytes_("COMP"), **day)
        where = file.create_group("where").attrs
        where.update(projdef=np.bytes_(MOSAIC), xscale=500.0, yscale=500.0)
        where.update(xsize=values.shape[1], ysize=values.shape[0])
        for corner, (x, y) in corners.items():
            where[f"{corner}_lon"], where[f"{corner}_lat"] = to_lonlat(x, y)
        what = file.create_group("dataset1/what").attrs
        what.update(startdate=day["date"], starttime=np.bytes_(start))
        what.update(enddate=day["date"], endtime=np.bytes_(end), quantity=np.bytes_(quantity))
        what.update(gain=gain, offset=offset, nodata=65535.0, undetect=65534.0)
        file.create_dataset("dataset1/data1/data", data=values, chunks=True, compression=1)
    return path
