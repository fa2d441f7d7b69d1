"""Write IMERG V07 granules of a box, in the layout of the archive's files.

Files of one box differ in data, time and header only. The structure is therefore built once and
kept in memory as an HDF5 image; each granule starts from a copy of it.
"""

import threading
import zlib
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from rainscore.imerg.lattice import Box
from rainscore.imerg.layout import (
    AXES,
    BOUNDS_DIMS,
    EPOCH,
    FILE_INFO,
    GRID_HEADER,
    NO_VARIABLE,
    VARIABLES,
)
from rainscore.imerg.names import RUN_SUFFIXES, granule_name
from rainscore.imerg.reader import SIMULATION
from rainscore.io import replacing
from rainscore.times import HALF_HOUR


def write_granule(
    path: Path | str,
    dataset: xr.Dataset,
    *,
    run: str,
    version: str = "V07B",
    system: str = SIMULATION,
    level: int = 1,
) -> None:
    """Write a dataset as an IMERG V07 granule. Safe to call from several threads.

    Args:
        path: File to write; `granule_name` gives the name that the archive uses.
        dataset: Fields of `layout.VARIABLES`, dims (lat, lon), in the units of `reader.FIELDS`
            (`precipitation_uncal`: mm/h), NaN where missing; a simulation has all of them, other
            sources may lack some, which the file then lacks. Coordinates `lat` and `lon` (centres
            of IMERG's cells, ascending) and `time` (scalar, start of the half-hour).
        run: `final`, `late` or `early`.
        version: Product version.
        system: `ProcessingSystem` of the header, by which simulations are known.
        level: Deflate level, 1 to 9.
    """
    start = np.datetime64(dataset["time"].values.astype("datetime64[ns]").item(), "ns")
    lat, lon = dataset["lat"].values, dataset["lon"].values
    box = Box(round(lat[0] * 10 + 899.5), round(lon[0] * 10 + 1799.5), lat.size, lon.size)
    fields = tuple(f for f in VARIABLES if system == SIMULATION or f in dataset)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(_image(box, run, version, level, system, fields))
    file = h5py.File(h5py.h5f.open(_memory_name(), h5py.h5f.ACC_RDWR, access))
    with file:
        header = np.bytes_(_header(run, start, version, system))
        h5py.h5a.open(file.id, b"FileHeader").write(np.array(header))
        grid = file["Grid"]
        seconds = int((start - EPOCH) // np.timedelta64(1, "s"))
        grid["time"][:] = seconds
        grid["time_bnds"][:] = seconds, seconds + 1800
        for field in fields:
            variable, dtype, _, _ = VARIABLES[field]
            data = _encode(dataset[field].values, dtype)
            # The chunk is the whole field. Compressing it here is faster than HDF5's filter.
            grid[variable].id.write_direct_chunk((0, 0, 0), zlib.compress(data, level))
        file.flush()
        content = file.id.get_file_image()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _memory_name() -> bytes:
    """Name of a file in memory, unique per thread: HDF5 identifies files by their names."""
    return f"granule of thread {threading.get_ident()}".encode()


def _encode(values: np.ndarray, dtype: type) -> bytes:
    """Bytes of a field (lat, lon) in the file's order (lon, lat), with NaN as the fill value."""
    fill = -9999.9 if dtype is np.float32 else -9999
    values = values if dtype is np.float32 else np.round(values)
    return np.where(np.isnan(values), fill, values).T.astype(dtype).tobytes()


def _header(run: str, start: np.datetime64, version: str, system: str) -> str:
    """Header of a granule; its length depends on the run and the system only."""
    stop = f"{start.astype('datetime64[s]') + HALF_HOUR - 1}.999Z"
    return (
        f"DOI=10.5067/GPM/IMERG/3B-HH{RUN_SUFFIXES[run]}/07;\nDOIauthority=http://dx.doi.org/;\n"
        "DOIshortName=3IMERGHH;\nAlgorithmID=3IMERGHH;\nAlgorithmVersion=3IMERGH_7.0;\n"
        f"FileName={granule_name(run, start, version)};\n"
        "SatelliteName=MULTI;\nInstrumentName=MERGED;\n"
        # Not the time of writing, so that repeated runs give identical files.
        f"GenerationDateTime={stop};\n"
        f"StartGranuleDateTime={start.astype('datetime64[s]')}.000Z;\n"
        f"StopGranuleDateTime={stop};\nGranuleNumber=;\nNumberOfSwaths=0;\nNumberOfGrids=1;\n"
        # "PPS" in NASA's files: the only difference between a simulated and a real granule.
        f"GranuleStart=;\nTimeInterval=HALF_HOUR;\nProcessingSystem={system};\n"
        f"ProductVersion={version};\nEmptyGranule=NOT_EMPTY;\nMissingData=;\n"
    )


@lru_cache(maxsize=4)
def _image(
    box: Box, run: str, version: str, level: int, system: str, fields: tuple[str, ...]
) -> bytes:
    """HDF5 image of a granule of a box, without data."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)  # identical files in repeated runs
    identifier = h5py.h5f.create(_memory_name(), h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access)
    file = h5py.File(identifier)
    with file:
        _describe(file, FileHeader=_header(run, EPOCH, version, system), FileInfo=FILE_INFO)
        grid = file.create_group("Grid")
        _describe(grid, GridHeader=GRID_HEADER)
        _write_axes(grid, box)
        for variable, dtype, unit, description in (VARIABLES[field] for field in fields):
            shape = 1, box.nx, box.ny
            data = grid.create_dataset(variable, shape, dtype, chunks=shape, compression=level)
            _describe_variable(data, unit, description)
            for axis, name in enumerate(("time", "lon", "lat")):
                data.dims[axis].attach_scale(grid[name])
        file.flush()
        return file.id.get_file_image()


def _describe_variable(data: h5py.Dataset, unit: str, description: str) -> None:
    """Set the attributes of a field."""
    _describe(data, DimensionNames="time,lon,lat", coordinates="time lon lat")
    _describe(data, LongName=description)
    if unit:
        _describe(data, Units=unit, units=unit)
    fill = "-9999.9" if data.dtype == np.float32 else "-9999"
    _describe(data, CodeMissingValue=fill)
    data.attrs["_FillValue"] = data.dtype.type(fill)


def _write_axes(grid: h5py.Group, box: Box) -> None:
    """Write the axes, their bounds and the dimensions of the bounds."""
    edges = {
        "lat": (np.arange(box.south, box.south + box.ny + 1) - 900) / 10,
        "lon": (np.arange(box.west, box.west + box.nx + 1) - 1800) / 10,
        "time": np.zeros(2),
    }
    for name, (pair, words) in BOUNDS_DIMS.items():
        dtype = np.int32 if name == "time" else np.float32
        edge = edges[name]
        centres = edge[:1] if name == "time" else (edge[:-1] + edge[1:]) / 2
        axis = grid.create_dataset(name, data=centres.astype(dtype), chunks=centres.shape)
        axis.make_scale("")
        _describe(axis, DimensionNames=name, Units=AXES[name]["units"], **AXES[name])
        bounds = np.stack([edge[:-1], edge[1:]], axis=1).astype(dtype)
        limits = grid.create_dataset(f"{name}_bnds", data=bounds, chunks=bounds.shape)
        unit = AXES[name]["units"]
        _describe(limits, DimensionNames=f"{name},{pair}", coordinates=f"{name} {pair}")
        _describe(limits, Units=unit, units=unit)
        two = grid.create_dataset(pair, data=np.zeros(2, np.int32), chunks=(2,))
        two.make_scale(NO_VARIABLE)
        _describe(two, DimensionNames=pair, LongName=f"Number of {words} bounds.")
        _describe(two, standard_name=f"number{name}bnds")
        limits.dims[0].attach_scale(axis)
        limits.dims[1].attach_scale(two)


def _describe(item: h5py.HLObject, **attributes: str) -> None:
    """Set attributes as fixed-length bytes, like the archive."""
    for name, value in attributes.items():
        item.attrs[name] = np.bytes_(value)
