"""Files in the layout of the Météo-France mosaic in ODIM HDF5."""

from pathlib import Path

import h5py
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
