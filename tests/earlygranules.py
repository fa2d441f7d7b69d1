"""Small Early granules for tests of the monitoring, written with h5py."""

from pathlib import Path

import h5py
import numpy as np

from rainscore.imerg.names import granule_name

WEST, SOUTH, SIDE = -50.0, -25.0, 10
"""Corner [degrees] of the SIDE × SIDE cells."""


def write_early(
    folder: Path,
    time: str,
    rain: float | np.ndarray,
    *,
    source: int | np.ndarray = 0,
    microwave: float | np.ndarray = -9999.9,
    run: str = "early",
    west: float = WEST,
) -> Path:
    """Write a granule; numbers fill all cells, arrays have the dims (lat, lon)."""
    start = np.datetime64(time, "ns")
    path = folder / granule_name(run, start)
    axes = {"lat": SOUTH + 0.05 + np.arange(SIDE) / 10, "lon": west + 0.05 + np.arange(SIDE) / 10}
    fields = {
        "precipitation": (rain, "f4"),
        "Intermediate/MWprecipitation": (microwave, "f4"),
        "Intermediate/MWprecipSource": (source, "i2"),
    }
    with h5py.File(path, "w") as file:
        for name, values in axes.items():
            file[f"Grid/{name}"] = values.astype("f4")
        seconds = (start - np.datetime64("1970-01-01")) // np.timedelta64(1, "s")
        file["Grid/time"] = np.array([seconds])
        file["Grid/time"].attrs["units"] = "seconds since 1970-01-01 00:00:00 UTC"
        for name, (value, kind) in fields.items():
            field = np.broadcast_to(value, (SIDE, SIDE)).T[None]
            file[f"Grid/{name}"] = field.astype(kind)
    return path
