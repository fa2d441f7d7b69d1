"""Icechunk stores in the layout of the open stores of IMERG and MRMS, small."""

from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pandas as pd
import zarr
from zarr.codecs import BloscCodec

UNITS = "kg m-2 s-1"


def write_repository(
    path: Path,
    times: pd.DatetimeIndex,
    lat: np.ndarray,
    lon: np.ndarray,
    variables: dict[str, np.ndarray],
    *,
    dataset: str,
    version: str,
    chunks: tuple[int, int, int],
    shards: tuple[int, int, int],
    units: str = UNITS,
    fill: float = np.nan,
    first: tuple[int, int, int] = (0, 0, 0),
) -> str:
    """Write a repository with the attributes, types, codecs and chunking of the open stores.

    Args:
        path: Folder of the repository.
        times: Times of the maps.
        lat, lon: Centres of the pixels, in the order of the store.
        variables: Values of each variable in the units of the store, dims (time, lat, lon); of a
            part of the store, or of all of it. The rest is not written, as in the open stores.
        dataset, version: Attributes of the dataset.
        chunks, shards: Sizes of chunks and shards (time, latitude, longitude).
        units: Unit of the rain.
        fill: Value of chunks that are not in the store.
        first: Position of the values in the store.

    Returns:
        Identifier of the snapshot.
    """
    icechunk.set_logs_filter("error")
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(path)))
    session = repository.writable_session("main")
    group = zarr.open_group(session.store, mode="w", zarr_format=3)
    group.attrs.update({"dataset_id": dataset, "dataset_version": version})
    seconds = (times - pd.Timestamp(0)) // pd.Timedelta(seconds=1)
    axes = {
        "time": (seconds.to_numpy(np.int64), "T", {
            "units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}),
        "latitude": (lat, "Y", {"units": "degree_north"}),
        "longitude": (lon, "X", {"units": "degree_east"}),
    }  # fmt: skip
    for name, (values, letter, attributes) in axes.items():
        axis = group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=values.shape,
            fill_value=np.nan if values.dtype.kind == "f" else 0, dimension_names=[name],
            compressors=[BloscCodec(cname="zstd", clevel=3, typesize=8)],
        )  # fmt: skip
        axis[:] = values
        axis.attrs.update({"standard_name": name, "axis": letter, **attributes})
    mapping = group.create_array("spatial_ref", shape=(), dtype="int64", fill_value=0)
    mapping.attrs.update(
        {"grid_mapping_name": "latitude_longitude", "semi_major_axis": 6378137.0,
         "inverse_flattening": 298.257223563}
    )  # fmt: skip
    for name, maps in variables.items():
        array = group.create_array(
            name, shape=(times.size, lat.size, lon.size), dtype="float32", chunks=chunks,
            shards=shards, fill_value=fill,
            compressors=[BloscCodec(cname="zstd", clevel=3, typesize=4)],
            dimension_names=list(axes),
        )  # fmt: skip
        part = tuple(slice(i, i + n) for i, n in zip(first, maps.shape, strict=True))
        array[part] = _round_bits(maps)
        is_rain = "quality" not in name
        array.attrs.update(
            {"units": units if is_rain else "1", "step_type": "avg", "coordinates": "spatial_ref",
             "_FillValue": "AAAAAAAA+H8="}
            | ({"standard_name": "precipitation_flux"} if is_rain else {})
        )  # fmt: skip
    return session.commit("maps")


def _round_bits(values: np.ndarray, keep: int = 7) -> np.ndarray:
    """Values rounded to 7 bits of the mantissa, as the stores keep them."""
    drop = 23 - keep
    bits = values.astype(np.float32).view(np.uint32)
    half = np.uint32(1 << (drop - 1))
    rounded = ((bits + half) & ~np.uint32((1 << drop) - 1)).view(np.float32)
    return np.where(np.isfinite(values), rounded, np.nan).astype(np.float32)


def write_imerg(
    path: Path, times: pd.DatetimeIndex, rain: np.ndarray, *, south: float, west: float,
    north_first: bool = True, quality: bool = True, run: str = "late", version: str = "0.1.0",
    chunks: tuple[int, int, int] = (1440, 10, 10), **options,
) -> str:  # fmt: skip
    """Write a store of IMERG.

    Args:
        path, times: See `write_repository`.
        rain: Rain [mm/h], dims (time, lat, lon), row 0 south.
        south, west: Edges of the first cell [degrees].
        north_first: Whether row 0 of the store is north.
        quality: Whether the store has a quality index: 0.5 + 0.01 × column.
        run, version, chunks: Of the dataset.
        options: Further options of `write_repository`.
    """
    _, ny, nx = rain.shape
    lat = np.round(south + 0.05 + 0.1 * np.arange(ny), 4)
    lon = np.round(west + 0.05 + 0.1 * np.arange(nx), 4)
    index = np.where(np.isfinite(rain), np.minimum(0.5 + 0.01 * np.arange(nx), 1), np.nan)
    order = slice(None, None, -1 if north_first else 1)
    variables = {"precipitation_surface": rain[:, order] / 3600}
    if quality:
        variables["precipitation_quality_index_surface"] = index[:, order]
    shards = (chunks[0], chunks[1] * 2, chunks[2] * 2)
    return write_repository(
        path, times, lat[order], lon, variables, dataset=f"nasa-imerg-analysis-{run}",
        version=version, chunks=chunks, shards=shards, **options,
    )  # fmt: skip


def write_mrms(
    path: Path, ends: pd.DatetimeIndex, rain: np.ndarray, *, south: float, west: float,
    step: float = 0.01, chunks: tuple[int, int, int] = (648, 50, 50), **options,
) -> str:  # fmt: skip
    """Write a store of MRMS.

    Args:
        path: Folder of the repository.
        ends: Ends of the hours.
        rain: Rain [mm/h], dims (time, lat, lon), row 0 south.
        south, west: Edges of the first pixel [degrees].
        step: Pixel size [degrees].
        chunks: Sizes of the chunks.
        options: Further options of `write_repository`.
    """
    _, ny, nx = rain.shape
    lat = np.round(south + step * (0.5 + np.arange(ny)), 4)
    lon = np.round(west + step * (0.5 + np.arange(nx)), 4)
    flux = rain[:, ::-1] / 3600
    return write_repository(
        path, ends, lat[::-1], lon,
        {"precipitation_surface": flux, "precipitation_radar_only_surface": flux * 2},
        dataset="noaa-mrms-conus-analysis-hourly", version="0.3.0", chunks=chunks,
        shards=(chunks[0], chunks[1] * 2, chunks[2] * 2), **options,
    )  # fmt: skip


FULL_IMERG: dict[str, Any] = {"chunks": (1440, 100, 100), "shards": (1440, 900, 900)}
"""Chunks and shards of the open stores of IMERG (time, latitude, longitude)."""

FULL_MRMS: dict[str, Any] = {"chunks": (648, 100, 100), "shards": (648, 700, 1400)}
"""Chunks and shards of the open store of MRMS (time, latitude, longitude)."""


def write_full_imerg(
    path: Path, last: str, rain: np.ndarray, first: tuple[int, int, int], *, run: str = "late"
) -> pd.DatetimeIndex:
    """Write a store of IMERG with the axes and chunks of the open one, and little in it.

    Args:
        path: Folder of the repository.
        last: Last half-hour of the store.
        rain: Rain [mm/h], dims (time, lat, lon), row 0 north; the quality index is 0.6.
        first: Position of the rain in the store.
        run: IMERG run.

    Returns:
        Times of the store.
    """
    times = pd.date_range("1998-01-01", last, freq="30min")
    lat, lon = 89.95 - 0.1 * np.arange(1800), -179.95 + 0.1 * np.arange(3600)
    variables = {
        "precipitation_surface": rain / 3600,
        "precipitation_quality_index_surface": np.where(np.isfinite(rain), 0.6, np.nan),
    }
    write_repository(
        path, times, lat, lon, variables, dataset=f"nasa-imerg-analysis-{run}", version="0.1.0",
        first=first, **FULL_IMERG,
    )  # fmt: skip
    return times


def write_full_mrms(
    path: Path, last: str, rain: np.ndarray, first: tuple[int, int, int]
) -> pd.DatetimeIndex:
    """Write a store of MRMS with the axes and chunks of the open one, and little in it.

    Args:
        path: Folder of the repository.
        last: End of the last hour of the store.
        rain: Rain [mm/h], dims (time, lat, lon), row 0 north.
        first: Position of the rain in the store.

    Returns:
        Times of the store.
    """
    times = pd.date_range("2014-11-01", last, freq="1h")
    lat, lon = 54.995 - 0.01 * np.arange(3500), -129.995 + 0.01 * np.arange(7000)
    write_repository(
        path, times, lat, lon, {"precipitation_surface": rain / 3600},
        dataset="noaa-mrms-conus-analysis-hourly", version="0.3.0", first=first, **FULL_MRMS,
    )  # fmt: skip
    return times
